// The commands. Each returns the exit code of the program.
#pragma once

#include "core/app/command_line.hpp"

namespace switchhook::app {

// Prints every problem, or what --show and --schema ask for. Creates and changes nothing.
int run_check(const CommandLine& line);
// Libraries, contracts and settings; of the program's own folder, and of what a configuration names when one is given.
int run_plugins(const CommandLine& line);
// Makes the changes, or with --plan only prints them: then 2 says that there are some.
int run_provision(const CommandLine& line);
// Prints what a tenant's events are signed with, and nothing else, on standard output. Creates and changes nothing.
int run_secret(const CommandLine& line);
// Returns after SIGTERM or SIGINT, or when the start failed.
int run_serve(const CommandLine& line);

}  // namespace switchhook::app
