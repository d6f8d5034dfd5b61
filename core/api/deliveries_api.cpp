#include "core/api/deliveries_api.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/api/body.hpp"
#include "core/api/deliveries_json.hpp"
#include "core/api/query.hpp"
#include "core/api/times.hpp"

namespace switchhook::api {
namespace {

http::Response bad(const std::string& parameter, const std::string& why) {
    return error_response(400, "INVALID_PARAMETER", parameter + ": " + why);
}

http::Response no_delivery() {
    return error_response(404, "NOT_FOUND", "No such delivery.");
}

http::Response no_job() {
    return error_response(404, "NOT_FOUND", "No such requeue job.");
}

TenantScope scope_of(const Identity& caller) {
    return caller.is_operator ? TenantScope() : TenantScope(caller.tenant);
}

std::string lowercase(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

}  // namespace

DeliveriesApi::DeliveriesApi(Outbox& outbox, Requeueing requeueing, const routing::Hooks& hooks,
                             const Authentication& authentication, Log& log)
    : outbox_(outbox), requeueing_(std::move(requeueing)), hooks_(hooks), authentication_(authentication), log_(log) {}

http::Response DeliveriesApi::list(const http::Request& request) const {
    const auto identified = authentication_.identify(request);
    if (const auto* refused = std::get_if<http::Response>(&identified)) return *refused;
    auto parameters = query_parameters(request.query);
    std::erase_if(parameters, [](const auto& each) { return each.first == "api_key"; });
    const auto asked = read(parameters, std::get<Identity>(identified), true);
    if (const auto* refused = std::get_if<http::Response>(&asked)) return *refused;
    const auto& question = std::get<Question>(asked);
    if (question.nothing) return page_response({}, *hooks_.routes());
    const auto page = outbox_.list(question.query);
    return page ? page_response(*page, *hooks_.routes()) : failed(page.status());
}

http::Response DeliveriesApi::show(const http::Request& request) const {
    const auto identified = authentication_.identify(request);
    if (const auto* refused = std::get_if<http::Response>(&identified)) return *refused;
    const auto id = parse_id(request.parameter);
    if (!id) return no_delivery();
    const auto detail = outbox_.look_up(*id, scope_of(std::get<Identity>(identified)));
    if (detail) return detail_response(*detail, *hooks_.routes());
    return detail.status().code() == Code::not_found ? no_delivery() : failed(detail.status());
}

http::Response DeliveriesApi::requeue(const http::Request& request) const {
    const auto identified = authentication_.identify(request);
    if (const auto* refused = std::get_if<http::Response>(&identified)) return *refused;
    const auto id = parse_id(request.parameter);
    if (!id) return no_delivery();
    const auto made = requeueing_.one(*id, scope_of(std::get<Identity>(identified)));
    if (made) return requeued_response(*id, *made);
    return made.status().code() == Code::not_found ? no_delivery() : failed(made.status());
}

http::Response DeliveriesApi::begin_job(const http::Request& request) const {
    const auto identified = authentication_.identify(request);
    if (const auto* refused = std::get_if<http::Response>(&identified)) return *refused;
    const auto sent = read_texts(request);
    if (const auto* refused = std::get_if<http::Response>(&sent)) return *refused;
    const auto asked = read(std::get<Parameters>(sent), std::get<Identity>(identified), false);
    if (const auto* refused = std::get_if<http::Response>(&asked)) return *refused;
    const auto& question = std::get<Question>(asked);
    if (question.nothing) return bad("host", "there is no hook for it");
    const auto state = question.query.filter.state;
    if (state && *state != DeliveryState::dead && *state != DeliveryState::delivered)
        return bad("state", "only dead and delivered can be requeued");
    const auto job = requeueing_.begin(question.query.filter);
    if (!job) return failed(job.status());
    const auto& caller = std::get<Identity>(identified);
    log_.info("a requeue job began",
              {{"job", std::to_string(job->id)},
               {"by", caller.is_operator ? std::string_view("operator") : std::string_view(caller.tenant)}});
    http::Response response = job_response(202, *job);
    response.headers.emplace_back("Location", "/sip/deliveries/requeue/" + std::to_string(job->id));
    return response;
}

http::Response DeliveriesApi::show_job(const http::Request& request) const {
    const auto identified = authentication_.identify(request);
    if (const auto* refused = std::get_if<http::Response>(&identified)) return *refused;
    const auto id = parse_id(request.parameter);
    if (!id) return no_job();
    const auto job = outbox_.requeue_job(*id, scope_of(std::get<Identity>(identified)));
    if (job) return job_response(200, *job);
    return job.status().code() == Code::not_found ? no_job() : failed(job.status());
}

http::Response DeliveriesApi::cancel_job(const http::Request& request) const {
    const auto identified = authentication_.identify(request);
    if (const auto* refused = std::get_if<http::Response>(&identified)) return *refused;
    const auto id = parse_id(request.parameter);
    if (!id) return no_job();
    const auto job = requeueing_.cancel(*id, scope_of(std::get<Identity>(identified)));
    if (job) return job_response(200, *job);
    return job.status().code() == Code::not_found ? no_job() : failed(job.status());
}

std::variant<DeliveriesApi::Question, http::Response> DeliveriesApi::read(const Parameters& parameters,
                                                                          const Identity& caller, bool pages) const {
    Question question;
    question.query.limit = kPage;
    question.query.filter.tenant = scope_of(caller);
    std::set<std::string_view> seen;
    for (const auto& [name, value] : parameters) {
        if (!seen.insert(name).second) return bad(name, "stands twice");
        if (value.empty() || value.size() > kTextBytes)
            return bad(name, "must have 1 to " + std::to_string(kTextBytes) + " bytes");
        if (auto refused = read_one(name, value, pages, caller, question)) return *std::move(refused);
    }
    return question;
}

std::optional<http::Response> DeliveriesApi::read_one(const std::string& name, const std::string& value, bool pages,
                                                      const Identity& caller, Question& question) const {
    LogFilter& filter = question.query.filter;
    if (name == "host") {
        const std::string host = lowercase(value);
        // A tenant's own hook has the same id for ever; of the operator's view the host says which it is now.
        const auto routes = hooks_.routes();
        const auto found = std::ranges::find(routes->hooks(), host, &Hook::host);
        if (!caller.is_operator)
            filter.hook = routing::hook_id(host, caller.tenant);
        else if (found != routes->hooks().end())
            filter.hook = found->id;
        else
            question.nothing = true;
    } else if (name == "call") {
        filter.call = value;
    } else if (name == "event") {
        filter.event = value;
    } else if (name == "state") {
        filter.state = state_named(value);
        if (!filter.state) return bad(name, "must be waiting, delivered, dead or requeued");
    } else if (name == "since" || name == "until") {
        const auto time = parse_rfc3339(value);
        if (!time) return bad(name, "must be a time as in RFC 3339, such as 2026-11-22T12:00:00Z");
        (name == "since" ? filter.since_ms : filter.until_ms) = std::max<std::int64_t>(*time, 1);  // 0 would be none
    } else if (name == "limit" && pages) {
        const auto limit = parse_id(value);
        if (!limit || *limit > kLongestPage) return bad(name, "must be 1 to " + std::to_string(kLongestPage));
        question.query.limit = *limit;
    } else if (name == "cursor" && pages) {
        const auto before = id_of_cursor(value);
        if (!before) return bad(name, "must be the `next` of an earlier page");
        question.query.before = *before;
    } else {
        return bad(name, "unknown; known are host, call, event, state, since, until" +
                             std::string(pages ? ", limit, cursor" : ""));
    }
    return std::nullopt;
}

http::Response DeliveriesApi::failed(const Status& status) const {
    switch (status.code()) {
        case Code::invalid:
            return error_response(400, "INVALID_PARAMETER", status.message());
        case Code::conflict:
            return error_response(409, "CONFLICT", status.message());
        case Code::full:
        case Code::unavailable: {
            log_.warning("the log of deliveries cannot be used", {{"why", status.message()}});
            http::Response response =
                error_response(503, "UNAVAILABLE", "The log of deliveries cannot be used now; try again later.");
            response.headers.emplace_back("Retry-After", "5");
            return response;
        }
        default:
            // The text may name files of ours.
            log_.error("the log of deliveries failed", {{"why", status.message()}});
            return error_response(500, "STORE_FAILED", "The log of deliveries failed.");
    }
}

}  // namespace switchhook::api
