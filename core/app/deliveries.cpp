// `switchhook deliveries list | show | requeue`.
#include <chrono>
#include <thread>

#include "core/app/answer.hpp"
#include "core/app/commands.hpp"
#include "core/app/remote.hpp"
#include "core/cli/deliveries_commands.hpp"

namespace switchhook::app {
namespace {

constexpr std::chrono::milliseconds kPause{500};  // between two looks at a job

cli::DeliveryFilter filter_of(const CommandLine& line) {
    cli::DeliveryFilter filter;
    for (const char* name : {"host", "call", "event", "state", "since", "until", "limit", "cursor"})
        if (line.has(name)) filter.emplace_back(name, line.text(name));
    return filter;
}

int wrong(const CommandLine& line, const char* why) {
    return answer(line, Status(Code::invalid, why));
}

}  // namespace

int run_deliveries_list(const CommandLine& line) {
    return ask(line, [&](cli::ApiClient& api) { return cli::list_deliveries(api, filter_of(line), form(line)); });
}

int run_deliveries_show(const CommandLine& line) {
    return ask(line, [&](cli::ApiClient& api) { return cli::show_delivery(api, line.arguments[0], form(line)); });
}

int run_deliveries_requeue(const CommandLine& line) {
    const auto filter = filter_of(line);
    const int questions = (line.arguments.empty() ? 0 : 1) + (filter.empty() ? 0 : 1) + (line.has("job") ? 1 : 0);
    if (questions > 1) return wrong(line, "an ID, a filter and --job are three questions; ask one");
    if (questions == 0) return wrong(line, "say what to requeue: an ID, or a filter (all dead letters: --state dead)");
    if (line.has("cancel") && !line.has("job")) return wrong(line, "--cancel needs --job JOB");
    if (line.has("wait") && filter.empty()) return wrong(line, "--wait belongs to a filter, which begins a job");
    return ask(line, [&](cli::ApiClient& api) {
        if (!line.arguments.empty()) return cli::requeue_delivery(api, line.arguments[0], form(line));
        if (line.has("cancel")) return cli::cancel_requeue_job(api, line.text("job"), form(line));
        if (line.has("job")) return cli::show_requeue_job(api, line.text("job"), form(line));
        if (!line.has("wait")) return cli::requeue_deliveries(api, filter, form(line));
        return cli::requeue_and_wait(
            api, filter, [] { std::this_thread::sleep_for(kPause); }, form(line));
    });
}

}  // namespace switchhook::app
