// SPDX-License-Identifier: GPL-3.0-or-later
/// The policy in force: classes, rules and limits as one immutable value, swapped whole between two events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/certainty.hpp"
#include "core/condition.hpp"
#include "core/name_index.hpp"
#include "core/overlay.hpp"
#include "core/place.hpp"
#include "core/scoring/arbiter.hpp"
#include "core/setting.hpp"
#include "core/snapshot.hpp"
#include "core/unit_split.hpp"
#include "core/weights.hpp"

namespace priorityd {

struct ProgramClass {
    std::string name;
    std::string description;
    SettingMap settings;
    Place place;
    /// Settings whose value is that of the overlay in force, and who says so, for explain: "profile battery
    /// (FILE:LINE)".
    std::vector<std::pair<Setting, std::string>> overlaid = {};
};

/// One rule, kept small: 20,000 of them are usual.
struct Rule {
    static constexpr std::uint32_t kNone = ~0U;

    Place place;
    std::uint32_t class_index = kNone;  ///< Into classes().
    std::uint32_t condition = kNone;    ///< Into conditions(); kNone when the name alone decides.
    std::uint32_t settings = kNone;     ///< Into settings(): those of this rule alone.
    std::uint32_t name = kNone;         ///< Offset into the index's text: the exact name, when that alone decides.
    std::uint32_t origin = kNone;       ///< Into origins: where it stood before it was imported.
};

/// What nobody may exceed, whoever asks.
struct Limits {
    std::optional<Nice> min_nice;  ///< No process is raised beyond it; empty for no limit.
    bool realtime = true;          ///< Whether fifo and rr may be given at all.
    /// The lowest nice value that an ordinary user may give, by an override or own rules. -5 has three times the weight
    /// of 0: it helps one's own programs and starves nobody's.
    Nice user_min_nice = *Nice::make(-5);
    /// The lowest for a program that an ordinary user could have put where it is, or that is known by a name alone that
    /// it has given itself. Such a program gets no real-time policy and no protection from the out-of-memory killer.
    Nice user_program_min_nice = *Nice::make(-5);
    friend bool operator==(const Limits&, const Limits&) = default;
};

void apply(const LimitChanges& changes, Limits& limits);

/// Settings of the daemon itself, from priorityd.toml.
struct Settings {
    bool restore_on_exit = true;  ///< Put back at SIGTERM what was there before.
    bool realtime = true;         ///< Run the daemon's own thread under SCHED_RR 1.
    bool autogroup = true;        ///< Set the autogroup of sessions where that is the live knob.
    bool unit_weights = true;     ///< Set the weight of units by nice values, where that is the live knob.
    SessionScopes session_scopes = SessionScopes::leave;
    SliceWeights slices;         ///< Of the system's manager: how all that is in one competes with its siblings.
    bool reads_ananicy = false;  ///< Read the rules in ananicy's own folder, unless ananicy_dirs names others.
    std::optional<std::vector<std::string>> ananicy_dirs;  ///< Folders with rules of ananicy, lowest precedence first.
    ScoringSettings scoring;
    Limits limits;
    OverlaySettings overlays;
    friend bool operator==(const Settings&, const Settings&) = default;
};

class Policy {
public:
    [[nodiscard]] const std::vector<std::string>& files() const { return files_; }
    [[nodiscard]] const std::vector<ProgramClass>& classes() const { return classes_; }
    [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }
    [[nodiscard]] const Settings& settings() const { return settings_; }
    /// In the order of their names.
    [[nodiscard]] const std::vector<Overlay>& overlays() const { return overlays_; }

    /// Null when the name is no class.
    [[nodiscard]] const ProgramClass* find_class(std::string_view name) const;
    /// Null when the name is no overlay.
    [[nodiscard]] const Overlay* find_overlay(std::string_view name) const;
    /// The same policy with the values of the overlay, which is one of its own. To be asked of a policy as it was read,
    /// or two of them would lie on each other.
    [[nodiscard]] Policy overlaid(const Overlay& overlay) const;
    /// "FILE:LINE".
    [[nodiscard]] std::string place_text(Place place) const;
    /// The rule's place; behind it, in parentheses, the one that it was imported from.
    [[nodiscard]] std::string source_text(const Rule& rule) const;
    /// What the rule asks for beside the name: null when the name alone decides.
    [[nodiscard]] const Condition* condition(const Rule& rule) const;
    /// The rule's own settings, over those of its class; null when it has none.
    [[nodiscard]] const SettingMap* own_settings(const Rule& rule) const;
    /// The exact name of a rule that asks for nothing else, else empty.
    [[nodiscard]] std::string_view exact_name(const Rule& rule) const;
    /// Whether any rule or class names a CPU set that needs the topology.
    [[nodiscard]] bool names_cpu_sets() const;

    /// Indices of the rules whose name key fits one of `names` or that have none, ascending: the reading order.
    void candidates(const Names& names, std::vector<std::uint32_t>& into) const { index_.candidates(names, into); }
    /// Of a process of which only exe is known. Rules that ask for neither name nor exe do not count: that some of them
    /// may match is no reason to wait for what the others say.
    [[nodiscard]] Certainty certainty_by_exe(const Snapshot& process) const;
    /// False when no rule could come to match by a process taking this comm: cheap, for COMM events.
    [[nodiscard]] bool could_match(std::string_view comm) const { return index_.could_match(comm); }
    /// The facts that any rule asks for.
    [[nodiscard]] FactSet needs() const { return needs_; }

private:
    friend class PolicyBuilder;
    std::vector<std::string> files_;
    std::vector<ProgramClass> classes_;
    std::vector<Overlay> overlays_;
    std::vector<Rule> rules_;
    std::vector<Condition> conditions_;
    std::vector<SettingMap> own_settings_;
    std::vector<Place> origins_;
    NameIndex index_;
    Settings settings_;
    FactSet needs_;
};

}  // namespace priorityd
