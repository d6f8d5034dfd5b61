// An outbox in memory with the least of the rules that core's tests need: duplicates, calls and rooms, parking,
// settling, claims. Whatever is in it counts as durable: a new committer on the same object is a restart.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <switchhook/outbox.hpp>

namespace switchhook::pipeline {

class FakeOutbox final : public Outbox {
public:
    struct Row {
        HookId hook = 0;
        StreamId stream = 0;
        DeliveryState state = DeliveryState::waiting;
        std::uint32_t attempts = 0;
        std::int64_t appended_ms = 0;
        std::int64_t due_ms = 0;
        std::string event_id;
        std::string body;
        std::string code;
        std::vector<std::string> log{};  // attempts, as text
    };
    struct Group {
        std::size_t appends = 0;
        std::size_t settled = 0;
        bool operator==(const Group&) const = default;
    };

    Result<Committed> commit(std::span<const Append> appends, std::span<const Settled> settled,
                             const HookFilter& filter, std::int64_t now_ms) override {
        same_thread();
        const std::lock_guard lock(mutex_);
        if (appends.empty() && settled.empty() && fail_.ok())
            return reading ? Result<Committed>(Status(Code::unavailable, "still reading")) : Committed{};
        if (!appends.empty() || !settled.empty()) groups_.push_back({appends.size(), settled.size()});
        if (!fail_.ok()) return fail_;
        for (const auto& each : appends)
            if (bad_events.contains(std::string(each.event->id))) return Status(Code::internal, "a bad event");
        for (const auto& each : settled)
            if (bad_deliveries.contains(each.id)) return Status(Code::internal, "a bad settlement");
        for (const auto& each : settled) {
            Row& row = rows_[each.id];
            row.state = each.state;
            row.attempts = each.attempts;
            row.due_ms = each.due_ms;
            row.code = each.code;
            if (each.attempt) row.log.push_back(text_of(*each.attempt));
        }
        Committed committed;
        for (std::size_t i = 0; i < appends.size(); ++i)
            committed.appended.push_back(append(appends[i], i, filter, now_ms, committed.ready));
        return committed;
    }
    Result<Claimed> claim(const Claim& claim) override {
        same_thread();
        const std::lock_guard lock(mutex_);
        ++claims;
        if (!fail_.ok()) return fail_;
        Claimed claimed;
        for (auto at = rows_.upper_bound(claim.after); at != rows_.end(); ++at) {
            if (at->second.hook != claim.hook || at->second.state != DeliveryState::waiting) continue;
            if (claimed.deliveries.size() == claim.limit) {
                claimed.more = true;
                break;
            }
            claimed.deliveries.push_back(waiting(at->first, at->second));
        }
        return claimed;
    }
    Result<std::vector<Backlog>> backlog() override {
        thread_ = std::this_thread::get_id();
        const std::lock_guard lock(mutex_);
        if (!fail_.ok()) return fail_;
        std::map<HookId, std::uint64_t> counts;
        for (const auto& [id, row] : rows_)
            if (row.state == DeliveryState::waiting) ++counts[row.hook];
        std::vector<Backlog> made;
        for (const auto& [hook, count] : counts) made.push_back({hook, count});
        return made;
    }
    Result<std::vector<Paused>> paused() override {
        const std::lock_guard lock(mutex_);
        if (!fail_.ok()) return fail_;
        std::vector<Paused> all;
        for (const auto& [hook, paused] : paused_) all.push_back(paused);
        return all;
    }
    Status pause(const Paused& paused) override {
        same_thread();
        const std::lock_guard lock(mutex_);
        if (!fail_.ok()) return fail_;
        paused_[paused.hook] = paused;
        return {};
    }
    Status resume(HookId hook) override {
        same_thread();
        const std::lock_guard lock(mutex_);
        if (!fail_.ok()) return fail_;
        paused_.erase(hook);
        return {};
    }
    Result<Maintained> maintain(std::int64_t) override {
        same_thread();
        const std::lock_guard lock(mutex_);
        ++maintained;
        if (!fail_.ok()) return fail_;
        return std::exchange(next_maintained, Maintained{});
    }
    Result<std::int64_t> mark(Mark mark) override {
        const std::lock_guard lock(mutex_);
        return marks_[mark];
    }
    Status set_mark(Mark mark, std::int64_t value) override {
        same_thread();
        const std::lock_guard lock(mutex_);
        if (!fail_.ok()) return fail_;
        marks_[mark] = value;
        return {};
    }
    Result<WaitingDelivery> requeue(DeliveryId id, const TenantScope&, std::int64_t now_ms) override {
        same_thread();
        const std::lock_guard lock(mutex_);
        if (!fail_.ok()) return fail_;
        const auto old = rows_.find(id);
        if (old == rows_.end()) return Status(Code::not_found, "no such delivery");
        if (old->second.state == DeliveryState::waiting) return Status(Code::conflict, "the delivery waits already");
        Row again = old->second;
        old->second.state = DeliveryState::requeued;
        again.state = DeliveryState::waiting;
        again.attempts = 0;
        again.due_ms = 0;
        again.appended_ms = now_ms;
        rows_[++last_id_] = again;
        return waiting(last_id_, again);
    }
    Result<RequeueJob> begin_requeue(const LogFilter& filter, std::int64_t now_ms) override {
        same_thread();
        if (!fail_.ok()) return fail_;
        return job = RequeueJob{.id = 1, .filter = filter, .began_ms = now_ms};
    }
    Result<RequeueJob> cancel_requeue(JobId id, const TenantScope&, std::int64_t now_ms) override {
        same_thread();
        if (id != job.id) return Status(Code::not_found, "no such job");
        job.state = RequeueJob::State::cancelled;
        job.ended_ms = now_ms;
        return job;
    }
    Result<LogPage> list(const LogQuery&) override { return LogPage(); }
    Result<DeliveryDetail> look_up(DeliveryId, const TenantScope&) override {
        return Status(Code::not_found, "no such delivery");
    }
    Result<RequeueJob> requeue_job(JobId, const TenantScope&) override { return job; }
    Status back_up(const std::string&) override { return {}; }
    OutboxFigures figures() const override { return {}; }
    Status health() const override {
        const std::lock_guard lock(mutex_);
        return fail_;
    }

