// SPDX-License-Identifier: GPL-3.0-or-later
/// The engines outside as one adviser: what they have said is told from memory; what they have not been asked yet, they
/// are asked later, over the bus.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/inspection.hpp"
#include "core/policy.hpp"
#include "core/ports.hpp"
#include "core/scoring/adviser.hpp"
#include "core/scoring/external_engine.hpp"
#include "core/scoring/redaction.hpp"
#include "daemon/profile_keeper.hpp"
#include "daemon/program_lookup.hpp"

namespace priorityd::daemon {

class OutsideEngines final : public Adviser {
public:
    /// `programs` tells what is known of programs, `profiles` what they have turned out to be, and is told what the
    /// engines say. Both must outlive this.
    OutsideEngines(ProgramLookup& programs, ProfileKeeper& profiles);
    OutsideEngines(const OutsideEngines&) = delete;
    OutsideEngines& operator=(const OutsideEngines&) = delete;
    ~OutsideEngines() override = default;

    /// From now on `on_news` is called when deadline() is another one or take_news() has something.
    void notify(std::function<void()> on_news) { on_news_ = std::move(on_news); }
    /// From now on they are asked through these; null when there is no bus, or no more: then they rest. Must outlive
    /// its use here.
    void use(EngineCalls* calls);
    /// The engines of its settings, and its classes. What is known of an engine whose address stays is kept.
    void use(const Policy& policy);
    /// Somebody has taken this name on the bus.
    void hear_of(const std::string& bus_name);

    [[nodiscard]] FactSet needs(const Snapshot& process) const override;
    void advise(const Snapshot& process, std::vector<Vote>& into) override;
    [[nodiscard]] std::optional<Instant> deadline(Instant now) override;
    /// Asks those that are due.
    void run_due(Instant now) override;
    [[nodiscard]] std::vector<Pid> take_news(Instant now) override;

    [[nodiscard]] std::vector<EngineView> views(Instant now) const;

private:
    struct Outside {
        EngineSettings settings;
        ExternalEngine engine;
        std::string says{};  ///< How it does, in its own words.
        bool is_health_asked = false;
    };

    void ask(const std::shared_ptr<Outside>& outside, Instant now);
    void ask_health(const std::shared_ptr<Outside>& outside);
    void read_users();
    void remember(const ProgramFile& program, const ProcessKey& process, const Outside& outside, const Vote* vote);
    [[nodiscard]] DescribedProgram described(const ProgramFile& program, const ProgramInfo& info) const;
    [[nodiscard]] std::string health_of(const ExternalEngine& engine, const std::string& says, Instant now) const;
    void learn(const ProgramFile& program, const ProgramInfo* info);

    [[nodiscard]] Circumstances circumstances_of(const Snapshot& process, const ProgramFile& program,
                                                 const EngineSettings& settings) const;

    ProgramLookup& programs_;
    ProfileKeeper& profiles_;
    std::optional<UserNames> users_;  // empty where they are not known
    EngineCalls* calls_ = nullptr;
    OfferedClasses classes_;
    std::map<std::string, std::shared_ptr<Outside>> engines_;
    std::vector<Pid> news_;
    std::function<void()> on_news_;
};

}  // namespace priorityd::daemon
