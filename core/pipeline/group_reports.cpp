#include "core/pipeline/group_reports.hpp"

#include "core/base/mask_numbers.hpp"

namespace switchhook::pipeline {
namespace {

double seconds(std::chrono::steady_clock::duration time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

void GroupReports::group(std::size_t members, std::chrono::steady_clock::duration took) {
    metrics_.commit_groups.Increment();
    metrics_.commit_group_size.Observe(static_cast<double>(members));
    metrics_.commit_seconds.Observe(seconds(took));
}

void GroupReports::appended(const Event& event, const Appended& what, const std::string& host) {
    switch (what.disposition) {
        case Disposition::stored:
            metrics_.events_appended.Increment();
            break;
        case Disposition::parked:
            metrics_.events_parked.Increment();
            break;
        case Disposition::duplicate:
            metrics_.events_duplicate.Increment();
            break;
        case Disposition::unmatched:
            unmatched(event, host, what.dropped_from_parking);
            break;
        case Disposition::full:
            metrics_.events_full.Increment();
            break;
    }
    if (what.tenant_conflict) conflict(event);
}

void GroupReports::unmatched(const Event& event, const std::string& host, std::uint32_t dropped) {
    metrics_.events_unmatched.Increment(1.0 + dropped);
    if (event.call_id().empty()) return;  // follows a call whose line was written
    const std::string shown = base::shown(host, 253);
    const auto held_back = hosts_.admit(shown, clock_.steady());
    if (!held_back) return;
    log_.warning("no hook for this call's host; its events are answered and dropped",
                 {{"host", shown},
                  {"event", event.id},
                  {"call", event.call_id()},
                  {"room", base::shown(event.room_name)},
                  {"dropped_from_parking", std::to_string(dropped)},
                  {"held_back", std::to_string(*held_back)}});
}

void GroupReports::conflict(const Event& event) {
    metrics_.tenant_conflicts.Increment();
    const auto held_back = conflicts_.admit(std::string(event.room_name), clock_.steady());
    if (!held_back) return;
    log_.warning("security: a call of another tenant is in this room; the room stays with its first tenant",
                 {{"event", event.id},
                  {"call", event.call_id()},
                  {"room", base::shown(event.room_name)},
                  {"held_back", std::to_string(*held_back)}});
}

void GroupReports::answered(std::chrono::steady_clock::duration since_received) {
    metrics_.accept_seconds.Observe(seconds(since_received));
}

void GroupReports::not_taken(std::size_t events) {
    metrics_.events_full.Increment(static_cast<double>(events));
}

void GroupReports::commit_failed(const Status& why, std::size_t events, std::size_t settlements) {
    metrics_.commit_failures.Increment();
    const auto held_back = lines_.admit(Line::commit_failed, clock_.steady());
    if (!held_back) return;
    log_.error("the outbox refused a commit; webhooks are answered 503 until it takes them",
               {{"detail", why.message()},
                {"events", std::to_string(events)},
                {"settlements_kept", std::to_string(settlements)},
                {"held_back", std::to_string(*held_back)}});
}

void GroupReports::full() {
    const auto held_back = lines_.admit(Line::full, clock_.steady());
    if (!held_back) return;
    log_.error("the outbox is full; webhooks are answered 503 until there is room",
               {{"held_back", std::to_string(*held_back)}});
}

void GroupReports::maintained(const Maintained& what) {
    dead_dropped(what.dead_dropped);
    if (what.parked_dropped == 0) return;
    metrics_.events_unmatched.Increment(static_cast<double>(what.parked_dropped));
    parked_dropped_ += what.parked_dropped;
    if (!lines_.admit(Line::parked_dropped, clock_.steady())) return;
    log_.info("parked events whose call never became known were dropped",
              {{"events", std::to_string(parked_dropped_)}});
    parked_dropped_ = 0;
}

void GroupReports::dead_dropped(std::uint64_t letters) {
    if (letters == 0) return;
    metrics_.dead_letters_dropped.Increment(static_cast<double>(letters));
    dead_dropped_ += letters;
    if (!lines_.admit(Line::dead_dropped, clock_.steady())) return;
    log_.warning("dead letters over delivery.dead_letters or delivery.dead_keep were dropped, oldest first",
                 {{"letters", std::to_string(dead_dropped_)}});
    dead_dropped_ = 0;
}

void GroupReports::maintenance_failed(const Status& why) {
    const auto held_back = lines_.admit(Line::maintenance_failed, clock_.steady());
    if (!held_back) return;
    log_.error("the outbox's maintenance failed; trying again",
               {{"detail", why.message()}, {"held_back", std::to_string(*held_back)}});
}

void GroupReports::mark_failed(const Status& why) {
    const auto held_back = lines_.admit(Line::mark_failed, clock_.steady());
    if (!held_back) return;
    log_.warning("the outbox did not keep a mark for the next start",
                 {{"detail", why.message()}, {"held_back", std::to_string(*held_back)}});
}

void GroupReports::pause_failed(const Status& why) {
    const auto held_back = lines_.admit(Line::pause_failed, clock_.steady());
    if (!held_back) return;
    log_.error("a hook's pause cannot be written; it is paused, and it is tried again",
               {{"detail", why.message()}, {"held_back", std::to_string(*held_back)}});
}

}  // namespace switchhook::pipeline
