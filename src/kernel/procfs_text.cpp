// SPDX-License-Identifier: GPL-3.0-or-later
/// The text of files below /proc as fields: no system calls here.
#include "kernel/procfs_text.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "kernel/sched.hpp"

namespace priorityd::kernel {
namespace {

/// Of a real-time policy. Source: sched(7).
constexpr std::uint32_t kHighestPriority = 99;

template <typename Number>
std::optional<Number> whole_number(std::string_view text)
{
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end)
        return std::nullopt;
    return number;
}

/// Takes blank-separated fields off the front of a line. Once a field is bad, so are all that follow.
class FieldReader {
public:
    explicit FieldReader(std::string_view line) : rest_{line} {}

    /// Only a field with a separator behind it counts: the last one could be cut off.
    std::string_view next()
    {
        const auto* const found = std::ranges::find_if(rest_, [](char byte) { return byte == ' ' || byte == '\n'; });
        const auto end = static_cast<std::size_t>(found - rest_.begin());
        is_good_ = is_good_ && found != rest_.end() && end > 0;
        if (!is_good_)
            return {};
        const std::string_view field = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return field;
    }

    template <typename Number>
    Number number()
    {
        const std::optional<Number> value = whole_number<Number>(next());
        is_good_ = is_good_ && value.has_value();
        return value.value_or(Number{});
    }

    void skip(int fields)
    {
        while (fields-- > 0)
            next();
    }

    [[nodiscard]] bool is_good() const { return is_good_; }

private:
    std::string_view rest_;
    bool is_good_ = true;
};

/// rt_priority and policy, which are the 40th and 41st field: the policy comes without the reset on fork, which the
/// kernel keeps apart. Source: do_task_stat() in fs/proc/array.c.
std::optional<SchedPolicy> scheduling_policy(FieldReader& reader)
{
    const auto priority = reader.number<std::uint32_t>();
    const auto policy = reader.number<std::uint32_t>();
    if (!reader.is_good() || priority > kHighestPriority)
        return std::nullopt;
    const auto sched = policy_of({.policy = policy, .priority = priority});
    return sched && sched->is_realtime() == (priority > 0) ? sched : std::nullopt;
}

/// What stands before `separator`; takes it and the separator off `text`.
std::string_view take_until(std::string_view& text, char separator)
{
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view head = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return head;
}

std::vector<std::string> split(std::string_view text, char separator)
{
    std::vector<std::string> parts;
    while (!text.empty())
        parts.emplace_back(take_until(text, separator));
    return parts;
}

bool contains_word(std::string_view comma_list, std::string_view word)
{
    while (!comma_list.empty()) {
        if (take_until(comma_list, ',') == word)
            return true;
    }
    return false;
}

bool ends_with_newline(std::string_view text)
{
    return !text.empty() && text.back() == '\n';
}

std::string_view without_suffix(std::string_view text, std::string_view suffix)
{
    if (text.size() > suffix.size() && text.ends_with(suffix))
        text.remove_suffix(suffix.size());
    return text;
}

/// One line of /proc/PID/cgroup.
struct CgroupLine {
    std::string_view number;
    std::string_view controllers;
    std::string_view path;
};

std::optional<CgroupLine> parse_cgroup_line(std::string_view line)
{
    CgroupLine fields;
    fields.number = take_until(line, ':');
    fields.controllers = take_until(line, ':');
    fields.path = without_suffix(line, " (deleted)");
    if (!whole_number<unsigned>(fields.number) || !fields.path.starts_with('/'))
        return std::nullopt;
    return fields;
}

/// The paths of the hierarchies that matter, as far as they have been seen.
struct SeenHierarchies {
    std::string_view unified;
    std::string_view systemd;
    std::string_view cpu;
    std::string_view cpuset;

    void note(const CgroupLine& line)
    {
        if (line.number == "0" && line.controllers.empty())
            unified = line.path;
        else if (line.controllers == "name=systemd")
            systemd = line.path;
        else if (contains_word(line.controllers, "cpuset"))
            cpuset = line.path;
        if (contains_word(line.controllers, "cpu"))
            cpu = line.path;
    }

    /// In a hybrid set-up the unified hierarchy may be mounted but unused: then systemd's own names the unit.
    [[nodiscard]] std::string_view unit_path() const
    {
        if (!unified.empty() && unified != "/")
            return unified;
        return systemd.empty() ? "/" : systemd;
    }
};

std::optional<Pid> pid_after(std::string_view key, std::string_view text)
{
    const auto at = text.find(key);
    if (at == std::string_view::npos)
        return std::nullopt;
    text.remove_prefix(at + key.size());
    const auto number = parse_number<int>(text.substr(0, text.find('\n')));
    return number ? std::optional{Pid{*number}} : std::nullopt;
}

}  // namespace

bool StatFields::is_kernel_thread() const
{
    return (flags & kKernelThreadFlag) != 0;
}

bool StatFields::is_tty_foreground() const
{
    return terminal != 0 && group > 0 && group == foreground_group;
}

bool StatFields::is_zombie() const
{
    return state == 'Z' || state == 'X';
}

