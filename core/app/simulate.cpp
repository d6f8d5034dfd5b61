// `switchhook simulate`.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <memory>
#include <random>
#include <utility>

#include "core/app/answer.hpp"
#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/loading.hpp"
#include "core/app/remote.hpp"
#include "core/cli/fresh_ids.hpp"
#include "core/cli/made_up_call.hpp"
#include "core/cli/recording.hpp"
#include "core/cli/simulate.hpp"
#include "core/livekit/reader.hpp"

namespace switchhook::app {
namespace {

constexpr std::uint64_t kMostCalls = 10'000'000;
constexpr double kMostPerSecond = 100'000;
constexpr char kAnyPrefix[] = "sip-";  // of rooms, where no sip block names one

Status wrong(std::string why) {
    return {Code::invalid, std::move(why)};
}

// Letters and digits, different in every run.
std::string new_mark() {
    constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
    std::random_device random;
    std::string mark;
    for (int i = 0; i < 10; ++i) mark.push_back(kLetters[random() % kLetters.size()]);
    return mark;
}

// 0: none was given.
Result<double> rate_of(const CommandLine& line) {
    if (!line.has("rate")) return 0.0;
    const std::string text = line.text("rate");
    double rate = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(rate) || rate <= 0 ||
        rate > kMostPerSecond)
        return wrong("--rate '" + text + "' is no number of calls per second, above 0 and up to 100000");
    return rate;
}

Status plan_recording(const CommandLine& line, cli::Play& play) {
    if (line.has("to") || line.has("header") || line.has("calls"))
        return wrong("--recording is played as it is: it does not go with --to, --header and --calls");
    auto bodies = cli::read_recording(line.text("recording"));
    if (!bodies) return {Code::not_found, bodies.status().message()};
    const std::string mark = new_mark();
    livekit::Reader reader;
    for (auto& body : *bodies) {
        const auto read = reader.read(body);
        const std::string id = read && body.find((*read)->event().id) != std::string::npos
                                   ? std::string((*read)->event().id)
                                   : std::string();
        body = cli::with_fresh_ids(body, id, mark);
    }
    const auto streams = std::make_shared<std::vector<cli::Stream>>(cli::streams_of(std::move(bodies).value()));
    play.streams = streams->size();
    play.make = [streams](std::size_t number) { return (*streams)[number]; };
    return {};
}

Status plan_calls(const CommandLine& line, const config::Config& config, cli::Play& play) {
    if (!line.has("to") && !line.has("header")) return wrong("say what to play: --to, --header or --recording");
    const auto calls = line.number("calls", 1, 1, kMostCalls);
    if (!calls) return calls.status();
    std::vector<cli::SipHeader> headers;
    if (line.has("to")) headers.emplace_back("To", line.text("to"));
    for (const auto& text : line.all("header")) {
        auto header = cli::sip_header(text);
        if (!header) return header.status();
        headers.push_back(std::move(header).value());
    }
    play.streams = *calls;
    const base::SystemClock clock;
    play.make = [headers, prefix = config.sip ? config.sip->room_prefix : kAnyPrefix, mark = new_mark(),
                 seconds = clock.unix_ms() / 1000](std::size_t number) {
        return cli::webhooks_of({.room_prefix = prefix,
                                 .mark = mark + "c" + std::to_string(number),
                                 .headers = headers,
                                 .unix_seconds = seconds});
    };
    return {};
}

Result<cli::Play> planned(const CommandLine& line, const config::Config& config) {
    cli::Play play;
    const auto rate = rate_of(line);
    if (!rate) return rate.status();
    play.streams_per_second = *rate;
    const auto server = asked_server(line);
    if (!server) return server.status();
    play.server = *server;
    const Status fit = line.has("recording") ? plan_recording(line, play) : plan_calls(line, config, play);
    if (!fit) return fit;
    return play;
}

}  // namespace

int run_simulate(const CommandLine& line) {
    plugin::Catalog catalog;
    std::vector<Problem> problems;
    open_own_plugins(catalog, problems);
    const base::SystemClock clock;
    InstanceHost host(std::make_unique<HeldLog>(), clock);
    const auto configuration = read_configuration(catalog, line.sources, host, problems);
    if (!problems.empty()) return refused(problems);

    const auto& livekit = configuration.config.livekit;
    const auto secret = livekit.keys.find(livekit.api_key);
    if (secret == livekit.keys.end()) {
        complain(
            "no LiveKit key is configured, so no webhook can be signed: set livekit.api_key and livekit.api_secret "
            "(LIVEKIT_API_KEY, LIVEKIT_API_SECRET)");
        return kExitConfiguration;
    }
    auto play = planned(line, configuration.config);
    if (!play) return answer(line, play.status());
    play->key = secret->first;
    play->secret = secret->second;
    const auto played = cli::play(*play, clock);
    if (!played) return answer(line, played.status());
    print(cli::played_text(*played, form(line)));
    return played->all_accepted() ? kExitWell : kExitSoftware;
}

}  // namespace switchhook::app
