#include "core/delivery/reports.hpp"

#include <string>

#include "core/base/mask_numbers.hpp"

namespace switchhook::delivery {
namespace {

double seconds(TimePoint::duration time) {
    return std::chrono::duration<double>(time).count();
}

std::string held(std::uint64_t count) {
    return std::to_string(count);
}

}  // namespace

Reports::Reports(metrics::Metrics& metrics, Log& log, const Clock& clock)
    : metrics_(metrics),
      delivered_(metrics.attempts("delivered")),
      retry_(metrics.attempts("retry")),
      refused_(metrics.attempts("refused")),
      log_(log),
      clock_(clock) {}

void Reports::attempt(Outcome outcome, const Entry& entry, std::string_view host, const AttemptResult& result) {
    if (outcome == Outcome::stopped) return;
    const std::string_view code = counted_code(result);
    auto& counter = codes_[code];
    if (!counter) counter = &metrics_.attempt_codes(code);
    counter->Increment();
    if (outcome == Outcome::delivered) {
        delivered_.Increment();
        return;
    }
    (outcome == Outcome::retry ? retry_ : refused_).Increment();
    const auto held_back = attempts_.admit(std::string(host), clock_.steady());
    if (!held_back) return;
    const Event& event = entry.event->event();
    log_.warning("a delivery's attempt failed", {{"event", event.id},
                                                 {"name", event.name},
                                                 {"call", event.call_id()},
                                                 {"hook", host},
                                                 {"attempt", std::to_string(entry.attempts)},
                                                 {"code", result.code},
                                                 {"address", result.address},
                                                 {"took_ms", std::to_string(result.took.count() / 1'000)},
                                                 {"detail", base::shown(result.detail)},
                                                 {"held_back", held(*held_back)}});
}

void Reports::delivered(const Entry& entry) {
    metrics_.deliveries_delivered.Increment();
    metrics_.end_to_end_seconds.Observe(seconds(clock_.steady() - entry.appended));
}

void Reports::dead(HookId hook, const Entry& entry, std::string_view host, std::string_view code,
                   std::string_view last_code) {
    metrics_.deliveries_dead.Increment();
    const auto held_back = dead_.admit(hook, clock_.steady());
    if (!held_back) return;
    const Event& event = entry.event->event();
    log_.warning("a delivery became a dead letter", {{"event", event.id},
                                                     {"name", event.name},
                                                     {"call", event.call_id()},
                                                     {"hook", host},
                                                     {"delivery", std::to_string(entry.id)},
                                                     {"attempts", std::to_string(entry.attempts)},
                                                     {"code", code},
                                                     {"last", last_code},
                                                     {"held_back", held(*held_back)}});
}

void Reports::unreadable(HookId hook, DeliveryId id, std::string_view event_id, const Status& why) {
    metrics_.deliveries_dead.Increment();
    const auto held_back = dead_.admit(hook, clock_.steady());
    if (!held_back) return;
    log_.error("a stored event cannot be read; its delivery became a dead letter", {{"event", event_id},
                                                                                    {"delivery", std::to_string(id)},
                                                                                    {"code", "unreadable"},
                                                                                    {"detail", why.message()},
                                                                                    {"held_back", held(*held_back)}});
}

void Reports::claim_failed(HookId hook, const Status& why) {
    const auto held_back = claims_.admit(hook, clock_.steady());
    if (!held_back) return;
    log_.error("waiting deliveries cannot be read from the outbox; trying again",
               {{"detail", why.message()}, {"held_back", held(*held_back)}});
}

void Reports::lanes(std::size_t count) {
    metrics_.lanes.Set(static_cast<double>(count));
}

void Reports::retry_fires(TimePoint::duration late) {
    metrics_.retry_late_seconds.Observe(seconds(late));
}

void Reports::breaker(Breaker::State from, Breaker::State to, std::string_view host, std::string_view code) {
    using State = Breaker::State;
    if (from == to) return;
    if (from == State::open) --open_;
    if (from == State::half_open) --half_open_;
    if (to == State::open) ++open_;
    if (to == State::half_open) ++half_open_;
    metrics_.lanes_open.Set(static_cast<double>(open_));
    metrics_.lanes_half_open.Set(static_cast<double>(half_open_));
    metrics_.breakers(breaker_name(to)).Increment();
    if (host.empty() || to == State::half_open || (from == State::half_open && to == State::open)) return;
    auto& limit = to == State::open ? openings_ : closings_;
    const auto held_back = limit.admit(std::string(host), clock_.steady());
    if (!held_back) return;
    if (to == State::open)
        log_.warning("a hook fails again and again; its deliveries wait for a probe",
                     {{"hook", host}, {"code", code}, {"held_back", held(*held_back)}});
    else
        log_.info("a hook answers again", {{"hook", host}, {"held_back", held(*held_back)}});
}

void Reports::paused(std::size_t all) {
    metrics_.hooks_paused.Set(static_cast<double>(all));
}

void Reports::hook_paused(std::string_view host, std::string_view reason) {
    log_.warning("a hook is paused until it is resumed; its deliveries wait", {{"hook", host}, {"reason", reason}});
}

void Reports::hook_resumed(std::string_view host) {
    log_.info("a hook is resumed", {{"hook", host}});
}

}  // namespace switchhook::delivery
