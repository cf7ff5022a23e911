// SPDX-License-Identifier: GPL-3.0-or-later
/// Posts requests to the server of the model, one after the other, on a thread of its own, with libcurl.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "core/result.hpp"
#include "daemon/disk_thread.hpp"
#include "engines/llm/settings.hpp"

namespace priorityd::llm {

class HttpClient {
public:
    /// More than any honest answer about 32 programs.
    static constexpr std::size_t kMostBytes = std::size_t{1024} * 1024;

    /// The body of an answer with status 200. Errors: ENOTSUP when the server answers that it does not take such a
    /// request (400, 422), EMSGSIZE when it says that this is because of its length; EACCES when it wants another key
    /// (401, 403); EAGAIN when it is asked too much, or is not ready (429, 503); ETIMEDOUT; ECONNRESET when it left in
    /// the middle; EFBIG for an answer that is too long; ECANCELED; EIO for all else, among it that there is nobody.
    using Then = std::function<void(Result<std::string>)>;

    /// Errors: those of eventfd(2).
    [[nodiscard]] static Result<std::unique_ptr<HttpClient>> open();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    /// A request under way is broken off.
    ~HttpClient();

    /// Posts this body to base_url's /chat/completions, and nowhere else: no redirection is followed and no proxy used.
    /// `then` is called in dispatch().
    void post(const Settings& settings, std::string body, Then then);

    /// Readable while dispatch() has something to tell.
    [[nodiscard]] int fd() const { return thread_->fd(); }
    void dispatch() { thread_->dispatch(); }

private:
    explicit HttpClient(std::unique_ptr<daemon::DiskThread> thread) : thread_{std::move(thread)} {}

    std::atomic<bool> is_ending_ = false;
    std::unique_ptr<daemon::DiskThread> thread_;
};

}  // namespace priorityd::llm
