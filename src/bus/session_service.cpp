// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/session_service.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "bus/errors.hpp"
#include "bus/marshal.hpp"
#include "bus/names.hpp"
#include "bus/readable.hpp"
#include "bus/replies.hpp"
#include "bus/sdbus_compat.hpp"
#include "bus/session_adaptor.hpp"
#include "bus/unit_errors.hpp"
#include "bus/weights_dict.hpp"
#include "core/cgroup_path.hpp"
#include "core/unit_split.hpp"

namespace priorityd::bus {
namespace {

void check_unit(const std::string& unit)
{
    if (!is_leaf_unit_name(unit))
        throw to_bus_error(
            {Refusal::Kind::invalid_setting, fmt::format("{} is no service, scope or socket", readable(unit))});
}

std::vector<Pid> to_pids(const std::vector<std::uint32_t>& numbers)
{
    std::vector<Pid> pids;
    for (const auto number : numbers) {
        if (number == 0 || number > INT32_MAX)
            throw to_bus_error({Refusal::Kind::invalid_setting, fmt::format("{} is no process id", number)});
        pids.push_back(Pid{static_cast<std::int32_t>(number)});
    }
    return pids;
}

/// What sends the answer of a manager.
std::function<void(const Result<void>&)> answering(const Replies::Slip<>& slip)
{
    return [slip](const Result<void>& answer) {
        if (answer)
            slip.give();
        else
            slip.refuse(to_unit_error(answer.error()));
    };
}

}  // namespace

class SessionService::Object final : public sdbus::AdaptorInterfaces<org::priorityd1::Session_adaptor> {
public:
    Object(sdbus::IConnection& connection, SessionDuties& duties)
        : AdaptorInterfaces{connection, compat::PathArgument{kSessionPath}}, duties_{duties}
    {
        registerAdaptor();
    }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    Object(Object&&) = delete;
    Object& operator=(Object&&) = delete;
    virtual ~Object() { unregisterAdaptor(); }

    void obey(const std::string& connection) { master_ = connection; }

private:
    void GetUnitWeights(sdbus::Result<Dict>&& result, std::string unit) override
    {
        check_caller();
        check_unit(unit);
        duties_.read(unit, [slip = replies_.keep(std::move(result))](const Result<Weights>& answer) {
            if (answer)
                slip.give(to_dict(*answer));
            else
                slip.refuse(to_unit_error(answer.error()));
        });
    }

    void SetUnitWeights(sdbus::Result<>&& result, std::string unit, Dict given) override
    {
        check_caller();
        check_unit(unit);
        const auto weights = read_weights(given);
        if (!weights)
            throw to_bus_error({Refusal::Kind::invalid_setting, weights.error().doing});
        duties_.write(unit, *weights, answering(replies_.keep(std::move(result))));
    }

    void SplitScope(sdbus::Result<>&& result, std::string scope, std::vector<std::uint32_t> processes,
                    std::string name) override
    {
        check_caller();
        check_unit(scope);
        check_unit(name);
        if (!is_split_scope(name))
            throw to_bus_error({Refusal::Kind::invalid_setting, fmt::format("{} is no name for a new scope", name)});
        duties_.split(scope, to_pids(processes), name, answering(replies_.keep(std::move(result))));
    }

    /// Whoever else calls is of this user, or root, or the bus's policy is not what it should be.
    void check_caller() const
    {
        if (master_.empty() || compat::sender_of(getObject()) != master_)
            throw to_bus_error({Refusal::Kind::not_authorised, "priorityd-session takes wishes from priorityd alone"});
    }

    SessionDuties& duties_;
    Replies replies_;
    std::string master_;
};

SessionService::SessionService(std::unique_ptr<Object> object) : object_{std::move(object)} {}
SessionService::~SessionService() = default;

Result<std::unique_ptr<SessionService>> SessionService::create(Connection& connection, SessionDuties& duties)
{
    return caught(fmt::format("export {}", kSessionPath), [&] {
        return std::unique_ptr<SessionService>{
            new SessionService{std::make_unique<Object>(connection.native(), duties)}};
    });
}

void SessionService::obey(const std::string& connection)
{
    object_->obey(connection);
}

}  // namespace priorityd::bus
