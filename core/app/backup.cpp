// `switchhook backup FILE`: a consistent copy of the store, also beside a running server.
#include "core/app/answer.hpp"
#include "core/app/commands.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/loading.hpp"

namespace switchhook::app {

int run_backup(const CommandLine& line) {
    const auto loaded = load(line);
    if (!loaded->problems.empty()) return refused(loaded->problems);
    const std::string& file = line.arguments[0];
    // Not started: the store is its server's, and is only read.
    if (const Status copied = loaded->assembly->outbox->back_up(file); !copied) {
        complain(copied.message());
        return copied.code() == Code::unavailable ? kExitUnavailable : kExitSoftware;
    }
    print("the store was copied to " + file + "\n");
    return kExitWell;
}

}  // namespace switchhook::app
