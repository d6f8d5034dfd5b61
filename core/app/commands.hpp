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
int run_backup(const CommandLine& line);  // Beside a running server, too.
// Returns after SIGTERM or SIGINT, or when the start failed.
int run_serve(const CommandLine& line);
// Asks the running service to reload and waits for what comes of it; for systemd.
int run_reload(const CommandLine& line);
int run_version(const CommandLine& line);

// Whose a call would be. Starts, creates and changes nothing; works beside a running server.
int run_explain(const CommandLine& line);
// 0 only when every webhook was answered 200.
int run_simulate(const CommandLine& line);

// On a running server, over its API.
int run_hooks_list(const CommandLine& line);
int run_hooks_add(const CommandLine& line);
int run_hooks_remove(const CommandLine& line);
int run_hooks_pause(const CommandLine& line);
int run_hooks_resume(const CommandLine& line);
int run_hooks_test(const CommandLine& line);  // 0 only when the test event was delivered
int run_deliveries_list(const CommandLine& line);
int run_deliveries_show(const CommandLine& line);
int run_deliveries_requeue(const CommandLine& line);

// On the hook store that the configuration names. An import needs it for itself: no server may be running with it.
int run_hooks_export(const CommandLine& line);
int run_hooks_import(const CommandLine& line);

}  // namespace switchhook::app
