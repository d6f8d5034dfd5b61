#include "core/cli/deliveries_commands.hpp"

#include <algorithm>

#include "core/base/mask_numbers.hpp"
#include "core/cli/json_text.hpp"
#include "core/cli/text_table.hpp"

namespace switchhook::cli {
namespace {

constexpr char kPath[] = "/sip/deliveries";
constexpr std::size_t kShownBody = 16 * 1024;

Status not_understood(const ApiClient& api) {
    return {Code::internal,
            "the server at " + api.url().text() + " answered something that is no answer about deliveries"};
}

Result<Json> object_of(const ApiClient& api, const Result<std::string>& answer) {
    if (!answer) return answer.status();
    auto body = read_json(*answer);
    if (!body || !body->is_object()) return not_understood(api);
    return *std::move(body);
}

std::string query_of(const DeliveryFilter& filter) {
    std::string query;
    for (const auto& [name, value] : filter)
        query.append(query.empty() ? "?" : "&").append(name).append("=").append(encoded(value));
    return query;
}

std::string masked(const Json& object, std::initializer_list<const char*> keys) {
    return base::shown(cell(object, keys));
}

std::string deliveries_table(const Json& deliveries) {
    std::vector<Row> rows;
    for (const auto& each : deliveries)
        rows.push_back({cell(each, {"id"}), cell(each, {"appended_at"}), cell(each, {"event"}), cell(each, {"call"}),
                        cell(each, {"host"}), cell(each, {"state"}), cell(each, {"attempts"}), cell(each, {"due_at"}),
                        cell(each, {"last_outcome"})});
    if (rows.empty()) return "there are no such deliveries\n";
    return text_table({"ID", "ACCEPTED", "EVENT", "CALL", "HOOK", "STATE", "ATTEMPTS", "DUE", "LAST OUTCOME"}, rows);
}

std::string attempts_table(const Json& attempts) {
    std::vector<Row> rows;
    for (const auto& each : attempts)
        rows.push_back({cell(each, {"number"}), cell(each, {"at"}), cell(each, {"outcome"}), cell(each, {"status"}),
                        cell(each, {"address"}), cell(each, {"resolved_ms"}), cell(each, {"connected_ms"}),
                        cell(each, {"secured_ms"}), cell(each, {"answered_ms"}), cell(each, {"took_ms"}),
                        masked(each, {"answer"})});
    return text_table({"ATTEMPT", "AT", "OUTCOME", "STATUS", "ADDRESS", "RESOLVED MS", "CONNECTED MS", "SECURED MS",
                       "ANSWERED MS", "TOOK MS", "ANSWER"},
                      rows);
}

bool all_objects(const Json& list) {
    return list.is_array() && std::ranges::all_of(list, [](const Json& item) { return item.is_object(); });
}

std::string job_text(const Json& job, Form form) {
    return form == Form::json ? json_text(job) : fields_text(job);
}

Result<Json> begin_job(ApiClient& api, const DeliveryFilter& filter) {
    Json body = Json::object();
    for (const auto& [name, value] : filter) body[name] = value;
    return object_of(api, api.ask("POST", std::string(kPath) + "/requeue", compact(body)));
}

Result<Json> look_at_job(ApiClient& api, const std::string& job) {
    return object_of(api, api.ask("GET", std::string(kPath) + "/requeue/" + encoded(job)));
}

}  // namespace

Result<std::string> list_deliveries(ApiClient& api, const DeliveryFilter& filter, Form form) {
    const auto body = object_of(api, api.ask("GET", kPath + query_of(filter)));
    if (!body) return body.status();
    const auto list = body->find("deliveries");
    if (list == body->end() || !all_objects(*list)) return not_understood(api);
    if (form == Form::json) return json_text(*body);
    const std::string cursor = cell(*body, {"next"});
    return deliveries_table(*list) + (cursor.empty() ? "" : "there are more: --cursor " + plain(cursor) + "\n");
}

Result<std::string> show_delivery(ApiClient& api, const std::string& id, Form form) {
    auto body = object_of(api, api.ask("GET", std::string(kPath) + "/" + encoded(id)));
    if (!body) return body.status();
    if (form == Form::json) return json_text(*body);
    Json attempts = Json::array();
    if (body->contains("attempt_log") && all_objects((*body)["attempt_log"])) attempts = (*body)["attempt_log"];
    const std::string event = cell(*body, {"body"});
    body->erase("attempt_log");
    body->erase("body");
    std::string text = fields_text(*body);
    if (!attempts.empty()) text.append("\n").append(attempts_table(attempts));
    if (!event.empty()) text.append("\n").append(base::shown(event, kShownBody)).append("\n");
    return text;
}

Result<std::string> requeue_delivery(ApiClient& api, const std::string& id, Form form) {
    const auto body = object_of(api, api.ask("POST", std::string(kPath) + "/" + encoded(id) + "/requeue"));
    if (!body) return body.status();
    return job_text(*body, form);
}

Result<std::string> requeue_deliveries(ApiClient& api, const DeliveryFilter& filter, Form form) {
    const auto job = begin_job(api, filter);
    if (!job) return job.status();
    return job_text(*job, form);
}

Result<std::string> requeue_and_wait(ApiClient& api, const DeliveryFilter& filter, const std::function<void()>& pause,
                                     Form form) {
    auto job = begin_job(api, filter);
    while (job && cell(*job, {"state"}) == "running") {
        pause();
        job = look_at_job(api, cell(*job, {"id"}));
    }
    if (!job) return job.status();
    return job_text(*job, form);
}

Result<std::string> show_requeue_job(ApiClient& api, const std::string& job, Form form) {
    const auto body = look_at_job(api, job);
    if (!body) return body.status();
    return job_text(*body, form);
}

Result<std::string> cancel_requeue_job(ApiClient& api, const std::string& job, Form form) {
    const auto body = object_of(api, api.ask("DELETE", std::string(kPath) + "/requeue/" + encoded(job)));
    if (!body) return body.status();
    return job_text(*body, form);
}

}  // namespace switchhook::cli
