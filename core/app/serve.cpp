#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/app/answer.hpp"
#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/loading.hpp"
#include "core/app/reload.hpp"
#include "core/app/server.hpp"
#include "core/app/stop_signals.hpp"

namespace switchhook::app {
namespace {

// Blocked in every thread that begins from here on, so that only the main thread takes them, when it waits for them.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

void wait_for_the_end(const sigset_t& signals, Reload& reload) {
    for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
        if (sigwait(&signals, &signal) != 0) continue;
        if (signal == SIGHUP) reload.run();
    }
}

// What `systemctl status` shows once the program has ended.
void tell_the_end(const ServiceManager& service_manager, std::string_view what, std::string why) {
    std::ranges::replace_if(
        why, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    static_cast<void>(service_manager.notify("STATUS=" + std::string(what) + ": " + why));
}

int failed(const Status& why, Log& log, const ServiceManager& service_manager) {
    log.error("the server did not start", {{"why", why.message()}});
    tell_the_end(service_manager, "did not start", why.message());
    return exit_code(why);
}

int wrong_configuration(std::span<const Problem> problems, const ServiceManager& service_manager) {
    const int code = refused(problems);
    const auto more = problems.size() - 1;
    tell_the_end(service_manager, "wrong configuration",
                 as_texts(problems.first(1)).front() + (more > 0 ? " (and " + std::to_string(more) + " more)" : ""));
    return code;
}

}  // namespace

int run_serve(const CommandLine& line) {
    const sigset_t signals = block_signals();
    const ServiceManager service_manager;
    const ReloadAnswer reload_answer(ReloadAnswer::runtime_directory());
    const auto watchdog = ServiceManager::watchdog();
    const auto loaded = load(line);
    if (!loaded->problems.empty()) return wrong_configuration(loaded->problems, service_manager);
    Log& log = loaded->logging->log();
    if (!watchdog) log.warning("systemd's watchdog is not answered", {{"why", watchdog.status().message()}});
    Server server(loaded->configuration.config, *loaded->assembly, *loaded->logging, service_manager, loaded->clock);
    if (const Status started = server.start(); !started) {
        server.stop();  // first: the last words are about the reason
        if (stop_asked_for()) {
            log.info("stopped before it was ready", {{"why", started.message()}});
            return kExitWell;
        }
        return failed(started, log, service_manager);
    }
    if (watchdog && watchdog->count() > 0) server.answer_watchdog(*watchdog);
    Reload reload(*loaded, line.sources, server, service_manager, reload_answer);
    {
        InstanceHost host(loaded->logging->for_instance("config"), loaded->clock);
        const Watch watch(loaded->catalog, line.sources, host, loaded->configuration.merged,
                          [] { ::kill(::getpid(), SIGHUP); });
        wait_for_the_end(signals, reload);
    }
    const Status failure = server.failure();
    server.stop();
    if (!failure) tell_the_end(service_manager, "stopped", failure.message());
    return failure.ok() ? kExitWell : kExitUnavailable;
}

}  // namespace switchhook::app
