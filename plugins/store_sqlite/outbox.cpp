#include "outbox.hpp"

#include <algorithm>
#include <utility>

#include "facets.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr std::size_t kClaimBytes = std::size_t{8} << 20U;  // of bodies in one answer
constexpr DeliveryId kSettledSlack = 4096;                  // deliveries that a start may read in vain
constexpr std::size_t kCounted = 256;                       // of a hook's backlog: nobody waits for the rest

}  // namespace

Result<Committed> SqliteOutbox::commit(std::span<const Append> appends, std::span<const Settled> settled,
                                       const HookFilter& filter, std::int64_t now_ms) {
    // Settled attempts alone need nothing of what is still read, and a question is not worth waiting for.
    const bool reads = loading_.under_way() && appends.empty() && !full_;
    if (reads && settled.empty() && !loading_.finished())
        return Status(Code::unavailable, settings_.path + ": rooms and ids are still read");
    if (!reads || settled.empty())
        if (Status status = make_ready(now_ms); !status) return status;
    if (full_) make_room(now_ms);
    memory_.ids.expire(now_ms);
    Committed out;
    Status status;
    if (!full_) {
        status = write(appends, settled, filter, now_ms, out);
        if (status.code() == Code::full) (void)failed(status, now_ms);
    }
    if (full_ && rows_) {
        // The reserve has room for what was settled; appends wait until there is room again.
        out = {};
        for (const auto& append : appends)
            out.appended.push_back({.disposition = memory_.ids.contains(hash_id(append.event->id))
                                                       ? Disposition::duplicate
                                                       : Disposition::full});
        status = write({}, settled, filter, now_ms, out);
    }
    if (!status) return failed(std::move(status), now_ms);
    surface(out.ready);
    active_ = true;
    copy_log(now_ms);
    measure();
    return out;
}

Status SqliteOutbox::write(std::span<const Append> appends, std::span<const Settled> settled, const HookFilter& filter,
                           std::int64_t now_ms, Committed& out) {
    if (appends.empty() && settled.empty()) return {};
    Group group{.next_event = memory_.next_event, .next_delivery = memory_.next_delivery};
    std::vector<std::pair<RowId, std::size_t>> here;  // events of this group, ascending, and their places in it
    here.reserve(appends.size());
    out.appended.reserve(out.appended.size() + appends.size());
    memory_.registry.begin();
    rows_->begin();
    settle(settled, now_ms, group);
    for (std::size_t i = 0; i < appends.size() && rows_->status(); ++i)
        out.appended.push_back(append(appends[i], i, filter, now_ms, group, out, here));
    if (Status status = finish(group, now_ms); !status) {
        take_back(group);
        return status;
    }
    take_over(group, now_ms);
    return {};
}

void SqliteOutbox::settle(std::span<const Settled> settled, std::int64_t now_ms, Group& group) {
    for (const auto& each : settled) {
        // Unknown, or settled before: an answer that came twice changes nothing.
        if (!waits(each.id) || group.ended.contains(each.id)) continue;
        if (each.state != DeliveryState::waiting) group.ended.insert(each.id);
        rows_->settle(each, now_ms);
        // What the reserve holds is for the promise, not for the log.
        if (each.attempt != nullptr && !full_) rows_->add_attempt(each.id, each.attempts, *each.attempt);
        if (each.state == DeliveryState::dead) bury(each.id, now_ms, group);
        group.changes = true;
    }
}

bool SqliteOutbox::waits(DeliveryId id) {
    if (!loading_.under_way()) return memory_.waiting.contains(id);
    const auto delivery = rows_->delivery(id);
    return delivery && delivery->state == DeliveryState::waiting;
}

void SqliteOutbox::bury(DeliveryId id, std::int64_t now_ms, Group& group) {
    const auto delivery = rows_->delivery(id);
    if (!delivery) return;
    const std::int64_t tenant = log_rows_->tenant_of(*rows_, *delivery);
    log_rows_->add_dead(*rows_, tenant, id, now_ms);
    ++group.dead[tenant];
}

