// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/filter.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "kernel/unique_fd.hpp"

namespace priorityd::cli {
namespace {

using kernel::UniqueFd;

/// A file without a name that holds the text: whoever reads it never has to be waited for, as with a pipe.
Result<UniqueFd> file_with(std::string_view text)
{
    UniqueFd file{::memfd_create("input", MFD_CLOEXEC)};
    if (!file)
        return failure(errno, "memfd_create");
    while (!text.empty()) {
        const auto written = ::write(file.get(), text.data(), text.size());
        if (written < 0 && errno != EINTR)
            return failure(errno, "write");
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    if (::lseek(file.get(), 0, SEEK_SET) != 0)
        return failure(errno, "lseek");
    return file;
}

/// What the child does with its descriptors before it becomes the program.
class Redirections {
public:
    Redirections() { ::posix_spawn_file_actions_init(&actions_); }
    Redirections(const Redirections&) = delete;
    Redirections& operator=(const Redirections&) = delete;
    ~Redirections() { ::posix_spawn_file_actions_destroy(&actions_); }

    void add(const UniqueFd& from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from.get(), to); }
    [[nodiscard]] const posix_spawn_file_actions_t* native() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

Result<pid_t> start(std::vector<std::string>& command, const Redirections& redirections)
{
    std::vector<char*> words;
    words.reserve(command.size() + 1);
    for (auto& word : command)
        words.push_back(word.data());
    words.push_back(nullptr);
    pid_t child = 0;
    const int answer = ::posix_spawn(&child, words.front(), redirections.native(), nullptr, words.data(), environ);
    if (answer != 0)
        return failure(answer, "starting " + command.front());
    return child;
}

std::string read_all(const UniqueFd& from)
{
    std::string text;
    std::array<char, 65536> buffer{};
    for (;;) {
        const auto size = ::read(from.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return text;
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

int wait_for(pid_t child)
{
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace

Result<Filtered> run_filter(std::vector<std::string> command, std::string_view input)
{
    const auto file = file_with(input);
    if (!file)
        return tl::unexpected{file.error()};
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return failure(errno, "pipe");
    const UniqueFd ours{ends[0]};
    UniqueFd theirs{ends[1]};
    Redirections redirections;
    redirections.add(*file, STDIN_FILENO);
    redirections.add(theirs, STDOUT_FILENO);
    const auto child = start(command, redirections);
    if (!child)
        return tl::unexpected{child.error()};
    theirs.reset();
    auto output = read_all(ours);
    return Filtered{.output = std::move(output), .wait_status = wait_for(*child)};
}

}  // namespace priorityd::cli
