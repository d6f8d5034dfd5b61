#include "core/app/answer.hpp"

#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "core/app/command_table.hpp"
#include "core/app/configuration.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/journal.hpp"

namespace switchhook::app {

void print(const std::string& text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout));
}

void complain(const std::string& text) {
    const auto prefix = goes_to_journal(STDERR_FILENO) ? journal_prefix(Level::error) : std::string_view();
    const std::string lines = with_prefix(text + "\n", prefix);
    static_cast<void>(std::fwrite(lines.data(), 1, lines.size(), stderr));
}

int refused(std::span<const Problem> problems) {
    for (const auto& text : as_texts(problems)) complain(text);
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
