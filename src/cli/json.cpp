// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/json.hpp"

#include <chrono>

#include <nlohmann/json.hpp>

#include "cli/output.hpp"

namespace priorityd::cli {
namespace {

Json to_json(const Value& value)
{
    return std::visit([](const auto& raw_value) { return Json(raw_value); }, to_raw(value));
}

Json to_json(const ExplainRow& row)
{
    return {{"setting", row.setting}, {"value", row.value},         {"source", row.source},
            {"because", row.because}, {"effective", row.effective}, {"outcome", row.outcome}};
}

Json to_json(const ShareRow& row)
{
    return {
        {"knob", row.knob}, {"group", row.group}, {"value", row.value}, {"among", row.among}, {"live", row.is_live}};
}

/// The keys that say what it is about.
Json to_json(const OverrideTarget& target)
{
    if (const auto* process = std::get_if<ProcessKey>(&target))
        return {{"pid", raw(process->pid)}, {"start_time", process->start_ticks}};
    const auto& pattern = std::get<PatternTarget>(target);
    const auto key = match_key_table()[static_cast<std::size_t>(pattern.key)].name;
    return {{std::string{key}, pattern.glob}};
}

/// The keys that say when it ends.
Json life_json(const OverrideView& one)
{
    Json life{{"permanent", one.kept.is_permanent}, {"while_connected", !one.kept.connection.empty()}};
    if (!one.kept.connection.empty())
        life["connection"] = one.kept.connection;
    if (one.remaining)
        life["remaining_usec"] = one.remaining->count();
    return life;
}

template <typename Row>
Json to_array(const std::vector<Row>& rows)
{
    Json result = Json::array();
    for (const Row& row : rows)
        result.push_back(to_json(row));
    return result;
}

std::string level_text(Diagnostic::Level level)
{
    return level == Diagnostic::Level::error ? "error" : "warning";
}

}  // namespace

Json to_json(const SettingMap& settings)
{
    Json result = Json::object();
    for (const auto& [setting, value] : settings)
        result[std::string{info(setting).name}] = to_json(value);
    return result;
}

Json to_json(const ProcessView& process)
{
    return {
        {"pid", raw(process.key.pid)}, {"start_time", process.key.start_ticks},
        {"name", process.name},        {"exe", process.exe},
        {"uid", raw(process.uid)},     {"class", process.class_name},
        {"source", process.source},    {"settings", to_json(process.settings)},
    };
}

Json to_json(const Explanation& explanation)
{
    Json process = to_json(explanation.process);
    process["actual"] = to_json(explanation.process.actual);
    process["shares"] = to_array(explanation.shares);
    return {{"process", std::move(process)}, {"contributions", to_array(explanation.rows)}};
}

Json to_json(const Diagnostic& diagnostic)
{
    return {{"level", level_text(diagnostic.level)},
            {"file", diagnostic.file},
            {"line", diagnostic.line},
            {"column", diagnostic.column},
            {"what", diagnostic.what}};
}

Json to_json(const SuggestionView& one)
{
    return {{"id", one.id},
            {"name", one.name},
            {"exe", one.exe},
            {"class", one.program_class},
            {"engine", one.engine},
            {"confidence", one.confidence},
            {"seen", one.seen},
            {"starts", one.starts},
            {"agreeing", one.agreeing},
            {"because", one.because}};
}

Json to_json(const OverrideView& one)
{
    const auto created = std::chrono::microseconds{one.kept.created.time_since_epoch()};
    Json result{{"id", one.kept.id}};
    result.update(to_json(one.kept.target));
    result["settings"] = to_json(one.kept.settings);
    result["owner"] = raw(one.kept.owner);
    result["all_users"] = one.kept.is_for_everybody;
    result.update(life_json(one));
    result["reason"] = one.kept.reason;
    result["created"] = created.count();
    result["processes"] = one.processes;
    return result;
}

void print_json(const Json& document)
{
    print(document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace priorityd::cli