Appended SqliteOutbox::append(const Append& append, std::size_t index, const HookFilter& filter, std::int64_t now_ms,
                              Group& group, Committed& out, std::vector<std::pair<RowId, std::size_t>>& here) {
    const Event& event = *append.event;
    const IdHash id = hash_id(event.id);
    if (memory_.ids.contains(id)) return {.disposition = Disposition::duplicate};
    const RowId seq = group.next_event;
    const Verdict verdict = memory_.registry.decide(append, seq, now_ms);
    if (verdict.disposition == Disposition::full) return {.disposition = Disposition::full};
    ++group.next_event;
    group.changes = true;
    memory_.ids.add(id, now_ms);
    ++group.ids;
    pack_id(group.hashes, id);

    const auto place = [&](RowId row) {
        const auto found = std::ranges::lower_bound(here, row, {}, &std::pair<RowId, std::size_t>::first);
        return found != here.end() && found->first == row ? found->second : WaitingDelivery::kStored;
    };
    for (const auto& parked : verdict.released) {
        const DeliveryId first = group.next_delivery;
        const std::size_t from = out.ready.size();
        const auto count = deliver(verdict, parked.seq, parked.name, parked.at_ms, filter, group, out);
        rows_->release(parked.seq, verdict.call, first, count);
        const std::size_t source = place(parked.seq);
        std::optional<StoredEvent> stored;
        if (count > 0 && source == WaitingDelivery::kStored) stored = rows_->event(parked.seq);
        for (std::size_t i = from; i < out.ready.size(); ++i) {
            out.ready[i].source = source;
            if (stored) out.ready[i].event_id = stored->id;
            if (stored) out.ready[i].body = stored->body;
        }
    }
    for (const auto& parked : verdict.dropped) rows_->drop_parked(parked.seq);

    if (verdict.disposition != Disposition::unmatched) {
        const DeliveryId first = group.next_delivery;
        const std::size_t from = out.ready.size();
        std::uint32_t count = 0;
        if (verdict.disposition == Disposition::stored)
            count = deliver(verdict, seq, event.name, now_ms, filter, group, out);
        for (std::size_t i = from; i < out.ready.size(); ++i) out.ready[i].source = index;
        rows_->add_event(seq, now_ms, event, verdict.call, first, count);
        group.stored = true;
        here.emplace_back(seq, index);
    }
    if (verdict.disposition == Disposition::parked) {
        rows_->add_parked(seq, verdict.room);
        for (const auto& parked : memory_.registry.overflow()) {
            rows_->drop_parked(parked.seq);
            ++group.dropped;
        }
    }
    return {.disposition = verdict.disposition,
            .tenant_conflict = verdict.tenant_conflict,
            .room_hook = verdict.disposition == Disposition::stored ? verdict.room_hook : 0,
            .dropped_from_parking = static_cast<std::uint32_t>(verdict.dropped.size())};
}

std::uint32_t SqliteOutbox::deliver(const Verdict& verdict, RowId seq, std::string_view name, std::int64_t at_ms,
                                    const HookFilter& filter, Group& group, Committed& out) {
    std::uint32_t count = 0;
    LogKeys keys{.tenant = 0, .name = name_key(name), .call = call_key(verdict.call)};
    for (const auto& target : *verdict.targets) {
        if (!filter.wants(target.hook, name)) continue;
        WaitingDelivery delivery{.id = group.next_delivery++,
                                 .hook = target.hook,
                                 .stream = verdict.stream,
                                 .appended_ms = at_ms,
                                 .event_id = {},
                                 .body = {}};
        keys.tenant = tenant_number(target.tenant, group);
        rows_->add_delivery(delivery, seq, keys);
        group.added.push_back(delivery.id);
        out.ready.push_back(std::move(delivery));
        ++count;
    }
    return count;
}

std::int64_t SqliteOutbox::tenant_number(std::string_view name, Group& group) {
    if (const auto known = memory_.tenants.number(name)) return *known;
    const std::int64_t number = memory_.tenants.add(std::string(name));
    ++group.tenants;
    log_rows_->add_tenant(*rows_, number, name);
    return number;
}

Status SqliteOutbox::finish(Group& group, std::int64_t now_ms) {
    if (group.changes) {
        rows_->write(memory_.registry.changes());
        if (!group.hashes.empty()) rows_->add_ids(memory_.next_event, now_ms, group.hashes);
        const DeliveryId oldest = memory_.waiting.oldest();
        const DeliveryId settled_below = oldest != 0 ? oldest : memory_.next_delivery;
        if (!loading_.under_way() && settled_below > memory_.settled_below + kSettledSlack) {
            rows_->set(Meta::settled_below, static_cast<std::int64_t>(settled_below));
            group.settled_below = settled_below;
        }
        write_dead_counts(group);
    }
    return rows_->commit();
}

