#include "core/app/command_table.hpp"

#include <algorithm>
#include <iterator>

#include "core/app/commands.hpp"

namespace switchhook::app {
namespace {

constexpr OptionRow kServer{.name = "server",
                            .argument = "URL",
                            .help = "of the running server; else $SWITCHHOOK_SERVER, else http://127.0.0.1:3001"};
constexpr OptionRow kJson{.name = "json", .argument = nullptr, .help = "answer in JSON, for programs"};
constexpr OptionRow kHeader{
    .name = "header", .argument = "'NAME: VALUE'", .help = "a further SIP header of the call", .repeatable = true};

constexpr OptionRow kHost{.name = "host", .argument = "HOST", .help = "of the hook"};
constexpr OptionRow kCall{.name = "call", .argument = "ID", .help = "sip.callID, SCL_..."};
constexpr OptionRow kEventName{.name = "event", .argument = "NAME", .help = "such as participant_joined"};
constexpr OptionRow kState{.name = "state", .argument = "STATE", .help = "waiting, delivered, dead or requeued"};
constexpr OptionRow kSince{
    .name = "since", .argument = "TIME", .help = "accepted then or later; see docs/deliveries-api.md"};
constexpr OptionRow kUntil{.name = "until", .argument = "TIME", .help = "accepted before"};

constexpr OptionRow kOfCheck[] = {
    {.name = "show",
     .argument = nullptr,
     .help = "print the merged configuration and where each value comes from, secrets masked"},
    {.name = "schema", .argument = nullptr, .help = "print the JSON schema of the configuration"}};
constexpr OptionRow kOfProvision[] = {
    {.name = "plan",
     .argument = nullptr,
     .help = "only print what would be changed; exit code 2 when there is something"}};
constexpr OptionRow kOfSecret[] = {
    {.name = "tenant", .argument = "ID", .help = "auth_id of the tenant"},
    {.name = "dialect", .argument = "NAME", .help = "in the form of this dialect, not of the one that its hooks have"}};
constexpr OptionRow kRemote[] = {kServer, kJson};
constexpr OptionRow kOfHooksAdd[] = {
    {.name = "tenant", .argument = "ID", .help = "auth_id of the tenant that the hook belongs to"},
    {.name = "dialect", .argument = "NAME", .help = "instead of delivery.dialect"},
    {.name = "event", .argument = "NAME", .help = "only this event, and others that are named", .repeatable = true},
    {.name = "retry", .argument = "PROFILE", .help = "instead of delivery.retry"},
    {.name = "concurrency", .argument = "N", .help = "calls under way at once, instead of delivery.concurrency"},
    {.name = "rate", .argument = "N[/BURST]", .help = "events per second, and at once after a pause"},
    {.name = "max-age",
     .argument = "EVENT=TIME",
     .help = "events of this name are not sent when older",
     .repeatable = true},
    kServer,
    kJson};
constexpr OptionRow kOfPause[] = {
    {.name = "reason", .argument = "TEXT", .help = "for whoever looks at the hook meanwhile"}, kServer, kJson};
constexpr OptionRow kOfImport[] = {
    {.name = "replace", .argument = nullptr, .help = "also replace hooks that the store has and that differ"}, kJson};
constexpr OptionRow kOfList[] = {kHost,
                                 kCall,
                                 kEventName,
                                 kState,
                                 kSince,
                                 kUntil,
                                 {.name = "limit", .argument = "N", .help = "at most so many"},
                                 {.name = "cursor", .argument = "CURSOR", .help = "go on where a list ended"},
                                 kServer,
                                 kJson};
constexpr OptionRow kOfRequeue[] = {
    kHost,
    kCall,
    kEventName,
    kState,
    kSince,
    kUntil,
    {.name = "wait", .argument = nullptr, .help = "until the job has ended"},
    {.name = "job", .argument = "JOB", .help = "say how far that job is"},
    {.name = "cancel", .argument = nullptr, .help = "with --job: end it; what was requeued stays so"},
    kServer,
    kJson};
constexpr OptionRow kOfExplain[] = {
    {.name = "to", .argument = "VALUE", .help = "the To header of a call, such as 'sip:+1@a.example'"},
    kHeader,
    {.name = "event", .argument = "FILE", .help = "the body of a webhook instead; - is standard input"},
    {.name = "server",
     .argument = "URL",
     .help = "ask that server for its hooks instead of looking into the hook store"},
    kJson};
constexpr OptionRow kOfSimulate[] = {
    {.name = "to", .argument = "VALUE", .help = "the To header of the calls"},
    kHeader,
    {.name = "calls", .argument = "N", .help = "so many of them; 1 without"},
    {.name = "rate",
     .argument = "R",
     .help = "begin so many calls (or rooms) per second; without, as fast as answers come"},
    {.name = "recording", .argument = "PATH", .help = "play this instead: .jsonl, a folder of bodies, or one body"},
    kServer,
    kJson};

constexpr CommandRow kCommands[] = {
    {"serve", "", 0, 0, Sources::standard, "run the server until SIGTERM or SIGINT", {}, run_serve},
    {"check", "", 0, 0, Sources::standard, "check the configuration, the plugins and the stores; change nothing",
     kOfCheck, run_check},
    {"plugins", "", 0, 0, Sources::named, "list the plugins, their contracts and settings", {}, run_plugins},
    {"provision", "", 0, 0, Sources::standard, "bring LiveKit's SIP trunk and dispatch rule to the wanted state, once",
     kOfProvision, run_provision},
    {"secret", "", 0, 0, Sources::standard,
     "print the secret that a tenant's events are signed with (sip.hook_secrets: derived)", kOfSecret, run_secret},
    {"explain", "", 0, 0, Sources::standard, "say step by step whose a call would be, and why", kOfExplain,
     run_explain},
    {"simulate", "", 0, 0, Sources::standard,
     "play calls into a server, signed with LiveKit's key of the configuration", kOfSimulate, run_simulate},
    {"hooks list", "", 0, 0, Sources::none, "list the hooks of a running server", kRemote, run_hooks_list},
    {"hooks add", "HOST URL", 2, 2, Sources::none, "add a hook, or replace the one of that host", kOfHooksAdd,
     run_hooks_add},
    {"hooks remove", "HOST...", 1, kAnyNumber, Sources::none, "remove hooks", kRemote, run_hooks_remove},
    {"hooks pause", "HOST", 1, 1, Sources::none, "let the events of a hook wait", kOfPause, run_hooks_pause},
    {"hooks resume", "HOST", 1, 1, Sources::none, "send them again", kRemote, run_hooks_resume},
    {"hooks test", "HOST", 1, 1, Sources::none, "send a marked test event and say what became of it", kRemote,
     run_hooks_test},
    {"hooks export",
     "",
     0,
     0,
     Sources::standard,
     "print the hooks of the configured hook store as JSON",
     {},
     run_hooks_export},
    {"hooks import", "[FILE]", 0, 1, Sources::standard,
     "put exported hooks into the configured hook store, all or none; without FILE from standard input", kOfImport,
     run_hooks_import},
    {"deliveries list", "", 0, 0, Sources::none, "list deliveries, the newest first", kOfList, run_deliveries_list},
    {"deliveries show", "ID", 1, 1, Sources::none, "show a delivery with its attempts and its event", kRemote,
     run_deliveries_show},
    {"deliveries requeue", "[ID]", 0, 1, Sources::none,
     "send one delivery once more, or begin a job for all that the options name", kOfRequeue, run_deliveries_requeue},
    {"backup",
     "FILE",
     1,
     1,
     Sources::standard,
     "copy the store to a new file, also while a server runs",
     {},
     run_backup},
    {"reload",
     "",
     0,
     0,
     Sources::none,
     "let the running service read its configuration anew; what systemctl reload runs",
     {},
     run_reload},
    {"version", "", 0, 0, Sources::named, "print the version", {}, run_version},
};

constexpr char kHead[] =
    "usage: switchhook COMMAND [--config SOURCE]...\n"
    "\n"
    "Receives LiveKit's webhooks for SIP calls and delivers each to the tenant whose call it is.\n"
    "\n";
constexpr char kFoot[] =
    "\n"
    "options\n"
    "  --config SOURCE   file:PATH or env; repeatable, a later source wins value by value\n"
    "                    (without any: file:/etc/switchhook/switchhook.yaml, then env)\n"
    "  --help            this text; with a command, that command's\n"
    "\n"
    "Commands that ask a running server send the token in $SWITCHHOOK_TOKEN, when there is one.\n"
    "\n"
    "exit codes: 0 well, 2 changes are pending (provision --plan), 64 wrong usage, 69 a needed service (or the asked "
    "server)\n"
    "is missing, 78 configuration, 70 anything else\n";
constexpr std::size_t kColumn = 28;

std::string in_columns(std::string left, const char* right) {
    if (left.size() + 2 > kColumn)
        left.append("\n").append(kColumn, ' ');
    else
        left.append(kColumn - left.size(), ' ');
    return left.append(right).append("\n");
}

std::string text_of(const CommandRow& row) {
    std::string left = std::string("  ") + row.words;
    if (*row.arguments != '\0') left.append(" ").append(row.arguments);
    std::string text = in_columns(std::move(left), row.summary);
    for (const auto& option : row.options) {
        std::string name = "    --" + std::string(option.name);
        if (option.argument != nullptr) name.append(" ").append(option.argument);
        text.append(in_columns(std::move(name), option.help));
    }
    return text;
}

}  // namespace

std::span<const CommandRow> command_table() {
    return kCommands;
}

const CommandRow* find_command(std::string_view words) {
    const auto* const found =
        std::ranges::find(kCommands, words, [](const CommandRow& row) -> std::string_view { return row.words; });
    return found == std::end(kCommands) ? nullptr : found;
}

std::string usage(const std::string& words) {
    std::string commands;
    for (const auto& row : command_table()) {
        const std::string_view name = row.words;
        if (!words.empty() && (name == words || name.starts_with(words + " "))) commands.append(text_of(row));
    }
    if (!commands.empty()) return "usage: switchhook " + words + "\n\n" + commands;
    for (const auto& row : command_table()) commands.append(text_of(row));
    return kHead + ("commands\n" + commands) + kFoot;
}

}  // namespace switchhook::app
