// SPDX-License-Identifier: GPL-3.0-or-later
/// Reading /proc/pressure.
#include "kernel/pressure.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include <fmt/format.h>

namespace priorityd::kernel {

namespace {

/// Takes what stands before the next `separator` (or all) off `text`.
std::string_view take_until(std::string_view& text, char separator)
{
    const auto end = text.find(separator);
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return taken;
}

/// Reads "KEY=NUMBER" off the front of `line`.
template <typename Number>
std::optional<Number> take_number(std::string_view& line, std::string_view key)
{
    std::string_view field = take_until(line, ' ');
    if (take_until(field, '=') != key)
        return std::nullopt;
    Number number{};
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
    if (field.empty() || error != std::errc{} || end != field.data() + field.size())
        return std::nullopt;
    return number;
}

std::optional<double> take_percent(std::string_view& line, std::string_view key)
{
    const auto percent = take_number<double>(line, key);
    // Written so that "nan" is refused too.
    return percent && *percent >= 0 && *percent <= 100 ? percent : std::nullopt;
}

/// `line`: what follows "some " or "full ".
std::optional<Stall> parse_stall(std::string_view line)
{
    const auto avg10 = take_percent(line, "avg10");
    const auto avg60 = take_percent(line, "avg60");
    const auto avg300 = take_percent(line, "avg300");
    const auto total = take_number<std::int64_t>(line, "total");
    if (!avg10 || !avg60 || !avg300 || !total || *total < 0)
        return std::nullopt;
    return Stall{*avg10, *avg60, *avg300, std::chrono::microseconds{*total}};
}

std::string_view file_of(PressureKind kind)
{
    switch (kind) {
        case PressureKind::cpu: return "pressure/cpu";
        case PressureKind::io: return "pressure/io";
        case PressureKind::memory: break;
    }
    return "pressure/memory";
}

Error off(std::string_view file)
{
    return {EOPNOTSUPP, fmt::format("{}: pressure stall information is off (boot with psi=1)", file)};
}

}  // namespace

std::optional<Pressure> parse_pressure(std::string_view text)
{
    std::optional<Stall> some, full;
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        const std::string_view word = take_until(line, ' ');
        auto& stall = word == "full" ? full : some;
        if ((word != "some" && word != "full") || stall)
            return std::nullopt;
        stall = parse_stall(line);
        if (!stall)
            return std::nullopt;
    }
    if (!some)
        return std::nullopt;
    return Pressure{*some, full};
}

Result<Pressure> read_pressure(int proc, PressureKind kind)
{
    const std::string_view name = file_of(kind);  // of a literal, so it ends with NUL
    const UniqueFd file{::openat(proc, name.data(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 512> buffer;  // two lines of at most 90 bytes
    const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
    if (size < 0 && (errno == ENOENT || errno == EOPNOTSUPP))
        return tl::unexpected(off(name));
    if (size < 0)
        return failure(errno, fmt::format("read({})", name));
    const auto pressure = parse_pressure({buffer.data(), static_cast<std::size_t>(size)});
    if (!pressure)
        return failure(EBADMSG, fmt::format("parse({})", name));
    return *pressure;
}

Result<UniqueFd> open_pressure_trigger(int proc, PressureKind kind, PressureThreshold threshold)
{
    const std::string_view name = file_of(kind);
    UniqueFd file{::openat(proc, name.data(), O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    if (!file && (errno == ENOENT || errno == EOPNOTSUPP))
        return tl::unexpected(off(name));
    if (!file)
        return failure(errno, fmt::format("open({})", name));
    const auto wish = fmt::format("some {} {}", threshold.stalled.count(), threshold.window.count());
    if (::write(file.get(), wish.c_str(), wish.size() + 1) < 0)
        return errno == EOPNOTSUPP ? tl::unexpected(off(name))
                                   : failure(errno, fmt::format("write({}, {})", name, wish));
    return file;
}

std::optional<std::chrono::nanoseconds> parse_run_delay(std::string_view text)
{
    constexpr int kDelayField = 8;
    std::optional<std::chrono::nanoseconds> total;
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        if (!take_until(line, ' ').starts_with("cpu"))
            continue;
        std::string_view field;
        for (int i = 0; i < kDelayField; ++i)
            field = take_until(line, ' ');
        std::int64_t delay = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), delay);
        if (field.empty() || error != std::errc{} || end != field.data() + field.size() || delay < 0)
            return std::nullopt;
        total = total.value_or(std::chrono::nanoseconds{}) + std::chrono::nanoseconds{delay};
    }
    return total;
}

}  // namespace priorityd::kernel
