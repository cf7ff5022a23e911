// SPDX-License-Identifier: GPL-3.0-or-later
/// Requests to a server on this machine that does what a real one cannot be made to do.
#include "engines/llm/http_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include "kernel/temporary_folder.hpp"
#include "kernel/unique_fd.hpp"

using namespace priorityd;
using namespace priorityd::llm;
using namespace std::chrono_literals;

namespace {

/// Takes one connection after the other, reads the request, and does with it what it is told.
class Server {
public:
    using Serve = std::function<void(int connection)>;

    explicit Server(Serve serve)
        : serve_{std::move(serve)}, listening_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT: as bind(2) wants it
        REQUIRE(::bind(listening_.get(), generic, size) == 0);
        REQUIRE(::listen(listening_.get(), 5) == 0);
        REQUIRE(::getsockname(listening_.get(), generic, &size) == 0);
        url = fmt::format("http://127.0.0.1:{}/v1", ntohs(address.sin_port));
        thread_ = std::thread{[this] { run(); }};
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    Server(Server&&) = delete;
    Server& operator=(Server&&) = delete;
    ~Server()
    {
        ::shutdown(listening_.get(), SHUT_RDWR);
        thread_.join();
    }

    std::string url;
    std::string request;  ///< The last one; to be read once it is answered.

private:
    void run()
    {
        for (;;) {
            const kernel::UniqueFd connection{::accept(listening_.get(), nullptr, nullptr)};
            if (!connection)
                return;
            std::string buffer(65536, '\0');
            const auto size = ::recv(connection.get(), buffer.data(), buffer.size(), 0);
            request = buffer.substr(0, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
            serve_(connection.get());
        }
    }
    Serve serve_;
    kernel::UniqueFd listening_;
    std::thread thread_;
};

/// False when the other side has gone.
bool say(int connection, const std::string& text)
{
    return ::send(connection, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

Server::Serve answers(const std::string& status, const std::string& body)
{
    return [=](int connection) {
        say(connection,
            fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", status, body.size(), body));
    };
}

Result<std::string> post(const std::string& url, Settings settings = {})
{
    settings.base_url = url;
    const auto client = HttpClient::open();
    REQUIRE(client);
    std::optional<Result<std::string>> answer;
    (*client)->post(settings, "{\"question\": 1}", [&](auto got) { answer = std::move(got); });
    while (!answer) {
        pollfd ready{.fd = (*client)->fd(), .events = POLLIN, .revents = 0};
        REQUIRE(::poll(&ready, 1, 30'000) == 1);
        (*client)->dispatch();
    }
    return *answer;
}

int code_of(const Server::Serve& serve, Settings settings = {})
{
    const Server server{serve};
    const auto answer = post(server.url, std::move(settings));
    return answer ? 0 : answer.error().code;
}

}  // namespace

TEST_CASE("a request goes to the chat of the server, and its answer comes back")
{
    Server server{answers("200 OK", "{\"answer\": 1}")};
    CHECK(post(server.url).value() == "{\"answer\": 1}");
    CHECK(server.request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
    CHECK(server.request.ends_with("\r\n\r\n{\"question\": 1}"));
    CHECK(server.request.find("Content-Type: application/json") != std::string::npos);
    CHECK(server.request.find("Authorization") == std::string::npos);
}

TEST_CASE("the key of a file is sent, and in no error")
{
    const kernel::TemporaryFolder top;
    top.write("key", "sk-very-secret\n");
    Server server{answers("401 Unauthorized", "who are you")};
    const auto refused = post(server.url, {.api_key_file = (top.path() / "key").string()});
    CHECK(server.request.find("Authorization: Bearer sk-very-secret\r\n") != std::string::npos);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == EACCES);
    CHECK(refused.error().message().find("secret") == std::string::npos);
    CHECK(post(server.url, {.api_key_file = "/nonexistent"}).error().code == EACCES);
    top.write("key", "\n");
    CHECK(post(server.url, {.api_key_file = (top.path() / "key").string()}).error().doing.find("has no key") !=
          std::string::npos);
}

TEST_CASE("what a server answers instead is told apart")
{
    CHECK(code_of(answers("400 Bad Request", "no schemas here")) == ENOTSUP);
    CHECK(code_of(answers("422 Unprocessable", "")) == ENOTSUP);
    CHECK(code_of(answers("400 Bad Request", "request (2864 tokens) exceeds the available context size")) == EMSGSIZE);
    CHECK(code_of(answers("400 Bad Request", "This model's maximum context length is 4097 tokens.")) == EMSGSIZE);
    CHECK(code_of(answers("403 Forbidden", "")) == EACCES);
    CHECK(code_of(answers("429 Too Many Requests", "")) == EAGAIN);
    CHECK(code_of(answers("503 Service Unavailable", "")) == EAGAIN);
    CHECK(code_of(answers("302 Found\r\nLocation: http://127.0.0.1:1/", "")) == EIO);
    const Server server{answers("500 Oops", "\x1b[31m" + std::string(10'000, 'x'))};
    const auto failed = post(server.url);
    CHECK(failed.error().doing.find("status 500: \\x1b[31mxxx") != std::string::npos);
    CHECK(failed.error().doing.size() < 400);
}

TEST_CASE("a server that dies, is silent, speaks something else or is not there is an error and nothing worse")
{
    CHECK(code_of([](int) {}) == ECONNRESET);
    CHECK(code_of([](int connection) {
              say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it");
          }) == ECONNRESET);
    CHECK(code_of([](int connection) { say(connection, "SSH-2.0-OpenSSH_9.2\r\n"); }) == EIO);
    CHECK(code_of(
              [](int connection) {
                  char end = 0;
                  (void)::recv(connection, &end, 1, 0);  // until the other side has had enough
              },
              {.timeout = 200ms}) == ETIMEDOUT);
    CHECK(post("http://127.0.0.1:1/v1").error().code == EIO);
}

TEST_CASE("of an answer without end no more is read than an honest one has")
{
    std::atomic<std::size_t> sent{0};
    const auto flood = [&](int connection) {
        const std::string megabyte(1'000'000, ' ');
        say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        for (int i = 0; i < 100 && say(connection, megabyte); ++i)
            ++sent;
    };
    CHECK(code_of(flood) == EFBIG);
    CHECK(sent < 100);
}

TEST_CASE("whoever ends does not wait for a server")
{
    std::atomic<bool> is_asked{false};
    Server server{[&](int connection) {
        is_asked = true;
        char end = 0;
        (void)::recv(connection, &end, 1, 0);
    }};
    bool is_called = false;
    {
        const auto client = HttpClient::open();
        (*client)->post({.base_url = server.url}, "{}", [&](const auto&) { is_called = true; });
        while (!is_asked)
            std::this_thread::sleep_for(1ms);
    }
    CHECK_FALSE(is_called);
}
