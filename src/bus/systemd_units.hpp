// SPDX-License-Identifier: GPL-3.0-or-later
/// A systemd, the system's or a user's, as the keeper of the weights of its units. Source: org.freedesktop.systemd1(5).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bus/connection.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/weights.hpp"

namespace priorityd::bus {

/// Answers come when the connection is driven, ten seconds later at most; none once this object is gone.
class SystemdUnits {
public:
    /// `connection` must outlive this.
    explicit SystemdUnits(Connection& connection);
    SystemdUnits(const SystemdUnits&) = delete;
    SystemdUnits& operator=(const SystemdUnits&) = delete;
    SystemdUnits(SystemdUnits&&) = delete;
    SystemdUnits& operator=(SystemdUnits&&) = delete;
    ~SystemdUnits();

    /// What is set for the unit, by whatever file or call. Errors: ENOENT when there is no such unit; EHOSTUNREACH
    /// without systemd on the bus; ETIMEDOUT; EACCES.
    void read(const std::string& unit, std::function<void(const Result<Weights>&)> then);
    /// Sets both until the next boot; an empty one is taken back. Errors as above.
    void write(const std::string& unit, const Weights& weights, std::function<void(const Result<void>&)> then);
    /// Moves the processes from a scope to a new one beside it, in the same slice. Errors as above; EACCES from the
    /// system's manager for everybody but root, unless a rule of polkit says otherwise.
    void split(const std::string& scope, const std::vector<Pid>& processes, const std::string& new_scope,
               std::function<void(const Result<void>&)> then);

    /// Whether an answer is awaited.
    [[nodiscard]] bool is_waiting() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace priorityd::bus
