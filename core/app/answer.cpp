#include "core/app/answer.hpp"

#include <cstdio>

#include "core/app/command_table.hpp"
#include "core/app/configuration.hpp"
#include "core/app/exit_codes.hpp"

namespace switchhook::app {

void print(const std::string& text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout));
}

void complain(const std::string& text) {
    const std::string line = text + "\n";
    static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

int refused(std::span<const Problem> problems) {
    const std::string text = as_lines(problems);
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
    return kExitConfiguration;
}

int wrong_usage(const std::string& what, const std::string& command) {
    complain("switchhook: " + what + "\n");
    complain(usage(command));
    return kExitUsage;
}

int answer(const CommandLine& line, const Result<std::string>& text) {
    if (text) {
        print(*text);
        return kExitWell;
    }
    const Status failure = text.status();
    if (failure.code() == Code::invalid) return wrong_usage(failure.message(), line.command->words);
    complain(failure.message());
    return failure.code() == Code::unavailable ? kExitUnavailable : kExitSoftware;
}

}  // namespace switchhook::app