    void set_fail(Status status) {
        const std::lock_guard lock(mutex_);
        fail_ = std::move(status);
    }
    std::vector<Group> groups() const {
        const std::lock_guard lock(mutex_);
        return groups_;
    }
    std::map<DeliveryId, Row> rows() const {
        const std::lock_guard lock(mutex_);
        return rows_;
    }
    std::size_t count(DeliveryState state) const {
        std::size_t found = 0;
        for (const auto& [id, row] : rows())
            if (row.state == state) ++found;
        return found;
    }

    std::atomic<bool> full = false;
    std::atomic<bool> reading = false;  // not read whole yet since its start
    std::set<std::string> bad_events;
    std::set<DeliveryId> bad_deliveries;
    Maintained next_maintained;
    RequeueJob job;
    std::atomic<int> maintained = 0;
    std::atomic<int> claims = 0;
    std::atomic<bool> other_thread = false;  // a call from a thread other than the one that asked for the backlog

private:
    struct Parked {
        std::string event_id;
        std::string name;
        std::string body;
    };
    struct Room {
        StreamId stream = 0;
        bool decided = false;
        std::vector<HookId> hooks;
        std::string tenant;
        std::vector<Parked> parked;
    };

    static std::string text_of(const Attempt& attempt) {
        std::string text = std::to_string(attempt.at_ms);
        for (const auto time :
             {attempt.resolved_us, attempt.connected_us, attempt.secured_us, attempt.answered_us, attempt.took_us})
            text += " " + std::to_string(time);
        text += " " + std::to_string(attempt.status) + " " + std::string(attempt.code) + " ";
        return text + std::string(attempt.address) + " " + std::to_string(attempt.answer.size());
    }
    void same_thread() {
        if (std::this_thread::get_id() != thread_) other_thread = true;
    }

