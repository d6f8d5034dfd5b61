#include "core/pipeline/intake.hpp"

#include <utility>

#include "core/base/mask_numbers.hpp"

namespace switchhook::pipeline {
namespace {

using livekit::ReadEvent;
using livekit::Verdict;

constexpr std::chrono::seconds kRefusalInterval{10};
constexpr std::size_t kReasons = 32;

}  // namespace

Intake::Intake(std::string room_prefix, const livekit::Verifier& verifier, const routing::Hooks& hooks,
               Committer* committer, metrics::Metrics& metrics, Log& log, const Clock& clock)
    : room_prefix_(std::move(room_prefix)),
      verifier_(verifier),
      hooks_(hooks),
      committer_(committer),
      metrics_(metrics),
      log_(log),
      clock_(clock),
      refusals_(base::LogLimit<std::string>(kRefusalInterval, kReasons)) {}

Intake::~Intake() = default;

void Intake::receive(http::Request request, http::Exchange exchange) {
    const auto received = clock_.steady();
    metrics_.webhooks_received.Increment();
    const Verdict verdict = verifier_.verify(request.header("Authorization"), request.body);
    if (verdict != Verdict::ok) {
        const int status = verdict == Verdict::no_key_configured ? 503 : 401;
        refuse(exchange, status, livekit::verdict_name(verdict), request.peer, {}, received);
        return;
    }
    metrics_.webhooks_verified.Increment();
    auto event = read(std::move(request.body));
    if (!event) {
        refuse(exchange, 400, "unreadable", request.peer, event.status().message(), received);
        return;
    }
    route(std::move(event).value(), std::move(exchange), received);
}

void Intake::route(std::shared_ptr<const ReadEvent> read_event, http::Exchange exchange, TimePoint received) {
    const Event& event = read_event->event();
    if (!committer_) {
        answer(exchange, accepted(), received);
        return;
    }
    if (event.room_name.empty() || !event.room_name.starts_with(room_prefix_)) {
        (event.room_name.empty() ? metrics_.events_unmatched : metrics_.events_not_sip).Increment();
        answer(exchange, accepted(), received);
        return;
    }
    Arrival arrival{.event = std::move(read_event),
                    .routes = nullptr,
                    .matches = {},
                    .host = {},
                    .may_park = true,
                    .received = received,
                    .exchange = std::move(exchange)};
    if (!event.call_id().empty()) {  // the others follow their room or participant
        arrival.routes = hooks_.routes();
        Matches found = arrival.routes->match(event);
        arrival.host = std::move(found.host);
        arrival.matches.reserve(found.hooks.size());
        for (const HookId id : found.hooks)
            if (const Hook* hook = arrival.routes->find(id))
                arrival.matches.push_back({.hook = id, .tenant = hook->auth_id});
    }
    if (committer_->offer(arrival)) return;
    metrics_.events_full.Increment();
    answer(arrival.exchange, try_later(), received);
}

Result<std::shared_ptr<const ReadEvent>> Intake::read(std::string body) {
    auto reader = readers_.with([](auto& idle) -> std::unique_ptr<livekit::Reader> {
        if (idle.empty()) return nullptr;
        auto taken = std::move(idle.back());
        idle.pop_back();
        return taken;
    });
    if (!reader) reader = std::make_unique<livekit::Reader>();
    auto event = reader->read(std::move(body));
    readers_.with([&](auto& idle) { idle.push_back(std::move(reader)); });
    return event;
}

void Intake::answer(http::Exchange& exchange, const http::Response& response, TimePoint received) {
    exchange.answer(response);
    metrics_.accept_seconds.Observe(std::chrono::duration<double>(clock_.steady() - received).count());
}

// Nothing of the body is written: whoever is refused is not proven to be LiveKit.
void Intake::refuse(http::Exchange& exchange, int status, std::string_view reason, const std::string& peer,
                    std::string_view detail, TimePoint received) {
    metrics_.webhooks_refused(reason).Increment();
    http::Response response{.status = status, .body = {}, .content_type = {}, .headers = {}};
    if (status == 503) response = try_later();
    answer(exchange, response, received);
    const auto held_back =
        refusals_.with([&](auto& limit) { return limit.admit(std::string(reason), clock_.steady()); });
    if (!held_back) return;
    log_.warning("a webhook was refused", {{"reason", reason},
                                           {"status", std::to_string(status)},
                                           {"peer", peer},
                                           {"detail", base::shown(detail)},
                                           {"held_back", std::to_string(*held_back)}});
}

}  // namespace switchhook::pipeline
