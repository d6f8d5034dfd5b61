#include "core/app/command_line.hpp"

#include <utility>

#include "core/config/reading.hpp"

namespace switchhook::app {
namespace {

constexpr char kDefaultFile[] = "/etc/switchhook/switchhook.yaml";

Status wrong(std::string text) {
    return {Code::invalid, std::move(text)};
}

Result<Command> command_of(const std::string& word) {
    if (word == "serve") return Command::serve;
    if (word == "check") return Command::check;
    if (word == "plugins") return Command::plugins;
    if (word == "provision") return Command::provision;
    if (word == "version") return Command::version;
    if (word == "secret") return Command::secret;
    return wrong("'" + word + "' is no command");
}

}  // namespace

const char* usage() {
    return "usage: switchhook COMMAND [--config SOURCE]...\n"
           "\n"
           "Receives LiveKit's webhooks for SIP calls and delivers each to the tenant whose call it is.\n"
           "\n"
           "commands\n"
           "  serve             run the server until SIGTERM or SIGINT\n"
           "  check             check the configuration, the plugins and the stores; change nothing\n"
           "    --show          print the merged configuration and where each value comes from, secrets masked\n"
           "    --schema        print the JSON schema of the configuration\n"
           "  plugins           list the plugins, their contracts and settings\n"
           "  provision         bring LiveKit's SIP trunk and dispatch rule to the wanted state, once\n"
           "    --plan          only print what would be changed; exit code 2 when there is something\n"
           "  version           print the version\n"
           "  secret            print the secret that a tenant's events are signed with (sip.hook_secrets: derived)\n"
           "    --tenant ID     auth_id of the tenant\n"
           "    --dialect NAME  in the form of this dialect, not of the one that its hooks have\n"
           "\n"
           "options\n"
           "  --config SOURCE   file:PATH or env; repeatable, a later source wins value by value\n"
           "                    (without any: file:/etc/switchhook/switchhook.yaml, then env)\n"
           "  --help            this text\n"
           "\n"
           "exit codes: 0 well, 2 changes are pending (provision --plan), 64 wrong usage, 69 a needed service is "
           "missing, 78 configuration,\n"
           "70 anything else\n";
}

Result<SourceName> source_name(const std::string& text) {
    const auto colon = text.find(':');
    SourceName name{.use = text.substr(0, colon), .argument = colon == std::string::npos ? "" : text.substr(colon + 1)};
    if (name.use.empty()) return wrong("--config '" + text + "' names no source; write file:PATH or env");
    return name;
}

Result<CommandLine> command_line(const std::vector<std::string>& words, std::vector<SourceName> sources,
                                 const Switches& switches) {
    if (words.empty()) return wrong("no command was given");
    if (words.size() > 1) return wrong("'" + words[1] + "' is too much: one command is enough");
    const auto command = command_of(words.front());
    if (!command) return command.status();
    const auto& [show, schema, plan, tenant, dialect] = switches;
    if ((show || schema) && *command != Command::check) return wrong("--show and --schema belong to the command check");
    if (plan && *command != Command::provision) return wrong("--plan belongs to the command provision");
    if (show && schema) return wrong("--show and --schema are two questions; ask one");
    const std::string whose = config::trimmed(tenant.value_or(""));
    if (*command != Command::secret && (tenant || dialect))
        return wrong("--tenant and --dialect belong to the command secret");
    if (*command == Command::secret && whose.empty()) return wrong("secret needs --tenant ID, the tenant's auth_id");
    if (dialect && dialect->empty()) return wrong("--dialect needs the name of a dialect");
    // `plugins` looks into a configuration only when it is told one.
    if (sources.empty() && *command != Command::plugins)
        sources = {{.use = "file", .argument = kDefaultFile}, {.use = "env", .argument = {}}};
    return CommandLine{.command = *command,
                       .sources = std::move(sources),
                       .show = show,
                       .schema = schema,
                       .plan = plan,
                       .tenant = whose,
                       .dialect = dialect.value_or("")};
}

}  // namespace switchhook::app
