#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/loading.hpp"
#include "core/app/reload.hpp"
#include "core/app/server.hpp"

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

int failed(const Status& why, Log& log) {
    log.error("the server did not start", {{"why", why.message()}});
    return exit_code(why);
}

}  // namespace

int run_serve(const CommandLine& line) {
    const sigset_t signals = block_signals();
    const ServiceManager service_manager;
    const auto loaded = load(line);
    if (!loaded->problems.empty()) {
        static_cast<void>(std::fputs(as_lines(loaded->problems).c_str(), stderr));
        return kExitConfiguration;
    }
    Log& log = loaded->logging->log();
    Server server(loaded->configuration.config, *loaded->assembly, *loaded->logging, service_manager, loaded->clock);
    if (const Status started = server.start(); !started) return failed(started, log);
    Reload reload(*loaded, line.sources, server, service_manager);
    {
        InstanceHost host(loaded->logging->for_instance("config"), loaded->clock);
        const Watch watch(loaded->catalog, line.sources, host, loaded->configuration.merged,
                          [] { ::kill(::getpid(), SIGHUP); });
        wait_for_the_end(signals, reload);
    }
    const Status failure = server.failure();
    server.stop();
    return failure.ok() ? kExitWell : kExitUnavailable;
}

}  // namespace switchhook::app
