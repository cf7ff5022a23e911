// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: the reader of rules of ananicy, on any bytes. It takes all of them and makes a policy of it; what it
/// makes of rules as TOML is accepted, and gives the same.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/ananicy/catalogue.hpp"
#include "core/ananicy/toml_text.hpp"
#include "core/decide.hpp"
#include "core/lint.hpp"
#include "core/policy_reading.hpp"
#include "core/text.hpp"
#include "fuzz/expect.hpp"

using namespace priorityd;

namespace {

class NoAccounts : public Accounts {
public:
    [[nodiscard]] Result<Uid> uid_of(const std::string& user) const override { return failure(ENOENT, user); }
    [[nodiscard]] Result<Gid> gid_of(const std::string& group) const override { return failure(ENOENT, group); }
};

void expect_safe(const Diagnostics& diagnostics)
{
    for (const auto& diagnostic : diagnostics) {
        expect(!diagnostic.what.empty());
        expect(diagnostic.level == Diagnostic::Level::warning);
        expect(is_shown_safely(diagnostic.to_text()));
    }
}

std::shared_ptr<const Policy> policy_of(const PolicyFile& file)
{
    auto reading = read_policy({file}, NoAccounts{});
    expect(reading.policy.has_value());
    expect_safe(reading.diagnostics);
    expect_safe(lint(*reading.policy));
    return std::make_shared<const Policy>(*std::move(reading.policy));
}

/// Empty where a rule could not be written as TOML, which is told.
std::optional<std::string> converted(const std::string& text)
{
    ananicy::Tree tree;
    Diagnostics losses;
    const ananicy::SourceFile source{.number = 0, .path = "fuzz.rules"};
    ananicy::read_lines(source, text, tree, losses);
    const auto catalogue = ananicy::make_catalogue(
        std::move(tree), {source}, [](const std::string&) { return false; }, losses);
    auto toml = ananicy::toml_text(catalogue, {source}, "fuzz", losses);
    expect_safe(losses);
    const auto is_unwritable = [](const Diagnostic& loss) { return loss.what.find("not UTF-8") != std::string::npos; };
    return std::ranges::any_of(losses, is_unwritable) ? std::nullopt : std::optional{std::move(toml)};
}

void expect_same(const std::shared_ptr<const Policy>& a, const std::shared_ptr<const Policy>& b)
{
    for (const auto& rule : a->rules()) {
        const std::string name{a->exact_name(rule)};
        if (name.empty())
            continue;
        const auto from_a = classify({.policy = a}, {.name = name});
        const auto from_b = classify({.policy = b}, {.name = name});
        expect(from_a.process.class_name == from_b.process.class_name);
        expect(from_a.process.settings == from_b.process.settings);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    // The first byte chooses what the rest is.
    if (size == 0)
        return 0;
    const std::string text{bytes + 1, bytes + size};
    if (bytes[0] == 'c') {
        policy_of({PolicyFile::Kind::ananicy_conf, "ananicy.conf", text, ""});
        return 0;
    }
    const auto policy = policy_of({PolicyFile::Kind::ananicy, "fuzz.rules", text, ""});
    if (const auto toml = converted(text))
        expect_same(policy, policy_of({PolicyFile::Kind::rules, "fuzz.toml", *toml, ""}));
    return 0;
}
