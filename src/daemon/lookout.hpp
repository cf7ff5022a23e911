// SPDX-License-Identifier: GPL-3.0-or-later
/// The behaviour engine and the guard at work: pressure tells when, the kernel what processes use, and the pipeline
/// what has been decided about them. While nobody waits it does nothing.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/inspection.hpp"
#include "core/scoring/adviser.hpp"
#include "core/scoring/arbiter.hpp"
#include "core/scoring/behaviour_watch.hpp"
#include "core/scoring/guard.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/pressure_watch.hpp"
#include "kernel/usage.hpp"

namespace priorityd::daemon {

class Lookout final : public Adviser {
public:
    /// Where the kernel does not tell what processes use there is nothing to see, and the views say why.
    Lookout();
    Lookout(const Lookout&) = delete;
    Lookout& operator=(const Lookout&) = delete;
    ~Lookout() override = default;

    /// What it has of the daemon.
    struct Ties {
        EventLoop& loop;
        std::function<void()> on_news;  ///< take_news() or deadline() may say something else than before.
        std::function<Standing(const ProcessKey&)> standing_of;
    };
    void attach(Ties ties);
    /// Which of the two are wanted; before the first call none.
    void use(const ScoringSettings& settings);

    [[nodiscard]] const Restraint* restraint_on(const ProcessKey& process) const
    {
        return guard_.restraint_on(process);
    }
    /// What starts of programs have turned out to be since the last call, once for each process.
    [[nodiscard]] std::vector<Discovery> take_discoveries();

    [[nodiscard]] FactSet needs(const Snapshot& process) const override;
    void advise(const Snapshot& process, std::vector<Vote>& into) override;
    [[nodiscard]] std::optional<Instant> deadline(Instant now) override;
    void run_due(Instant now) override;
    [[nodiscard]] std::vector<Pid> take_news(Instant now) override;

    /// Numbers and health, without name and settings.
    [[nodiscard]] EngineView view_of_behaviour() const;
    [[nodiscard]] EngineView view_of_guard() const;

private:
    void watch();
    void ask_guard(Instant now);

    Result<kernel::KernelUsage> usage_;
    std::optional<BehaviourWatch> behaviour_;  // where there is usage_
    Guard guard_;
    PressureWatch pressure_;
    std::string blindness_;  // why nothing is seen; empty when it is
    std::optional<Ties> ties_;
    bool wants_guard_ = false;
    bool wants_behaviour_ = false;
    bool is_watching_ = false;
};

}  // namespace priorityd::daemon
