#include "core/app/application.hpp"

#include <Poco/Util/Option.h>
#include <Poco/Util/OptionException.h>
#include <Poco/Util/OptionSet.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>

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

int wrong_usage(const std::string& what) {
    static_cast<void>(std::fprintf(stderr, "switchhook: %s\n\n%s", what.c_str(), usage()));
    return kExitUsage;
}

}  // namespace

void Application::defineOptions(Poco::Util::OptionSet& options) {
    // Not the base class's: --daemon, --umask and --pidfile are a service manager's work.
    using Poco::Util::Option;
    options.addOption(
        Option("config", "", "a configuration source").required(false).repeatable(true).argument("source"));
    options.addOption(Option("show", "", "print the merged configuration").required(false).repeatable(false));
    options.addOption(Option("schema", "", "print the schema").required(false).repeatable(false));
    options.addOption(Option("plan", "", "only print the changes").required(false).repeatable(false));
    options.addOption(Option("tenant", "", "the tenant of a secret").required(false).repeatable(false).argument("id"));
    options.addOption(
        Option("dialect", "", "the dialect of a secret").required(false).repeatable(false).argument("name"));
    options.addOption(Option("help", "h", "how to use the program").required(false).repeatable(false));
}

void Application::handleOption(const std::string& name, const std::string& value) {
    if (name == "help") {
        help_ = true;
        stopOptionsProcessing();
    } else if (name == "show") {
        switches_.show = true;
    } else if (name == "schema") {
        switches_.schema = true;
    } else if (name == "plan") {
        switches_.plan = true;
    } else if (name == "tenant") {
        switches_.tenant = value;
    } else if (name == "dialect") {
        switches_.dialect = value;
    } else if (auto source = source_name(value); source) {
        sources_.push_back(*std::move(source));
    } else if (wrong_.empty()) {
        wrong_ = source.status().message();
    }
}

int Application::main(const std::vector<std::string>& words) {
    if (help_) {
        static_cast<void>(std::fputs(usage(), stdout));
        return kExitWell;
    }
    if (!wrong_.empty()) return wrong_usage(wrong_);
    const auto line = command_line(words, sources_, switches_);
    if (!line) return wrong_usage(line.status().message());
    return run_command(*line);
}

int Application::run_command(const CommandLine& line) {
    switch (line.command) {
        case Command::serve:
            return run_serve(line);
        case Command::check:
            return run_check(line);
        case Command::plugins:
            return run_plugins(line);
        case Command::provision:
            return run_provision(line);
        case Command::secret:
            return run_secret(line);
        case Command::version:
            std::puts("switchhook " SWITCHHOOK_VERSION);
            return kExitWell;
    }
    return kExitSoftware;
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