void SqliteOutbox::write_dead_counts(const Group& group) {
    for (const auto& [tenant, more] : group.dead)
        log_rows_->set_dead(*rows_, tenant, memory_.tenants.all()[static_cast<std::size_t>(tenant)].dead + more);
}

void SqliteOutbox::take_over(Group& group, std::int64_t now_ms) {
    memory_.registry.keep();
    memory_.next_event = group.next_event;
    memory_.next_delivery = group.next_delivery;
    if (!group.added.empty() || !group.ended.empty()) {
        const std::lock_guard lock(waiting_mutex_);
        for (const DeliveryId id : group.added) memory_.waiting.add(id);
        for (const DeliveryId id : group.ended) memory_.waiting.remove(id);
    }
    if (loading_.under_way()) {
        ended_meanwhile_.insert(ended_meanwhile_.end(), group.ended.begin(), group.ended.end());
        waiting_ -= std::min<std::uint64_t>(waiting_, group.ended.size());
    }
    take_over_dead(group);
    memory_.settled_below = std::max(memory_.settled_below, group.settled_below);
    dropped_ += group.dropped;
    if (group.ids > 0 && !ids_ms_) ids_ms_ = now_ms + IdWindow::kRememberMs;
    if (group.stored) pruning_.event_added(now_ms);
}

void SqliteOutbox::take_back(const Group& group) {
    memory_.registry.undo();
    memory_.ids.take_back(group.ids);
    for (std::size_t i = 0; i < group.tenants; ++i) memory_.tenants.take_back();
}

// Deliveries of a commit that failed and yet became durable (its sync failed, the log was read again).
void SqliteOutbox::surface(std::vector<WaitingDelivery>& out) {
    if (surfaced_.empty()) return;
    std::vector<WaitingDelivery> ready;
    for (const DeliveryId id : surfaced_) {
        auto delivery = read(id);
        if (!delivery) continue;
        ready.push_back(std::move(*delivery));
    }
    if (!rows_->take_status()) return;
    surfaced_.clear();
    out.insert(out.begin(), std::make_move_iterator(ready.begin()), std::make_move_iterator(ready.end()));
}

std::optional<WaitingDelivery> SqliteOutbox::read(DeliveryId id) {
    const auto delivery = rows_->delivery(id);
    if (!delivery || delivery->state != DeliveryState::waiting) return std::nullopt;
    auto event = rows_->event(delivery->event);
    if (!event) return std::nullopt;
    return WaitingDelivery{.id = id,
                           .hook = delivery->hook,
                           .stream = delivery->stream,
                           .appended_ms = delivery->at_ms,
                           .attempts = delivery->attempts,
                           .due_ms = delivery->due_ms,
                           .event_id = std::move(event->id),
                           .body = std::move(event->body)};
}

Result<Claimed> SqliteOutbox::claim(const Claim& claim) {
    if (!rows_) return health();
    Claimed out;
    std::size_t bytes = 0;
    const auto ids = rows_->waiting(claim.hook, claim.after, claim.limit + 1);
    for (const DeliveryId id : ids) {
        if (out.deliveries.size() == claim.limit || bytes >= kClaimBytes) {
            out.more = true;
            break;
        }
        auto delivery = read(id);
        if (!delivery) break;
        bytes += delivery->body.size();
        out.deliveries.push_back(std::move(*delivery));
    }
    if (Status status = rows_->take_status(); !status) return status;
    if (out.deliveries.size() < std::min(ids.size(), claim.limit) && !out.more)
        return Status(Code::corrupt, settings_.path + ": delivery " + std::to_string(ids[out.deliveries.size()]) +
                                         " waits, but cannot be read");
    return out;
}

Result<std::vector<Backlog>> SqliteOutbox::backlog() {
    if (!rows_) return health();
    auto all = rows_->backlog(kCounted);
    if (Status status = rows_->take_status(); !status) return status;
    return all;
}

OutboxFigures SqliteOutbox::figures() const {
    return {.waiting = waiting_, .dead = dead_, .parked = parked_, .oldest_ms = oldest_ms_, .bytes = bytes_};
}

}  // namespace switchhook::store_sqlite
