#include "core/cli/hooks_transfer.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "core/api/authentication.hpp"
#include "core/cli/json_text.hpp"
#include "core/cli/text_table.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::cli {
namespace {

constexpr char kToken[] = "import";  // of an API that lives in this process only

// What the API would log is said by the command.
class NoLog final : public Log {
public:
    void write(Level, std::string_view, std::span<const Field>) override {}
};

// Takes what the API puts, and keeps it in memory.
class Staging final : public HookStore {
public:
    explicit Staging(HookTable stored) : stored_(std::move(stored)) {}

    Result<HookTable> load() override { return stored_; }
    Result<HookTable> apply(const HookChange& change) override {
        for (const auto& hook : change.put)
            if (!put.emplace(hook.host, hook).second && twice.empty()) twice = hook.host;
        return stored_;
    }

    std::map<std::string, Hook> put;
    std::string twice;  // a host that came in two requests

private:
    HookTable stored_;
};

// id and configured are the host's to set.
bool same(Hook one, Hook other) {
    one.id = other.id = 0;
    one.configured = other.configured = false;
    return one == other;
}

Status invalid(std::string why) {
    return {Code::invalid, std::move(why)};
}

// {"hooks": [...]} or the list alone, in requests of as many hooks as the API takes.
Result<std::vector<std::string>> requests_of(const std::string& json) {
    auto document = read_json(json);
    if (!document) return invalid("what is to be imported is no JSON");
    if (document->is_object() && document->contains("hooks")) *document = Json((*document)["hooks"]);
    if (!document->is_array())
        return invalid("what is to be imported is neither {\"hooks\": [...]} nor a list of hooks");
    std::vector<std::string> requests;
    for (std::size_t begin = 0; begin < document->size(); begin += api::HooksApi::kHooksPerRequest) {
        Json part = Json::object();
        part["hooks"] = Json::array();
        const auto end = std::min(begin + api::HooksApi::kHooksPerRequest, document->size());
        for (std::size_t i = begin; i < end; ++i) part["hooks"].push_back(std::move((*document)[i]));
        requests.push_back(compact(part));
    }
    return requests;
}

std::string text_of(const http::Response& refused) {
    const auto body = read_json(refused.body);
    return body && body->is_object() ? cell(*body, {"message", "error"}) : refused.body;
}

api::Authentication as_operator(bool required) {
    config::Auth auth;
    auth.required = required;
    if (required)
        auth.api_secrets.push_back(
            {.id = "import", .secret = kToken, .role = config::Role::operator_, .role_was_given = true});
    return api::Authentication(std::move(auth));
}

Import compared(const Staging& staging, const HookTable& stored) {
    std::map<std::string_view, const Hook*> known;
    for (const auto& hook : stored) known.emplace(hook.host, &hook);
    Import import;
    for (const auto& [host, hook] : staging.put) {
        const auto found = known.find(host);
        if (found == known.end())
            import.added.push_back(hook);
        else if (same(*found->second, hook))
            import.unchanged.push_back(host);
        else
            import.replaced.push_back(hook);
    }
    return import;
}

std::vector<const Hook*> pointers(const std::vector<Hook>& hooks) {
    std::vector<const Hook*> made;
    made.reserve(hooks.size());
    for (const auto& hook : hooks) made.push_back(&hook);
    return made;
}

Json hooks_json(const std::vector<Hook>& hooks) {
    return std::move((*read_json(api::hooks_response(pointers(hooks)).body))["hooks"]);
}

}  // namespace

std::string export_text(const HookTable& stored) {
    return json_text({{"hooks", hooks_json(stored)}});
}

HookChange Import::change() const {
    HookChange made{.put = added, .remove = {}};
    made.put.insert(made.put.end(), replaced.begin(), replaced.end());
    return made;
}

Result<Import> read_import(const std::string& json, const HookTable& stored, ImportRules rules) {
    const auto requests = requests_of(json);
    if (!requests) return requests.status();
    Staging staging(stored);
    routing::Hooks hooks(std::move(rules.configured), &staging, std::move(rules.matchers));
    if (Status loaded = hooks.load(); !loaded) return loaded;
    const auto authentication = as_operator(rules.auth_required);
    NoLog log;
    api::HooksApi api(hooks, rules.forwarder, authentication, rules.rules, log);
    for (std::size_t i = 0; i < requests->size(); ++i) {
        http::Request request;
        request.method = "POST";
        request.path = "/sip/hooks";
        request.headers = {{"Content-Type", "application/json"}, {"Authorization", std::string("Bearer ") + kToken}};
        request.body = (*requests)[i];
        const auto answer = api.put(request);
        const auto first = i * api::HooksApi::kHooksPerRequest;
        const std::string counted = first == 0 ? "" : " (hooks are counted from number " + std::to_string(first) + ")";
        if (answer.status != 200) return invalid(text_of(answer) + counted);
        if (!staging.twice.empty()) return invalid("Validation error: Duplicate host detected: " + staging.twice);
    }
    return compared(staging, stored);
}

std::string import_text(const Import& import, bool done, Form form) {
    if (form == Form::json)
        return json_text({{"imported", done},
                          {"added", hooks_json(import.added)},
                          {"replaced", hooks_json(import.replaced)},
                          {"unchanged", import.unchanged}});
    std::vector<Row> rows;
    for (const auto& hook : import.added)
        rows.push_back({done ? "added" : "would add", hook.host, hook.url, hook.auth_id});
    for (const auto& hook : import.replaced)
        rows.push_back({done ? "replaced" : "would replace", hook.host, hook.url, hook.auth_id});
    for (const auto& host : import.unchanged) rows.push_back({"is there", host, "", ""});
    if (rows.empty()) return "there is nothing to import\n";
    return text_table({"", "HOST", "URL", "TENANT"}, rows);
}

}  // namespace switchhook::cli
