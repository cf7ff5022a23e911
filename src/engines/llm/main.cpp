// SPDX-License-Identifier: GPL-3.0-or-later
/// Makes the parts of priorityd-llm, joins them, and runs the loop; or asks once and ends.
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "bus/connection.hpp"
#include "bus/engine_service.hpp"
#include "bus/names.hpp"
#include "daemon/clocks.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/log.hpp"
#include "daemon/service_manager.hpp"
#include "engines/llm/http_client.hpp"
#include "engines/llm/keeper.hpp"
#include "engines/llm/options.hpp"
#include "engines/llm/scoring.hpp"
#include "engines/llm/settings.hpp"
#include "kernel/bounded_file.hpp"

namespace priorityd::llm {
namespace {

using daemon::Priority;

int fail(const daemon::Log& log, const Error& error)
{
    log.error("priorityd-llm: " + error.message());
    return 1;
}

Date today()
{
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// The settings of the file; those that hold without one where there is none. Empty, and told, where they are wrong.
std::optional<Settings> load_settings(const std::filesystem::path& file, const daemon::Log& log)
{
    constexpr std::size_t kLargest = std::size_t{64} * 1024;
    Settings settings;
    const auto text = kernel::read_bounded_file(file, kLargest);
    if (!text && text.error().code == ENOENT)
        return settings;
    Diagnostics diagnostics;
    if (text)
        read_settings(file.string(), *text, settings, diagnostics);
    else
        diagnostics.push_back(
            {.level = Diagnostic::Level::error, .file = file.string(), .what = text.error().message()});
    for (const auto& one : diagnostics)
        log.error(one.to_text());
    return has_errors(diagnostics) ? std::nullopt : std::optional{settings};
}

/// What has to be there before a question can be answered.
struct Parts {
    Settings settings;
    Catalogue catalogue;
    daemon::EventLoop loop;
    bus::Connection bus;
    std::unique_ptr<HttpClient> client;
};

Result<Parts> open_parts(Settings settings, const Options& options, const daemon::Log& log)
{
    auto catalogue = Catalogue::open(options.state, [&](const std::string& loss) { log.warning(loss); });
    if (!catalogue)
        return tl::unexpected{catalogue.error()};
    auto loop = daemon::EventLoop::open();
    if (!loop)
        return tl::unexpected{loop.error()};
    auto bus = bus::Connection::open(options.bus);
    if (!bus)
        return tl::unexpected{bus.error()};
    auto client = HttpClient::open();
    if (!client)
        return tl::unexpected{client.error()};
    return Parts{std::move(settings), *std::move(catalogue), *std::move(loop), *std::move(bus), *std::move(client)};
}

/// The keeper on the loop: its timer, and the answers to its requests.
class Service {
public:
    Service(Parts& parts, const daemon::Log& log) : parts_{parts}, log_{log} {}

    Result<void> start()
    {
        auto timer = parts_.loop.add_timer(Priority::later, [this] {
            keeper_->run_due();
            arm();
        });
        auto answers =
            parts_.loop.watch_fd(parts_.client->fd(), Priority::later, [this] { parts_.client->dispatch(); });
        auto keeper = make_keeper();
        if (!timer || !answers)
            return tl::unexpected{timer ? answers.error() : timer.error()};
        if (!keeper)
            return tl::unexpected{keeper.error()};
        timer_ = *std::move(timer);
        answers_ = *std::move(answers);
        keeper_ = *std::move(keeper);
        auto object = bus::EngineService::create(parts_.bus, "llm", *keeper_);
        if (!object)
            return tl::unexpected{object.error()};
        object_ = *std::move(object);
        return parts_.bus.request_name(bus::kLlmBusName);
    }

private:
    Result<std::unique_ptr<Keeper>> make_keeper()
    {
        const auto post = [this](std::string body, Keeper::Then then) {
            log_.info(fmt::format("asking {}", parts_.settings.base_url));
            parts_.client->post(parts_.settings, std::move(body), std::move(then));
        };
        return Keeper::make({.settings = parts_.settings,
                             .catalogue = parts_.catalogue,
                             .post = post,
                             .now = daemon::now,
                             .today = today,
                             .warn = [this](const std::string& line) { log_.warning(line); },
                             .on_news = [this] { arm(); }});
    }

    void arm()
    {
        if (const auto due = keeper_->deadline())
            timer_.arm(*due);
        else
            timer_.disable();
    }

    Parts& parts_;
    const daemon::Log& log_;
    daemon::Timer timer_;
    daemon::Source answers_;
    std::unique_ptr<Keeper> keeper_;
    std::unique_ptr<bus::EngineService> object_;
};

int run(const Options& options, const daemon::Log& log)
{
    auto settings = load_settings(options.settings, log);
    if (!settings)
        return 1;
    if (options.is_scoring)
        return score(*settings, log);
    auto parts = open_parts(*std::move(settings), options, log);
    if (!parts)
        return fail(log, parts.error());
    auto& loop = parts->loop;
    Service service{*parts, log};
    if (auto started = service.start(); !started)
        return fail(log, started.error());
    const auto stop = [&] { loop.stop(0); };
    const auto terminate = loop.watch_signal(SIGTERM, Priority::requests, stop);
    const auto interrupt = loop.watch_signal(SIGINT, Priority::requests, stop);
    if (!terminate || !interrupt)
        return fail(log, {0, "cannot wait for signals"});
    const auto on_lost = [&](const Error& error) {
        log.notice("lost the bus: " + error.message());
        loop.stop(1);
    };
    const auto driving = bus::attach(parts->bus, loop.native(), {.on_lost = on_lost, .around = {}});
    if (!driving)
        return fail(log, driving.error());
    daemon::tell_ready();
    const auto status = loop.run();
    daemon::tell_stopping();
    return status ? *status : fail(log, status.error());
}

}  // namespace
}  // namespace priorityd::llm

int main(int argc, char** argv)
{
    using namespace priorityd::llm;
    const auto options = parse_options(argc, argv);
    if (const auto* status = std::get_if<int>(&options))
        return *status;
    const priorityd::daemon::Log log{std::get<Options>(options).log_level};
    return run(std::get<Options>(options), log);
}
