#include "core/app/application.hpp"

#include <Poco/Util/Option.h>
#include <Poco/Util/OptionException.h>
#include <Poco/Util/OptionSet.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <string_view>

#include "core/app/answer.hpp"
#include "core/app/command_table.hpp"
#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"

#ifndef SWITCHHOOK_VERSION
#error "the build names the version"
#endif

namespace switchhook::app {
namespace {

// Poco's Application puts its own handlers on the signals of a crash, which hides the crash from core dumps and
// sanitizers. Restores what was there before.
class CrashSignals {
public:
    CrashSignals() {
        for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], nullptr, &before_[i]);
    }
    void restore() const {
        for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
    }

private:
    static constexpr std::array kSignals{SIGILL, SIGBUS, SIGSEGV, SIGSYS};
    std::array<struct sigaction, kSignals.size()> before_{};
};

// The command that the words name, as far as they do: its own help is shown then.
std::string asked_for(const std::vector<std::string>& words) {
    if (words.empty()) return {};
    const std::string two = words.size() > 1 ? words[0] + " " + words[1] : words[0];
    return find_command(two) != nullptr ? two : words[0];
}

}  // namespace

void Application::defineOptions(Poco::Util::OptionSet& options) {
    // Not the base class's: --daemon, --umask and --pidfile are a service manager's work.
    using Poco::Util::Option;
    const auto add = [&](std::string_view name, const char* argument) {
        Option option(std::string(name), "");
        option.required(false).repeatable(true);
        if (argument != nullptr) option.argument(argument);
        options.addOption(option);
    };
    add("config", "SOURCE");
    // By name: of two that begin alike Poco must meet the shorter one first. Which belongs to which command, and how
    // often it may be given, is judged later.
    std::map<std::string_view, const char*> known;
    for (const auto& command : command_table())
        for (const auto& option : command.options) known.emplace(option.name, option.argument);
    for (const auto& [name, argument] : known) add(name, argument);
    options.addOption(Option("help", "h", "how to use the program").required(false).repeatable(false));
}

void Application::handleOption(const std::string& name, const std::string& value) {
    if (name == "help") {
        help_ = true;
        stopOptionsProcessing();
    } else {
        options_[name].push_back(value);
    }
}

int Application::main(const std::vector<std::string>& words) {
    if (help_) {
        print(usage(asked_for(words)));
        return kExitWell;
    }
    const auto line = command_line(words, options_);
    if (!line) return wrong_usage(line.status().message(), asked_for(words));
    return line->command->run(*line);
}

int run_version(const CommandLine&) {
    print("switchhook " SWITCHHOOK_VERSION "\n");
    return kExitWell;
}

int run_program(int argc, char** argv) {
    try {
        const CrashSignals crash_signals;
        Application application;
        crash_signals.restore();
        // A peer that is gone is an error of one write (curl, OpenSSL, the log), not the end of the program.
        static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
        static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));  // a file at its limit (ulimit -f) is a full disk: 503
        try {
            application.init(argc, argv);
        } catch (const Poco::Util::OptionException& wrong) {
            return wrong_usage(wrong.displayText());
        }
        return application.run();
    } catch (const std::exception& failure) {
        static_cast<void>(std::fprintf(stderr, "switchhook: %s\n", failure.what()));
    } catch (...) {
        static_cast<void>(std::fputs("switchhook: an exception of unknown type\n", stderr));
    }
    return kExitSoftware;
}

}  // namespace switchhook::app
