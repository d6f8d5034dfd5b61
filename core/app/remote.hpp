// The running server that a command asks.
#pragma once

#include <functional>
#include <string>

#include <switchhook/result.hpp>

#include "core/app/command_line.hpp"
#include "core/cli/api_client.hpp"
#include "core/cli/form.hpp"

namespace switchhook::app {

// --server, else $SWITCHHOOK_SERVER, else http://127.0.0.1:3001. Code::invalid: no URL of a server.
Result<cli::ServerUrl> asked_server(const CommandLine& line);
// $SWITCHHOOK_TOKEN; never from the command line, which every user of the machine can read.
std::string token();
// Asks that server, and ends with what it answered.
int ask(const CommandLine& line, const std::function<Result<std::string>(cli::ApiClient&)>& command);

// --json or not.
cli::Form form(const CommandLine& line);

}  // namespace switchhook::app