    static WaitingDelivery waiting(DeliveryId id, const Row& row) {
        return {.id = id,
                .hook = row.hook,
                .stream = row.stream,
                .appended_ms = row.appended_ms,
                .attempts = row.attempts,
                .due_ms = row.due_ms,
                .event_id = row.event_id,
                .body = row.body};
    }

    Appended append(const Append& append, std::size_t source, const HookFilter& filter, std::int64_t now_ms,
                    std::vector<WaitingDelivery>& ready) {
        const Event& event = *append.event;
        if (full) return {.disposition = Disposition::full};
        if (!seen_.insert(std::string(event.id)).second) return {.disposition = Disposition::duplicate};
        Room& room = rooms_[std::string(event.room_name)];
        if (room.stream == 0) room.stream = rooms_.size();
        Appended what{.disposition = Disposition::stored};
        const std::vector<HookId>* hooks = &room.hooks;
        if (!event.call_id().empty()) {
            auto [call, is_new] = calls_.try_emplace(std::string(event.call_id()));
            if (is_new) {
                for (const auto& match : append.matches) call->second.push_back(match.hook);
                if (room.hooks.empty() && !append.matches.empty()) {
                    room.hooks = call->second;
                    room.tenant = append.matches[0].tenant;
                } else if (!append.matches.empty() && append.matches[0].tenant != room.tenant) {
                    what.tenant_conflict = true;
                }
                if (call->second.empty()) call->second = room.hooks;
                room.decided = true;
                for (auto& parked : std::exchange(room.parked, {})) {
                    if (room.hooks.empty())
                        ++what.dropped_from_parking;
                    else
                        deliver(room.hooks, room.stream, parked, WaitingDelivery::kStored, filter, now_ms, ready);
                }
            }
            hooks = &call->second;
        } else if (!room.decided && append.may_park) {
            room.parked.push_back({std::string(event.id), std::string(event.name), std::string(event.body)});
            return {.disposition = Disposition::parked};
        }
        if (hooks->empty())
            what.disposition = Disposition::unmatched;
        else if (!room.hooks.empty())
            what.room_hook = room.hooks.front();
        deliver(*hooks, room.stream, {std::string(event.id), std::string(event.name), std::string(event.body)}, source,
                filter, now_ms, ready);
        return what;
    }

    void deliver(const std::vector<HookId>& hooks, StreamId stream, const Parked& event, std::size_t source,
                 const HookFilter& filter, std::int64_t now_ms, std::vector<WaitingDelivery>& ready) {
        for (const HookId hook : hooks) {
            if (!filter.wants(hook, event.name)) continue;
            Row row{.hook = hook,
                    .stream = stream,
                    .appended_ms = now_ms,
                    .event_id = event.event_id,
                    .body = event.body,
                    .code = {}};
            ready.push_back(waiting(++last_id_, row));
            ready.back().source = source;
            if (source != WaitingDelivery::kStored) ready.back().body.clear();
            rows_.emplace(last_id_, std::move(row));
        }
    }

    mutable std::mutex mutex_;
    std::thread::id thread_ = std::this_thread::get_id();
    Status fail_;
    std::vector<Group> groups_;
    std::set<std::string> seen_;
    std::map<std::string, Room> rooms_;
    std::map<std::string, std::vector<HookId>> calls_;
    std::map<DeliveryId, Row> rows_;
    std::map<Mark, std::int64_t> marks_;
    std::map<HookId, Paused> paused_;
    DeliveryId last_id_ = 0;
};

}  // namespace switchhook::pipeline
