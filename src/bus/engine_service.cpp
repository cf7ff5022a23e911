// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/engine_service.hpp"

#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bus/engine_adaptor.hpp"
#include "bus/errors.hpp"
#include "bus/marshal.hpp"
#include "bus/names.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

/// As many as docs/engines.md promises an engine.
constexpr std::size_t kMostPrograms = 32;

/// The value of a key; nothing where it is missing or of another type: later versions may say more, and otherwise.
template <typename T>
T value_of(const Dict& dict, const char* key, const char* type)
{
    const auto found = dict.find(key);
    return found != dict.end() && compat::type_of(found->second) == type ? found->second.get<T>() : T{};
}

std::string text(const Dict& dict, const char* key)
{
    return value_of<std::string>(dict, key, "s");
}

std::vector<std::string> texts(const Dict& dict, const char* key)
{
    return value_of<std::vector<std::string>>(dict, key, "as");
}

ToldProgram to_program(const Dict& dict)
{
    ToldProgram program{.identity = text(dict, "identity"),
                        .name = text(dict, "name"),
                        .exe = text(dict, "exe"),
                        .section = text(dict, "section"),
                        .description = text(dict, "description"),
                        .tags = texts(dict, "tags"),
                        .categories = texts(dict, "categories"),
                        .unit = text(dict, "unit"),
                        .arguments = texts(dict, "arguments"),
                        .behaviour = text(dict, "behaviour"),
                        .classes = {}};
    auto meanings = texts(dict, "class_meanings");
    auto names = texts(dict, "classes");
    meanings.resize(names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
        program.classes.push_back({std::move(names[i]), std::move(meanings[i])});
    return program;
}

Dict to_dict(const ScoreRow& row)
{
    Dict dict;
    if (row.retry_after)
        dict.emplace("retry_after", sdbus::Variant(*row.retry_after));
    if (row.program_class)
        dict.emplace("class", sdbus::Variant(*row.program_class));
    if (row.confidence)
        dict.emplace("confidence", sdbus::Variant(*row.confidence));
    if (!row.reason.empty())
        dict.emplace("reason", sdbus::Variant(readable(row.reason)));
    return dict;
}

}  // namespace

class EngineService::Object final : public sdbus::AdaptorInterfaces<org::priorityd1::Engine_adaptor> {
public:
    Object(sdbus::IConnection& connection, std::string name, Scorer& scorer)
        : AdaptorInterfaces{connection, compat::PathArgument{kEnginePath}}, name_{std::move(name)}, scorer_{scorer}
    {
        registerAdaptor();
    }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    Object(Object&&) = delete;
    Object& operator=(Object&&) = delete;
    virtual ~Object() { unregisterAdaptor(); }

private:
    std::vector<Dict> Score(const std::vector<Dict>& programs) override
    {
        if (programs.empty() || programs.size() > kMostPrograms)
            throw to_bus_error({Refusal::Kind::limit_reached,
                                fmt::format("{} programs: 1 to {} are taken at once", programs.size(), kMostPrograms)});
        std::vector<ToldProgram> told;
        told.reserve(programs.size());
        for (const Dict& program : programs)
            told.push_back(to_program(program));
        std::vector<Dict> rows;
        for (const ScoreRow& row : scorer_.score(told))
            rows.push_back(to_dict(row));
        return rows;
    }
    std::string Name() override { return name_; }
    std::string Version() override { return PRIORITYD_VERSION; }
    std::string Health() override { return readable(scorer_.health()); }

    std::string name_;
    Scorer& scorer_;
};

EngineService::EngineService(std::unique_ptr<Object> object) : object_{std::move(object)} {}
EngineService::~EngineService() = default;

Result<std::unique_ptr<EngineService>> EngineService::create(Connection& connection, std::string name, Scorer& scorer)
{
    return caught(fmt::format("export {}", kEnginePath), [&] {
        return std::unique_ptr<EngineService>{
            new EngineService{std::make_unique<Object>(connection.native(), std::move(name), scorer)}};
    });
}

}  // namespace priorityd::bus
