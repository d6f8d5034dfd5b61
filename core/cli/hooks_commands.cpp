#include "core/cli/hooks_commands.hpp"

#include <algorithm>
#include <utility>

#include "core/cli/json_text.hpp"
#include "core/cli/text_table.hpp"

namespace switchhook::cli {
namespace {

Status not_understood(const ApiClient& api) {
    return {Code::internal, "the server at " + api.url().text() + " answered something else than a list of hooks"};
}

Result<Json> hooks_of(const ApiClient& api, const std::string& answer) {
    auto body = read_json(answer);
    if (!body || !body->is_object() || !body->contains("hooks") || !(*body)["hooks"].is_array())
        return not_understood(api);
    Json hooks = std::move((*body)["hooks"]);
    if (!std::ranges::all_of(hooks, [](const Json& hook) { return hook.is_object(); })) return not_understood(api);
    return hooks;
}

std::string rate_text(const Json& hook) {
    const auto rate = hook.find("rate");
    if (rate == hook.end() || !rate->is_object()) return {};
    return cell(*rate, {"per_second"}) + "/s, burst " + cell(*rate, {"burst"});
}

std::string hooks_table(const Json& hooks) {
    std::vector<Row> rows;
    for (const auto& hook : hooks)
        rows.push_back({cell(hook, {"host"}), cell(hook, {"url"}), cell(hook, {"auth_id"}), cell(hook, {"dialect"}),
                        cell(hook, {"events"}), cell(hook, {"retry"}), cell(hook, {"concurrency"}), rate_text(hook),
                        cell(hook, {"max_age"}), cell(hook, {"paused"}), cell(hook, {"breaker"})});
    if (rows.empty()) return "there are no hooks\n";
    return text_table(
        {"HOST", "URL", "TENANT", "DIALECT", "EVENTS", "RETRY", "CONCURRENCY", "RATE", "MAX AGE", "PAUSED", "BREAKER"},
        rows);
}

// Programs get every answer as the API gave it.
Result<std::string> shown(const ApiClient& api, const std::string& answer, Form form) {
    const auto hooks = hooks_of(api, answer);
    if (!hooks) return hooks.status();
    return form == Form::json ? json_text(*read_json(answer)) : hooks_table(*hooks);
}

std::string body_of(const WantedHook& wanted) {
    Json hook = {{"host", wanted.host}, {"url", wanted.url}};
    if (!wanted.auth_id.empty()) hook["auth_id"] = wanted.auth_id;
    if (!wanted.dialect.empty()) hook["dialect"] = wanted.dialect;
    if (!wanted.events.empty()) hook["events"] = wanted.events;
    if (!wanted.retry.empty()) hook["retry"] = wanted.retry;
    if (wanted.concurrency) hook["concurrency"] = *wanted.concurrency;
    if (wanted.rate) hook["rate"] = {{"per_second", wanted.rate->per_second}, {"burst", wanted.rate->burst}};
    for (const auto& [event, age] : wanted.max_age) hook["max_age"][event] = age;
    Json body = Json::object();
    body["hooks"] = Json::array();
    body["hooks"].push_back(std::move(hook));
    return compact(body);
}

Result<std::string> act(ApiClient& api, const std::string& host, const char* action, const std::string& json = {}) {
    return api.ask("POST", "/sip/hooks/" + encoded(host) + "/" + action, json);
}

// What an action answered; without a word it is `done`.
std::string action_text(const std::string& answer, const std::string& done, Form form) {
    const auto body = read_json(answer);
    if (form == Form::json) return body ? json_text(*body) : answer;
    return done + "\n" + (body && body->is_object() ? fields_text(*body) : std::string());
}

}  // namespace

Result<std::vector<Hook>> hooks_of_server(ApiClient& api) {
    const auto answer = api.ask("GET", "/sip/hooks");
    if (!answer) return answer.status();
    const auto listed = hooks_of(api, *answer);
    if (!listed) return listed.status();
    std::vector<Hook> hooks;
    for (const auto& each : *listed) {
        Hook& hook = hooks.emplace_back();
        hook.host = cell(each, {"host"});
        hook.url = cell(each, {"url"});
        hook.auth_id = cell(each, {"auth_id"});
        hook.dialect = cell(each, {"dialect"});
        if (const auto events = each.find("events"); events != each.end() && events->is_array())
            for (const auto& event : *events) hook.events.push_back(cell(event));
    }
    return hooks;
}

Result<std::string> list_hooks(ApiClient& api, Form form) {
    const auto answer = api.ask("GET", "/sip/hooks");
    return answer ? shown(api, *answer, form) : answer.status();
}

Result<std::string> add_hook(ApiClient& api, const WantedHook& hook, Form form) {
    const auto answer = api.ask("POST", "/sip/hooks", body_of(hook));
    return answer ? shown(api, *answer, form) : answer.status();
}

Result<std::string> remove_hooks(ApiClient& api, std::span<const std::string> hosts, Form form) {
    Json body = Json::object();
    body["hosts"] = std::vector<std::string>(hosts.begin(), hosts.end());
    const auto answer = api.ask("DELETE", "/sip/hooks", compact(body));
    return answer ? shown(api, *answer, form) : answer.status();
}

Result<std::string> pause_hook(ApiClient& api, const std::string& host, const std::string& reason, Form form) {
    const auto answer = act(api, host, "pause", reason.empty() ? std::string() : compact({{"reason", reason}}));
    if (!answer) return answer.status();
    return action_text(*answer, plain(host) + " is paused: its events wait", form);
}

Result<std::string> resume_hook(ApiClient& api, const std::string& host, Form form) {
    const auto answer = act(api, host, "resume");
    if (!answer) return answer.status();
    return action_text(*answer, plain(host) + " is resumed", form);
}

Result<Tested> test_hook(ApiClient& api, const std::string& host, Form form) {
    const auto answer = act(api, host, "test");
    if (!answer) return answer.status();
    const auto body = read_json(*answer);
    if (!body || !body->is_object())
        return Status(Code::internal, "the server at " + api.url().text() + " did not answer what the test came to");
    const std::string outcome = cell(*body, {"outcome"});
    const bool delivered = outcome == "delivered";
    return Tested{.text = action_text(*answer, "test event to " + plain(host) + ": " + plain(outcome), form),
                  .delivered = delivered};
}

}  // namespace switchhook::cli
