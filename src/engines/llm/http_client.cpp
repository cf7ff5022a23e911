// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/http_client.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

#include "core/text.hpp"

namespace priorityd::llm {
namespace {

constexpr long kConnectTimeoutMs = 10'000;
constexpr std::size_t kLongestKey = 4096;

struct FreeCurl {
    void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
};
struct FreeList {
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using Curl = std::unique_ptr<CURL, FreeCurl>;
using Headers = std::unique_ptr<curl_slist, FreeList>;

/// What comes in.
struct Answer {
    std::string body;
    bool is_too_long = false;
    const std::atomic<bool>* is_ending = nullptr;
};

/// Less than what came ends the transfer.
std::size_t take(const char* data, std::size_t /*one*/, std::size_t size, void* into)
{
    auto& answer = *static_cast<Answer*>(into);
    answer.is_too_long = answer.body.size() + size > HttpClient::kMostBytes;
    if (answer.is_too_long)
        return 0;
    answer.body.append(data, size);
    return size;
}

/// Other than 0 ends the transfer.
int look_up(void* data, curl_off_t /*total*/, curl_off_t /*now*/, curl_off_t /*up*/, curl_off_t /*done*/)
{
    return static_cast<Answer*>(data)->is_ending->load() ? 1 : 0;
}

/// Read each time, so that a new key needs no restart; it is in no message.
Result<std::string> read_key(const std::string& path)
{
    std::ifstream file{path};
    std::string key{std::istreambuf_iterator<char>{file}, {}};
    if (!file && !file.eof())
        return failure(EACCES, "read api_key_file " + path);
    while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' '))
        key.pop_back();
    if (key.empty() || key.size() > kLongestKey || !is_readable(key))
        return failure(EACCES, fmt::format("{} has no key: expected one line of text", path));
    return key;
}

Result<Headers> make_headers(const Settings& settings)
{
    Headers headers{::curl_slist_append(nullptr, "Content-Type: application/json")};
    if (settings.api_key_file.empty())
        return headers;
    const auto key = read_key(settings.api_key_file);
    if (!key)
        return tl::unexpected{key.error()};
    headers.reset(::curl_slist_append(headers.release(), ("Authorization: Bearer " + *key).c_str()));
    return headers;
}

Error error_of(CURLcode code, const Answer& answer, const std::string& where)
{
    if (answer.is_too_long)
        return {EFBIG, fmt::format("{} answers with more than {} bytes", where, HttpClient::kMostBytes)};
    switch (code) {
        case CURLE_ABORTED_BY_CALLBACK: return {ECANCELED, "asking " + where};
        case CURLE_OPERATION_TIMEDOUT: return {ETIMEDOUT, "asking " + where};
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR: return {ECONNRESET, "asking " + where};
        default: return {EIO, fmt::format("asking {}: {}", where, ::curl_easy_strerror(code))};
    }
}

/// What a server says of a refusal, as far as a line can hold it.
std::string excerpt(const std::string& body)
{
    constexpr std::size_t kMostShown = 200;
    return escaped(body.substr(0, kMostShown));
}

/// Whether a refusal is about the question's length. Servers have no status of its own for that. Source: the messages
/// of llama.cpp ("exceeds the available context size"), of OpenAI and vLLM ("maximum context length").
bool is_about_length(const std::string& body)
{
    return body.find("context size") != std::string::npos || body.find("context length") != std::string::npos;
}

Error error_of_status(long status, const Answer& answer, const std::string& where)
{
    constexpr long kBadRequest = 400, kUnauthorised = 401, kForbidden = 403, kUnprocessable = 422, kTooMany = 429,
                   kUnavailable = 503;
    const auto text = fmt::format("{} answers with status {}: {}", where, status, excerpt(answer.body));
    switch (status) {
        case kBadRequest:
        case kUnprocessable: return {is_about_length(answer.body) ? EMSGSIZE : ENOTSUP, text};
        case kUnauthorised:
        case kForbidden: return {EACCES, text};
        case kTooMany:
        case kUnavailable: return {EAGAIN, text};
        default: return {EIO, text};
    }
}

void set_up(CURL* curl, const std::string& where, const std::string& body, const Settings& settings, Answer& answer,
            const curl_slist* headers)
{
    const auto set = [curl](CURLoption option, auto value) {
        ::curl_easy_setopt(curl, option, value);  // NOLINT(*-vararg): its own interface
    };
    set(CURLOPT_URL, where.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(settings.timeout.count()));
    set(CURLOPT_POSTFIELDS, body.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_USERAGENT, "priorityd-llm/" PRIORITYD_VERSION);
    set(CURLOPT_WRITEFUNCTION, take);
    set(CURLOPT_WRITEDATA, &answer);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, look_up);
    set(CURLOPT_XFERINFODATA, &answer);
}

Result<std::string> perform(const Settings& settings, const std::string& body, const std::atomic<bool>& is_ending)
{
    constexpr long kOk = 200;
    const auto where = settings.base_url + "/chat/completions";
    const Curl curl{::curl_easy_init()};
    if (!curl)
        return failure(ENOMEM, "asking " + where);
    const auto headers = make_headers(settings);
    if (!headers)
        return tl::unexpected{headers.error()};
    Answer answer{.is_ending = &is_ending};
    set_up(curl.get(), where, body, settings, answer, headers->get());
    if (const auto code = ::curl_easy_perform(curl.get()); code != CURLE_OK)
        return tl::unexpected{error_of(code, answer, where)};
    long status = 0;
    ::curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);  // NOLINT(*-vararg): its own interface
    if (status != kOk)
        return tl::unexpected{error_of_status(status, answer, where)};
    return std::move(answer.body);
}

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::open()
{
    ::curl_global_init(CURL_GLOBAL_DEFAULT);
    auto thread = daemon::DiskThread::open();
    if (!thread)
        return tl::unexpected{thread.error()};
    return std::unique_ptr<HttpClient>{new HttpClient{*std::move(thread)}};
}

HttpClient::~HttpClient()
{
    is_ending_ = true;
}

void HttpClient::post(const Settings& settings, std::string body, Then then)
{
    const auto answer = std::make_shared<Result<std::string>>(failure(EAGAIN, "no thread to ask with"));
    thread_->hand_over(
        [this, settings, body = std::move(body), answer]() -> Result<void> {
            *answer = perform(settings, body, is_ending_);
            return {};
        },
        [answer, then = std::move(then)](const Result<void>& /*done*/) { then(std::move(*answer)); });
}

}  // namespace priorityd::llm
