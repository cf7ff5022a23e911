// SPDX-License-Identifier: GPL-3.0-or-later
/// The answers that callers still wait for: none of them outlives the connection, whoever is to give it.
#pragma once

#include <memory>
#include <set>
#include <utility>

#include <sdbus-c++/MethodResult.h>

#include "bus/errors.hpp"
#include "core/control.hpp"

namespace priorityd::bus {

class Replies {
    using Kept = std::set<std::shared_ptr<void>>;

public:
    /// Stands for one answer. Worth nothing once the answer has been given, or its Replies are gone.
    template <typename... Results>
    class Slip {
    public:
        void give(const Results&... results) const
        {
            send([&](const auto& reply) { reply.returnResults(results...); });
        }
        void refuse(const Refusal& refusal) const { refuse(to_bus_error(refusal)); }
        void refuse(const sdbus::Error& error) const
        {
            send([&](const auto& reply) { reply.returnError(error); });
        }

    private:
        friend class Replies;
        using Reply = sdbus::Result<Results...>;

        Slip(std::weak_ptr<Kept> kept, std::weak_ptr<Reply> reply) : kept_{std::move(kept)}, reply_{std::move(reply)} {}

        /// An answer that cannot be sent is dropped: that the connection is lost is told elsewhere.
        template <typename Send>
        void send(Send how) const
        {
            const auto kept = kept_.lock();
            const auto reply = reply_.lock();
            if (!kept || !reply)
                return;
            kept->erase(reply);
            (void)caught("answer a call", [&] { how(*reply); });
        }

        std::weak_ptr<Kept> kept_;
        std::weak_ptr<Reply> reply_;
    };

    template <typename... Results>
    [[nodiscard]] Slip<Results...> keep(sdbus::Result<Results...>&& result)
    {
        const auto reply = std::make_shared<sdbus::Result<Results...>>(std::move(result));
        kept_->insert(reply);
        return {kept_, reply};
    }

private:
    std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();
};

}  // namespace priorityd::bus
