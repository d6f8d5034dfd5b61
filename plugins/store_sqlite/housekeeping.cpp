// SqliteOutbox: what is done between commits, in small steps.
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "outbox.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr std::size_t kStep = 500;      // events, rooms or ids in one step
constexpr std::int64_t kTickMs = 1000;  // while events come in
constexpr std::int64_t kClockSlackMs = 60'000;

std::uint64_t size_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

}  // namespace

Result<Maintained> SqliteOutbox::maintain(std::int64_t now_ms) {
    if (Status status = make_ready(now_ms); !status) {
        if (!started_) return status;
        return Maintained{.next_ms = now_ms + kTickMs};
    }
    if (full_) make_room(now_ms);
    memory_.ids.expire(now_ms);
    const bool was_active = std::exchange(active_, false);
    if (was_active) bound_log();
    Maintained done;
    surface(done.ready);  // before what a job makes ready: ids ascend
    if (Status status = housekeep(now_ms, was_active, done); !status) {
        (void)failed(std::move(status), now_ms);
        done.next_ms = now_ms + kTickMs;
        return done;
    }
    if (!full_)
        if (Status status = move_job(now_ms, done); !status) {
            (void)failed(std::move(status), now_ms);
            done.next_ms = now_ms + kTickMs;
            return done;
        }
    done.parked_dropped += std::exchange(dropped_, 0);
    copy_log(now_ms);
    measure();
    if (was_active || done.pruned > 0) measure_disk();
    done.next_ms = next_ms(now_ms, was_active);
    return done;
}

Status SqliteOutbox::housekeep(std::int64_t now_ms, bool was_active, Maintained& done) {
    const auto due = [now_ms](const std::optional<std::int64_t>& at_ms) { return at_ms && *at_ms <= now_ms; };
    const bool rooms = due(memory_.registry.next_due_ms());
    const bool ids = due(ids_ms_);
    const bool for_space = (was_active || pruning_.more()) && rows_->used_bytes() > settings_.keep_bytes;
    const bool prune = for_space || due(pruning_.next_ms()) || (was_active && pruning_.passed_over());
    const bool dead = dead_due(now_ms);
    const bool block = block_due();
    if (!rooms && !ids && !prune && !dead && !block) return rows_->take_status();

    memory_.registry.begin();
    rows_->begin();
    std::vector<ParkedEvent> dropped;
    if (rooms) dropped = memory_.registry.expire(now_ms, kStep);
    for (const auto& parked : dropped) rows_->drop_parked(parked.seq);
    rows_->write(memory_.registry.changes());
    Group group;
    std::size_t dead_dropped = 0;
    if (dead) dead_dropped = drop_dead(now_ms, group);
    std::size_t pruned = 0;
    if (prune) pruned = pruning_.step(*rows_, memory_.registry, now_ms, for_space, kStep);
    std::optional<std::int64_t> ids_again;
    std::size_t forgotten = 0;
    if (ids) forgotten = forget_ids(now_ms, ids_again);
    if (pruned + forgotten + dropped.size() > 0) {
        rows_->set(Meta::next_event, memory_.next_event);
        rows_->set(Meta::next_delivery, static_cast<std::int64_t>(memory_.next_delivery));
    }
    std::int64_t next_block = memory_.next_block;
    if (block) next_block = sum_up_block();
    rows_->sweep_blocks();
    if (Status status = rows_->commit(); !status) {
        memory_.registry.undo();
        pruning_.undo();
        return status;
    }
    memory_.registry.keep();
    if (prune) pruning_.keep();
    take_over_dead(group);
    memory_.next_block = next_block;
    done.dead_dropped += dead_dropped;
    if (ids) ids_ms_ = ids_again;
    done.parked_dropped += dropped.size();
    done.pruned += pruned;
    return {};
}

Result<std::int64_t> SqliteOutbox::mark(Mark mark) {
    if (!rows_) return Status(Code::unavailable, settings_.path + " is not open");
    const auto key = static_cast<std::int64_t>(Meta::marks) + static_cast<std::int64_t>(mark);
    return database_.number(("SELECT value FROM meta WHERE key=" + std::to_string(key)).c_str());
}

Status SqliteOutbox::set_mark(Mark mark, std::int64_t value) {
    if (!rows_) return {Code::unavailable, settings_.path + " is not open"};
    rows_->begin();
    rows_->set(static_cast<Meta>(static_cast<std::int64_t>(Meta::marks) + static_cast<std::int64_t>(mark)), value);
    return rows_->commit();
}

std::size_t SqliteOutbox::forget_ids(std::int64_t now_ms, std::optional<std::int64_t>& again_ms) {
    const auto rows = rows_->ids(kStep);
    std::size_t old = 0;
    // A time in the future was written by a clock that was wrong.
    const auto gone = [&](std::int64_t at_ms) {
        return at_ms <= now_ms - IdWindow::kRememberMs || at_ms > now_ms + kClockSlackMs;
    };
    while (old < rows.size() && gone(rows[old].second)) ++old;
    if (old > 0) rows_->remove_ids_to(rows[old - 1].first);
    if (old < rows.size())
        again_ms = rows[old].second + IdWindow::kRememberMs + kClockSlackMs;  // many at a time
    else if (old == kStep)
        again_ms = now_ms;
    return old;
}

std::int64_t SqliteOutbox::next_ms(std::int64_t now_ms, bool was_active) {
    std::optional<std::int64_t> next;
    const auto consider = [&](const std::optional<std::int64_t>& at_ms) {
        if (at_ms && (!next || *at_ms < *next)) next = std::max(*at_ms, now_ms);
    };
    consider(memory_.registry.next_due_ms());
    consider(ids_ms_);
    consider(pruning_.next_ms());
    if (was_active || full_ || !rows_) consider(now_ms + kTickMs);
    consider(dead_next_ms(now_ms));
    if (pruning_.more() || block_due() || (!memory_.jobs.empty() && !full_)) consider(now_ms);
    return next.value_or(0);
}

// Times of the past that lie in the future would keep rooms, ids and parked events for ever.
void SqliteOutbox::look_at_clock(std::int64_t now_ms) {
    if (now_ms < memory_.latest_ms - kClockSlackMs) {
        log_.warning("the clock went back; what was seen counts as seen now");
        memory_.registry.not_later_than(now_ms);
        memory_.ids.not_later_than(now_ms);
        pruning_.clock_went_back();
        for (auto& tenant : memory_.tenants.all()) tenant.oldest_ms = 0;
        ids_ms_ = 0;
        memory_.latest_ms = now_ms;
    }
    memory_.latest_ms = std::max(memory_.latest_ms, now_ms);
}

void SqliteOutbox::measure() {
    if (!loading_.under_way()) {
        waiting_ = memory_.waiting.size();
        parked_ = memory_.registry.parked();
        if (const DeliveryId oldest = memory_.waiting.oldest(); rows_ && oldest != std::exchange(oldest_, oldest)) {
            const auto delivery = rows_->delivery(oldest);
            oldest_ms_ = delivery ? delivery->at_ms : 0;
            static_cast<void>(rows_->take_status());
        }
    }
    dead_ = static_cast<std::uint64_t>(memory_.dead);
}

void SqliteOutbox::measure_disk() {
    bytes_ = size_of(settings_.path) + size_of(settings_.path + "-wal");
}

}  // namespace switchhook::store_sqlite
