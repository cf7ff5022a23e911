// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: the reader of rules and settings, on any bytes; whatever it accepts can be asked about processes.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/decide.hpp"
#include "core/policy_reading.hpp"
#include "fuzz/expect.hpp"

using namespace priorityd;

namespace {

class FewAccounts : public Accounts {
public:
    [[nodiscard]] Result<Uid> uid_of(const std::string& user) const override
    {
        if (user == "root")
            return Uid{0};
        return failure(ENOENT, "user " + user);
    }
    [[nodiscard]] Result<Gid> gid_of(const std::string& group) const override
    {
        if (group == "root")
            return Gid{0};
        return failure(ENOENT, "group " + group);
    }
};

void ask(Policy policy)
{
    const Layers layers{.policy = std::make_shared<const Policy>(std::move(policy))};
    const auto explanation =
        classify(layers, GivenFacts{.name = "cc1plus", .exe = "/usr/lib/gcc/cc1plus", .args = {"-O2"}});
    expect(std::ranges::none_of(explanation.rows, [](const auto& row) { return row.setting.empty(); }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    // The first byte chooses what the rest is.
    if (size == 0)
        return 0;
    const auto kind = bytes[0] == 's' ? PolicyFile::Kind::settings : PolicyFile::Kind::rules;
    const PolicyFile file{.kind = kind, .path = "fuzz.toml", .text = {bytes + 1, bytes + size}, .error = {}};
    auto reading = read_policy({file}, FewAccounts{});
    expect(reading.policy.has_value() != has_errors(reading.diagnostics));
    for (const auto& diagnostic : reading.diagnostics) {
        expect(!diagnostic.what.empty());
        expect(is_shown_safely(diagnostic.to_text()));
    }
    if (!reading.policy)
        return 0;
    for (const auto& overlay : reading.policy->overlays())
        ask(reading.policy->overlaid(overlay));
    ask(*std::move(reading.policy));
    return 0;
}
