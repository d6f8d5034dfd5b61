#include "core/api/deliveries_json.hpp"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/api/times.hpp"

namespace switchhook::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<DeliveryState, std::string_view>, 4> kStates{{{DeliveryState::waiting, "waiting"},
                                                                             {DeliveryState::delivered, "delivered"},
                                                                             {DeliveryState::dead, "dead"},
                                                                             {DeliveryState::requeued, "requeued"}}};

// An answer of a receiver may hold any bytes: what is not UTF-8 becomes the replacement character.
http::Response answer(int status, const Json& body) {
    return {.status = status,
            .body = body.dump(-1, ' ', false, Json::error_handler_t::replace),
            .content_type = "application/json",
            .headers = {}};
}

Json time_or_null(std::int64_t unix_ms) {
    return unix_ms == 0 ? Json(nullptr) : Json(rfc3339(unix_ms));
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

// Milliseconds with their fraction; null: that phase was not reached, or not needed.
Json phase(std::uint32_t us) {
    return us == 0 ? Json(nullptr) : Json(static_cast<double>(us) / 1000);
}

Json shown(const LoggedDelivery& delivery, const routing::Routes& routes) {
    const Hook* hook = routes.find(delivery.hook);
    Json out{{"id", std::to_string(delivery.id)},
             {"event_id", delivery.event_id},
             {"event", delivery.event},
             {"call", text_or_null(delivery.call)},
             {"host", hook == nullptr ? Json(nullptr) : Json(hook->host)},
             {"auth_id", delivery.tenant},
             {"state", state_name(delivery.state)},
             {"attempts", delivery.attempts},
             {"appended_at", rfc3339(delivery.appended_ms)},
             {"due_at", time_or_null(delivery.due_ms)},
             {"last_outcome", text_or_null(delivery.code)},
             {"last_outcome_at", time_or_null(delivery.settled_ms)}};
    out["requeued_as"] = delivery.successor == 0 ? Json(nullptr) : Json(std::to_string(delivery.successor));
    return out;
}

Json shown(const LoggedAttempt& attempt) {
    return {{"number", attempt.number},
            {"at", rfc3339(attempt.at_ms)},
            {"outcome", attempt.code},
            {"status", attempt.status == 0 ? Json(nullptr) : Json(attempt.status)},
            {"address", text_or_null(attempt.address)},
            {"resolved_ms", phase(attempt.resolved_us)},
            {"connected_ms", phase(attempt.connected_us)},
            {"secured_ms", phase(attempt.secured_us)},
            {"answered_ms", phase(attempt.answered_us)},
            {"took_ms", static_cast<double>(attempt.took_us) / 1000},
            {"answer", attempt.answer}};
}

std::string_view state_name(RequeueJob::State state) {
    switch (state) {
        case RequeueJob::State::running:
            return "running";
        case RequeueJob::State::done:
            return "done";
        case RequeueJob::State::cancelled:
            break;
    }
    return "cancelled";
}

}  // namespace

std::string_view state_name(DeliveryState state) {
    for (const auto& [each, name] : kStates)
        if (each == state) return name;
    return "unknown";
}

std::optional<DeliveryState> state_named(std::string_view name) {
    for (const auto& [state, each] : kStates)
        if (each == name) return state;
    return std::nullopt;
}

std::string cursor_of(DeliveryId next) {
    char text[16];
    const auto end = std::to_chars(std::begin(text), std::end(text), next, 16);
    return "c" + std::string(std::begin(text), end.ptr);
}

std::optional<DeliveryId> id_of_cursor(std::string_view cursor) {
    if (!cursor.starts_with('c')) return std::nullopt;
    cursor.remove_prefix(1);
    DeliveryId id = 0;
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), id, 16);
    if (error != std::errc() || end != cursor.data() + cursor.size() || id == 0) return std::nullopt;
    return id;
}

std::optional<std::uint64_t> parse_id(std::string_view text) {
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (id == 0 || text.front() == '0') return std::nullopt;
    return id;
}

http::Response page_response(const LogPage& page, const routing::Routes& routes) {
    Json list = Json::array();
    for (const auto& each : page.deliveries) list.push_back(shown(each, routes));
    return answer(
        200, {{"deliveries", std::move(list)}, {"next", page.next == 0 ? Json(nullptr) : Json(cursor_of(page.next))}});
}

http::Response detail_response(const DeliveryDetail& detail, const routing::Routes& routes) {
    Json out = shown(detail.delivery, routes);
    Json attempts = Json::array();
    for (const auto& each : detail.attempts) attempts.push_back(shown(each));
    out["attempt_log"] = std::move(attempts);
    out["body"] = detail.body;
    return answer(200, out);
}

http::Response requeued_response(DeliveryId old, DeliveryId made) {
    return answer(202, {{"id", std::to_string(made)}, {"requeued", std::to_string(old)}});
}

http::Response job_response(int status, const RequeueJob& job) {
    const bool ended = job.state == RequeueJob::State::done;
    const double share = job.end == 0 ? 1 : static_cast<double>(job.reached) / static_cast<double>(job.end);
    return answer(status, {{"id", std::to_string(job.id)},
                           {"state", state_name(job.state)},
                           {"requeued", job.requeued},
                           {"progress", ended ? 1.0 : share},
                           {"began_at", rfc3339(job.began_ms)},
                           {"ended_at", time_or_null(job.ended_ms)}});
}

}  // namespace switchhook::api
