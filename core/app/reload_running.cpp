// `switchhook reload`, which is ExecReload= of the service.
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "core/app/answer.hpp"
#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/reload_answer.hpp"

namespace switchhook::app {
namespace {

constexpr std::chrono::seconds kLongest{60};
constexpr std::chrono::milliseconds kLook{20};

pid_t main_process() {
    const char* text = std::getenv("MAINPID");  // NOLINT(concurrency-mt-unsafe): there is one thread
    if (text == nullptr) return 0;
    const std::string_view digits(text);
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
    return error == std::errc() && end == digits.data() + digits.size() && pid > 0 ? pid : 0;
}

}  // namespace

int run_reload(const CommandLine&) {
    const pid_t server = main_process();
    const ReloadAnswer answers(ReloadAnswer::runtime_directory());
    const auto began = std::chrono::steady_clock::now();
    const std::string mark = std::to_string(::getpid()) + "-" + std::to_string(began.time_since_epoch().count());
    if (server == 0 || !answers.ask(mark)) {
        complain(
            "this is what `systemctl reload switchhook` runs: it needs $MAINPID and a writable $RUNTIME_DIRECTORY. "
            "Without systemd send the server SIGHUP; log and /readyz say what came of it");
        return kExitUsage;
    }
    if (::kill(server, SIGHUP) != 0) {
        complain("process " + std::to_string(server) + " cannot be asked to reload: it does not run, or is another's");
        return kExitUnavailable;
    }
    while (std::chrono::steady_clock::now() < began + kLongest) {
        if (const auto problems = answers.answer_to(mark)) {
            if (problems->empty()) return kExitWell;
            complain("the configuration was not reloaded, and the one before is in force:\n" + *problems);
            return kExitConfiguration;
        }
        if (::kill(server, 0) != 0 && errno == ESRCH) {
            complain("the server ended before it had reloaded");
            return kExitUnavailable;
        }
        std::this_thread::sleep_for(kLook);
    }
    complain("the server has not reloaded within 60 s");
    return kExitUnavailable;
}

}  // namespace switchhook::app