std::optional<StatFields> parse_stat(std::string_view text)
{
    // comm may hold parentheses and blanks, the fields behind it cannot: the last one ends it.
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open || close + 2 > text.size())
        return std::nullopt;

    FieldReader reader{text.substr(close + 2)};
    StatFields fields;
    fields.comm = text.substr(open + 1, close - open - 1);
    const std::string_view state = reader.next();
    fields.state = state.empty() ? '\0' : state.front();
    fields.parent = Pid{reader.number<std::int32_t>()};
    fields.group = reader.number<std::int32_t>();
    fields.session = reader.number<std::int32_t>();
    fields.terminal = reader.number<std::int32_t>();
    fields.foreground_group = reader.number<std::int32_t>();
    fields.flags = reader.number<std::uint32_t>();
    reader.skip(4);  // page faults
    fields.own_ticks = reader.number<std::uint64_t>();
    fields.own_ticks += reader.number<std::uint64_t>();
    fields.children_ticks = reader.number<std::uint64_t>();
    fields.children_ticks += reader.number<std::uint64_t>();
    reader.skip(1);  // priority
    fields.nice = Nice::make(reader.number<int>());
    fields.threads = reader.number<int>();
    reader.skip(1);  // itrealvalue
    fields.start_ticks = reader.number<std::uint64_t>();
    if (!reader.is_good())
        return std::nullopt;
    reader.skip(17);  // memory, addresses, signals, processor
    fields.sched = scheduling_policy(reader);
    return fields;
}

std::vector<std::string> parse_cmdline(std::string_view bytes)
{
    bytes = bytes.substr(0, kCmdlineBytes);
    // A title shorter than the arguments that it has replaced is padded with NULs.
    bytes = bytes.substr(0, bytes.find_last_not_of('\0') + 1);
    if (bytes.find('\0') != std::string_view::npos)
        return split(bytes, '\0');
    // Chromium and its like write all their arguments into the first one.
    if (bytes.find(" --") != std::string_view::npos) {
        std::vector<std::string> words = split(bytes, ' ');
        std::erase_if(words, [](const std::string& word) { return word.empty(); });
        return words;
    }
    if (bytes.empty())
        return {};
    return {std::string{bytes}};
}

std::optional<CgroupPaths> parse_cgroup(std::string_view text)
{
    SeenHierarchies seen;
    while (text.find('\n') != std::string_view::npos) {
        const std::optional<CgroupLine> line = parse_cgroup_line(take_until(text, '\n'));
        if (!line)
            return std::nullopt;
        seen.note(*line);
    }
    return CgroupPaths{
        .path = std::string{seen.unit_path()}, .cpu = std::string{seen.cpu}, .cpuset = std::string{seen.cpuset}};
}

std::string_view exe_path(std::string_view link)
{
    return without_suffix(link, " (deleted)");
}

std::optional<Autogroup> parse_autogroup(std::string_view text)
{
    constexpr std::string_view kBefore = "/autogroup-";
    constexpr std::string_view kBetween = "nice";
    if (!text.starts_with(kBefore) || !ends_with_newline(text))
        return std::nullopt;
    FieldReader reader{text.substr(kBefore.size())};
    const auto number = reader.number<std::uint64_t>();
    const std::string_view between = reader.next();
    const auto nice = Nice::make(reader.number<int>());
    if (!reader.is_good() || between != kBetween || !nice)
        return std::nullopt;
    return Autogroup{number, *nice};
}

Uses uses_of(std::string_view link)
{
    constexpr std::string_view kNvidia = "/dev/nvidia";
    Uses uses;
    uses.audio = link.starts_with("/dev/snd/");
    uses.gpu = link.starts_with("/dev/dri/renderD") || link == "/dev/kfd";
    if (link.starts_with(kNvidia) && link.size() > kNvidia.size())
        uses.gpu = link[kNvidia.size()] >= '0' && link[kNvidia.size()] <= '9';
    return uses;
}

GpuUse parse_gpu_use(std::string_view text)
{
    constexpr std::string_view kEngine = "drm-engine-", kCapacity = "drm-engine-capacity-";
    GpuUse use;
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        const std::string_view key = take_until(line, ':');
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (key == "drm-pdev")
            use.address = line;
        if (key.starts_with(kEngine) && !key.starts_with(kCapacity))
            use.busy = use.busy.value_or(0) + whole_number<std::uint64_t>(take_until(line, ' ')).value_or(0);
    }
    return use;
}

std::optional<int> parse_nvidia_minor(std::string_view text)
{
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        if (take_until(line, ':') != "Device Minor")
            continue;
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        return whole_number<int>(line);
    }
    return std::nullopt;
}

std::optional<Pid> parse_thread_group(std::string_view text)
{
    return pid_after("\nTgid:\t", text);  // a name in the first line cannot hold a newline unescaped
}

std::optional<Pid> parse_pidfd_info(std::string_view text)
{
    return pid_after("\nPid:\t", text);
}

std::optional<std::uint64_t> parse_storage_bytes(std::string_view text)
{
    std::optional<std::uint64_t> read;
    std::optional<std::uint64_t> written;
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        const std::string_view key = take_until(line, ':');
        line.remove_prefix(std::min<std::size_t>(line.find_first_not_of(' '), line.size()));
        if (key == "read_bytes")
            read = whole_number<std::uint64_t>(line);
        if (key == "write_bytes")
            written = whole_number<std::uint64_t>(line);
    }
    return read && written ? std::optional{*read + *written} : std::nullopt;
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text)
{
    if (ends_with_newline(text))
        text.remove_suffix(1);
    return whole_number<Number>(text);
}

template std::optional<int> parse_number(std::string_view);
template std::optional<std::uint64_t> parse_number(std::string_view);

}  // namespace priorityd::kernel
