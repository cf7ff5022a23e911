// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/mapped_log.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

namespace priorityd::daemon {
namespace {

// The signal handler can be given nothing but what is global. The journal of systemd guards its files in the same way.
std::atomic<std::uintptr_t> guarded_begin{0};
std::atomic<std::uintptr_t> guarded_end{0};
std::atomic<std::uintptr_t> page_size{0};
std::atomic<bool> has_lost{false};
struct sigaction action_before {};
static_assert(std::atomic<std::uintptr_t>::is_always_lock_free, "else the signal handler may not touch it");

/// Puts ordinary memory into the place of the page; false when it is not ours. Async-signal-safe: one system call.
bool replace_page(const siginfo_t& info)
{
    const auto at = reinterpret_cast<std::uintptr_t>(info.si_addr);
    if (info.si_code <= 0 || at < guarded_begin.load() || at >= guarded_end.load())
        return false;
    void* const page = static_cast<char*>(info.si_addr) - at % page_size.load();
    constexpr int kReplace = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    return ::mmap(page, page_size.load(), PROT_READ | PROT_WRITE, kReplace, -1, 0) != MAP_FAILED;
}

extern "C" void priorityd_lost_page(int signal, siginfo_t* info, void* /*context*/)
{
    const int errno_before = errno;
    if (replace_page(*info)) {
        has_lost.store(true);
    } else {
        // Not about the log: to be answered as if there were none.
        ::sigaction(SIGBUS, &action_before, nullptr);
        ::raise(signal);
    }
    errno = errno_before;
}

void guard(const char* begin, std::size_t size)
{
    if (guarded_begin.load() == 0) {
        struct sigaction replace {};
        replace.sa_sigaction = priorityd_lost_page;
        replace.sa_flags = SA_SIGINFO;
        ::sigaction(SIGBUS, &replace, &action_before);
        page_size.store(static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE)));
    }
    guarded_begin.store(reinterpret_cast<std::uintptr_t>(begin));
    guarded_end.store(reinterpret_cast<std::uintptr_t>(begin) + size);
}

bool is_guarded(const char* begin)
{
    return guarded_begin.load(std::memory_order_relaxed) == reinterpret_cast<std::uintptr_t>(begin);
}

void unguard(const char* begin)
{
    if (begin == nullptr || !is_guarded(begin))
        return;
    guarded_begin.store(0);
    guarded_end.store(0);
    ::sigaction(SIGBUS, &action_before, nullptr);
}

/// So that the first write to each page finds it there. Where the kernel cannot do it (before 5.14), that costs a
/// fault.
void populate(char* begin, std::size_t size)
{
    constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, which older headers lack; madvise(2)
    (void)::madvise(begin, size, kPopulateWrite);
}

/// Few and large enough that growing is rare, small enough to be wasted.
constexpr std::size_t kStep = 64UL * 1024;

std::size_t in_whole_steps(std::size_t size)
{
    return (size + kStep - 1) / kStep * kStep;
}

}  // namespace

Result<MappedLog> MappedLog::map(kernel::UniqueFd file, std::size_t used, std::size_t room)
{
    MappedLog log{std::move(file), used};
    if (auto grown = log.grow(used + room); !grown)
        return tl::unexpected{grown.error()};
    return log;
}

MappedLog::MappedLog(MappedLog&& other) noexcept
    : file_{std::move(other.file_)},
      begin_{std::exchange(other.begin_, nullptr)},
      size_{std::exchange(other.size_, 0)},
      used_{std::exchange(other.used_, 0)},
      is_lost_{other.is_lost_}
{
}

MappedLog& MappedLog::operator=(MappedLog&& other) noexcept
{
    unmap();
    file_ = std::move(other.file_);
    begin_ = std::exchange(other.begin_, nullptr);
    size_ = std::exchange(other.size_, 0);
    used_ = std::exchange(other.used_, 0);
    is_lost_ = other.is_lost_;
    return *this;
}

MappedLog::~MappedLog()
{
    unmap();
}

void MappedLog::unmap()
{
    unguard(begin_);
    if (begin_)
        ::munmap(begin_, size_);
    begin_ = nullptr;
}

Result<void> MappedLog::grow(std::size_t more)
{
    const auto size = in_whole_steps(size_ + more);
    // Room that is promised, so that a disk that fills up later does not matter.
    if (const int code = ::posix_fallocate(file_.get(), 0, static_cast<off_t>(size)); code != 0)
        return failure(code, fmt::format("fallocate({} bytes)", size));
    void* const begin = begin_ ? ::mremap(begin_, size_, size, MREMAP_MAYMOVE)
                               : ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    if (begin == MAP_FAILED)
        return failure(errno, fmt::format("mmap({} bytes)", size));
    unguard(begin_);
    begin_ = static_cast<char*>(begin);
    populate(begin_ + size_, size - size_);
    size_ = size;
    return {};
}

bool MappedLog::append(std::string_view text)
{
    if (!is_guarded(begin_))
        guard(begin_, size_);
    std::memcpy(begin_ + used_, text.data(), text.size());
    used_ += text.size();
    std::atomic_signal_fence(std::memory_order_seq_cst);  // a page is lost while it is written to
    if (has_lost.load(std::memory_order_relaxed)) {
        has_lost.store(false);
        is_lost_ = true;
    }
    return !is_lost_;
}

}  // namespace priorityd::daemon
