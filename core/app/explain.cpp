// `switchhook explain`.
#include <utility>

#include "core/app/answer.hpp"
#include "core/app/commands.hpp"
#include "core/app/hook_rules.hpp"
#include "core/app/loading.hpp"
#include "core/app/remote.hpp"
#include "core/cli/explain.hpp"
#include "core/cli/hooks_commands.hpp"
#include "core/cli/made_up_call.hpp"
#include "core/cli/recording.hpp"
#include "core/livekit/reader.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::app {
namespace {

// Hooks that were read elsewhere; there is nothing to change.
class ReadHooks final : public HookStore {
public:
    explicit ReadHooks(HookTable table) : table_(std::move(table)) {}
    Result<HookTable> load() override { return table_; }
    Result<HookTable> apply(const HookChange&) override {
        return Status(Code::internal, "these hooks are only explained");
    }

private:
    HookTable table_;
};

// The matchers' life around their use.
class Started {
public:
    explicit Started(std::vector<Matcher*> matchers) : matchers_(std::move(matchers)) {
        for (auto* matcher : matchers_)
            if (status_) status_ = matcher->start();
    }
    ~Started() {
        for (auto* matcher : matchers_) matcher->stop();
    }
    Started(const Started&) = delete;
    Started& operator=(const Started&) = delete;
    const Status& status() const { return status_; }

private:
    std::vector<Matcher*> matchers_;
    Status status_;
};

// The webhook in question: a file's, or that of a call with these headers.
Result<std::string> asked_body(const CommandLine& line, const std::string& room_prefix) {
    const bool call = line.has("to") || line.has("header");
    if (line.has("event") == call)
        return Status(Code::invalid, call ? "--event is a whole webhook: it does not go with --to and --header"
                                          : "say what to explain: --to, --header or --event");
    if (line.has("event")) {
        auto body = cli::read_text(line.text("event"));
        if (!body) return Status(Code::not_found, body.status().message());
        return body;
    }
    cli::MadeUpCall made{.room_prefix = room_prefix, .mark = "explained", .headers = {}, .unix_seconds = 1};
    if (line.has("to")) made.headers.emplace_back("To", line.text("to"));
    for (const auto& text : line.all("header")) {
        auto header = cli::sip_header(text);
        if (!header) return header.status();
        made.headers.push_back(std::move(header).value());
    }
    return cli::joined_webhook_of(made);
}

// The hooks beside the configured ones, and where they come from.
Result<std::pair<HookTable, std::string>> further_hooks(const CommandLine& line, const Loaded& loaded) {
    if (line.has("server")) {
        const auto server = asked_server(line);
        if (!server) return server.status();
        cli::ApiClient api(*server, token());
        auto hooks = cli::hooks_of_server(api);
        if (!hooks) return hooks.status();
        return std::pair{std::move(hooks).value(), "the server at " + server->text()};
    }
    const auto& config = loaded.configuration.config;
    const std::string name =
        "the hook store '" + (config.hook_store_is_storage ? config.storage.use : config.hook_store.use) + "'";
    auto hooks = loaded.assembly->hook_store->look();
    if (!hooks)
        return Status(hooks.status().code() == Code::invalid ? Code::corrupt : hooks.status().code(),
                      hooks.status().message() + "\n" + name +
                          " cannot be read from here; with --server URL a running server is asked for its hooks");
    return std::pair{std::move(hooks).value(), name};
}

Result<std::string> explanation(const CommandLine& line, const Loaded& loaded) {
    const auto& config = loaded.configuration.config;
    const std::string prefix = config.sip ? config.sip->room_prefix : "";
    auto body = asked_body(line, prefix);
    if (!body) return body.status();
    const auto event = livekit::Reader().read(std::move(body).value());
    if (!event) return Status(Code::corrupt, "a server would answer 400: " + event.status().message());
    if (!config.sip) return std::string("there is no sip block: nothing is matched, and nobody gets anything\n");
    auto further = further_hooks(line, loaded);
    if (!further) return further.status();

    Assembly& assembly = *loaded.assembly;
    std::vector<Matcher*> matchers;
    for (const auto& matcher : assembly.matchers) matchers.push_back(matcher.get());
    ReadHooks store(std::move(further->first));
    routing::Hooks hooks(configured_hooks(config), &store, std::move(assembly.matchers));
    const Started started(std::move(matchers));
    if (!started.status()) return started.status();
    if (Status read = hooks.load(); !read) return read;

    delivery::Dialects dialects(config.delivery.dialect);
    for (const auto& [name, dialect] : assembly.dialects) dialects.add(name, *dialect);
    std::vector<std::string> names;
    for (const auto& instance : config.matchers) names.push_back(instance.use);
    return cli::explain((*event)->event(),
                        {.routes = *hooks.routes(),
                         .matchers = names,
                         .dialects = dialects,
                         .room_prefix = prefix,
                         .stored_in = further->second},
                        form(line));
}

}  // namespace

int run_explain(const CommandLine& line) {
    const auto loaded = load(line);
    if (!loaded->problems.empty()) return refused(loaded->problems);
    return answer(line, explanation(line, *loaded));
}

}  // namespace switchhook::app
