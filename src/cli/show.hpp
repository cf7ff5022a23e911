// SPDX-License-Identifier: GPL-3.0-or-later
/// What all verbs do that ask the daemon for something and print it.
#pragma once

#include "bus/client.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {

/// `ask`: ClientResult<T>(ManagerClient&). The answer goes to `document` for --json, else to `text`, with the colour.
template <typename Ask, typename Document, typename Text>
ExitStatus show(const Context& context, Ask ask, Document document, Text text)
{
    auto client = connect(context);
    if (!client)
        return client.error();
    const auto answer = ask(*client);
    if (!answer)
        return fail(answer.error());
    if (context.is_json())
        document(*answer);
    else
        text(*answer, context.colour);
    return ExitStatus::done;
}

}  // namespace priorityd::cli
