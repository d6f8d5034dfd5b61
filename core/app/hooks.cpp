// `switchhook hooks list | add | remove | pause | resume | test`.
#include <charconv>
#include <limits>

#include "core/app/answer.hpp"
#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/remote.hpp"
#include "core/cli/hooks_commands.hpp"

namespace switchhook::app {
namespace {

constexpr auto kMost = std::numeric_limits<std::uint32_t>::max();  // the server has the smaller bounds, and says them

Result<Rate> rate_of(const std::string& text) {
    Rate rate;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, rate.per_second);
    rate.burst = rate.per_second;
    bool well = first.ec == std::errc{} && (first.ptr == end || *first.ptr == '/');
    if (well && first.ptr != end) {
        const auto second = std::from_chars(first.ptr + 1, end, rate.burst);
        well = second.ec == std::errc{} && second.ptr == end;
    }
    if (!well || rate.per_second == 0 || rate.burst == 0)
        return Status(Code::invalid,
                      "--rate '" + text + "' is no rate; write events per second, or 20/50 with a burst");
    return rate;
}

Result<cli::WantedHook> wanted_hook(const CommandLine& line) {
    cli::WantedHook hook{.host = line.arguments[0],
                         .url = line.arguments[1],
                         .auth_id = line.text("tenant"),
                         .dialect = line.text("dialect"),
                         .events = line.all("event"),
                         .retry = line.text("retry")};
    if (line.has("concurrency")) {
        const auto concurrency = line.number("concurrency", 0, 1, kMost);
        if (!concurrency) return concurrency.status();
        hook.concurrency = static_cast<std::uint32_t>(*concurrency);
    }
    if (line.has("rate")) {
        const auto rate = rate_of(line.text("rate"));
        if (!rate) return rate.status();
        hook.rate = *rate;
    }
    for (const auto& text : line.all("max-age")) {
        const auto equals = text.find('=');
        if (equals == std::string::npos || equals == 0)
            return Status(Code::invalid, "--max-age '" + text + "' names no event; write participant_joined=5s");
        hook.max_age[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return hook;
}

}  // namespace

int run_hooks_list(const CommandLine& line) {
    return ask(line, [&](cli::ApiClient& api) { return cli::list_hooks(api, form(line)); });
}

int run_hooks_add(const CommandLine& line) {
    const auto hook = wanted_hook(line);
    if (!hook) return answer(line, hook.status());
    return ask(line, [&](cli::ApiClient& api) { return cli::add_hook(api, *hook, form(line)); });
}

int run_hooks_remove(const CommandLine& line) {
    return ask(line, [&](cli::ApiClient& api) { return cli::remove_hooks(api, line.arguments, form(line)); });
}

int run_hooks_pause(const CommandLine& line) {
    return ask(line, [&](cli::ApiClient& api) {
        return cli::pause_hook(api, line.arguments[0], line.text("reason"), form(line));
    });
}

int run_hooks_resume(const CommandLine& line) {
    return ask(line, [&](cli::ApiClient& api) { return cli::resume_hook(api, line.arguments[0], form(line)); });
}

int run_hooks_test(const CommandLine& line) {
    bool delivered = false;
    const int code = ask(line, [&](cli::ApiClient& api) -> Result<std::string> {
        auto tested = cli::test_hook(api, line.arguments[0], form(line));
        if (!tested) return tested.status();
        delivered = tested->delivered;
        return tested->text;
    });
    return code == kExitWell && !delivered ? kExitSoftware : code;
}

}  // namespace switchhook::app
