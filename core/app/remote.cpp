#include "core/app/remote.hpp"

#include <cstdlib>

#include "core/app/answer.hpp"

namespace switchhook::app {
namespace {

constexpr char kDefaultServer[] = "http://127.0.0.1:3001";

std::string variable(const char* name) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
    return value == nullptr ? "" : value;
}

}  // namespace

Result<cli::ServerUrl> asked_server(const CommandLine& line) {
    if (line.has("server")) return cli::server_url(line.text("server"));
    const std::string named = variable("SWITCHHOOK_SERVER");
    auto url = cli::server_url(named.empty() ? kDefaultServer : named);
    if (!url) return Status(Code::invalid, "$SWITCHHOOK_SERVER: " + url.status().message());
    return url;
}

std::string token() {
    return variable("SWITCHHOOK_TOKEN");
}

int ask(const CommandLine& line, const std::function<Result<std::string>(cli::ApiClient&)>& command) {
    const auto server = asked_server(line);
    if (!server) return answer(line, server.status());
    cli::ApiClient api(*server, token());
    return answer(line, command(api));
}

cli::Form form(const CommandLine& line) {
    return line.has("json") ? cli::Form::json : cli::Form::people;
}

}  // namespace switchhook::app
