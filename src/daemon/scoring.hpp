// SPDX-License-Identifier: GPL-3.0-or-later
/// The daemon's advisers and its guard, all of them in one place. To add an adviser, make it a member and name it in
/// the constructor and in use().
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/inspection.hpp"
#include "core/ports.hpp"
#include "core/scoring/adviser.hpp"
#include "core/scoring/arbiter.hpp"
#include "core/scoring/engines.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/log.hpp"
#include "daemon/lookout.hpp"
#include "daemon/outside_engines.hpp"
#include "daemon/profile_keeper.hpp"
#include "daemon/program_lookup.hpp"
#include "daemon/surroundings.hpp"

namespace priorityd::daemon {

class Scoring final : public Advisers {
public:
    /// `state`: the folder for what is learned; without one it is forgotten at the end. `log` outlives this. Errors:
    /// those of its parts.
    [[nodiscard]] static Result<std::unique_ptr<Scoring>> open(const std::optional<std::filesystem::path>& state,
                                                               const Log& log);
    Scoring(const Scoring&) = delete;
    Scoring& operator=(const Scoring&) = delete;
    ~Scoring() override = default;

    /// Errors: those of the loop.
    [[nodiscard]] Result<void> attach(Lookout::Ties ties);
    /// Takes over which engines are asked, and the classes that engines outside may give. Before the first call none
    /// is.
    void use(const Policy& policy);
    /// Engines outside are asked through these; null when there is no bus, or no more.
    void use(EngineCalls* calls) { outside_.use(calls); }
    /// Somebody has taken the name of one.
    void hear_of_engine(const std::string& bus_name) { outside_.hear_of(bus_name); }
    [[nodiscard]] ProfileKeeper& profiles() { return *profiles_; }

    [[nodiscard]] FactSet needs(const Snapshot& process) const override;
    [[nodiscard]] std::vector<Vote> votes_on(const Snapshot& process) override;
    [[nodiscard]] const Restraint* restraint_on(const ProcessKey& process) const override
    {
        return lookout_.restraint_on(process);
    }
    /// When run_due() wants to be called.
    [[nodiscard]] std::optional<Instant> deadline(Instant now);
    void run_due(Instant now);
    /// Processes to be looked at again.
    [[nodiscard]] std::vector<Pid> take_news(Instant now);

    [[nodiscard]] std::vector<EngineView> views(const ScoringSettings& settings) const;

private:
    Scoring(std::unique_ptr<ProgramLookup> programs, std::unique_ptr<ProfileKeeper> profiles);
    [[nodiscard]] EngineView numbers_of(const ScoringEngine& engine) const;

    std::unique_ptr<ProgramLookup> programs_;
    std::unique_ptr<ProfileKeeper> profiles_;
    OutsideEngines outside_{*programs_, *profiles_};
    SurroundingsAdviser surroundings_;
    Lookout lookout_;
    std::vector<Adviser*> advisers_;
    std::vector<Adviser*> asked_;  // those of them that the settings want
    Source answers_, outside_answers_, kept_;
};

}  // namespace priorityd::daemon
