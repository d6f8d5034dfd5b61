// A model that was written from ARCHITECTURE.md's rules of streams and calls as plainly as possible: lists that are
// searched, nothing indexed, nothing shared with a store. And random calls to feed it with.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <switchhook/testkit/outbox_driver.hpp>

namespace switchhook::testkit {

class OutboxModel {
public:
    using Hooks = std::vector<std::pair<HookId, std::string>>;
    using Deliveries = std::vector<std::pair<HookId, std::string>>;  // hook and event id, in order

    Appended append(const Sent& sent, std::int64_t now_ms, Deliveries& deliveries) {
        const SampleEvent& event = sent.event;
        for (const auto& [id, at_ms] : seen_)
            if (id == event.id && at_ms > now_ms - 600'000) return {.disposition = Disposition::duplicate};
        seen_.emplace_back(event.id, now_ms);
        if (event.room.empty()) return {.disposition = Disposition::unmatched};
        Room& room = room_of(event);
        room.last_ms = now_ms;
        if (event.name == "room_finished" && !room.finished_ms) room.finished_ms = now_ms;

        Appended out;
        std::optional<Hooks> goes_to;  // unset: unmatched
        if (!event.call.empty()) {
            if (!room.calls.contains(event.call)) meet(room, sent, out, deliveries);
            goes_to = room.calls[event.call];
            if (!event.participant.empty()) room.participants[event.participant] = event.call;
        } else if (!event.participant.empty() && room.participants.contains(event.participant)) {
            goes_to = room.calls[room.participants[event.participant]];
        } else if (room.hooks) {
            goes_to = room.hooks;
        } else if (!room.unmatched && sent.may_park) {
            room.parked.push_back({event.id, now_ms});
            return {.disposition = Disposition::parked};
        }
        out.disposition = goes_to ? Disposition::stored : Disposition::unmatched;
        if (goes_to && room.hooks) out.room_hook = room.hooks->front().first;
        if (goes_to)
            for (const auto& [hook, _] : *goes_to) deliveries.emplace_back(hook, event.id);
        return out;
    }

    std::uint64_t pass_time(std::int64_t now_ms) {
        std::uint64_t dropped = 0;
        for (auto& room : rooms_) {
            const bool over = now_ms >= room.last_ms + (room.finished_ms ? 3'600'000 : 24 * 3'600'000);
            dropped += std::erase_if(room.parked, [&](const auto& each) {
                return over || now_ms >= each.second + 600'000 ||
                       (room.finished_ms && now_ms >= *room.finished_ms + 30'000);
            });
            room.gone = over;
        }
        std::erase_if(rooms_, [](const Room& room) { return room.gone; });
        return dropped;
    }

    std::size_t parked() const {
        std::size_t sum = 0;
        for (const auto& room : rooms_) sum += room.parked.size();
        return sum;
    }

private:
    struct Room {
        std::string name, sid;
        std::optional<Hooks> hooks;
        bool unmatched = false;
        std::map<std::string, std::optional<Hooks>> calls;
        std::map<std::string, std::string> participants;
        std::vector<std::pair<std::string, std::int64_t>> parked;
        std::int64_t last_ms = 0;
        std::optional<std::int64_t> finished_ms;
        bool gone = false;
    };

    Room& room_of(const SampleEvent& event) {
        for (auto room = rooms_.rbegin(); room != rooms_.rend(); ++room)
            if (room->name == event.room && (event.sid.empty() || room->sid == event.sid)) return *room;
        rooms_.push_back({.name = event.room,
                          .sid = event.sid,
                          .hooks = {},
                          .calls = {},
                          .participants = {},
                          .parked = {},
                          .finished_ms = {}});
        return rooms_.back();
    }

    void meet(Room& room, const Sent& sent, Appended& out, Deliveries& deliveries) {
        std::optional<Hooks> hooks;
        bool decided_elsewhere = false;
        for (const auto& other : rooms_)
            if (const auto known = other.calls.find(sent.event.call);
                known != other.calls.end() && !decided_elsewhere) {
                hooks = known->second;
                decided_elsewhere = true;
            }
        if (!decided_elsewhere && !sent.matches.empty()) {
            hooks.emplace();
            for (const auto& match : sent.matches) hooks->emplace_back(match.hook, match.tenant);
        }
        bool anothers_room = hooks && !decided_elsewhere && !sent.event.room_tenant.empty();
        if (anothers_room)
            for (const auto& [_, tenant] : *hooks)
                if (tenant.empty() || tenant == sent.event.room_tenant) anothers_room = false;
        if (anothers_room && !room.hooks) {
            out.tenant_conflict = true;
            if (!room.unmatched) out.dropped_from_parking = static_cast<std::uint32_t>(room.parked.size());
            room.unmatched = true;
            room.parked.clear();
        } else if (hooks && !room.hooks) {
            room.hooks = hooks;
            room.unmatched = false;
            for (const auto& [id, _] : room.parked)
                for (const auto& [hook, tenant] : *hooks) deliveries.emplace_back(hook, id);
            room.parked.clear();
        } else if (hooks) {
            out.tenant_conflict = true;
            for (const auto& [_, tenant] : *hooks)
                for (const auto& [__, owner] : *room.hooks)
                    if (tenant == owner && !anothers_room) out.tenant_conflict = false;
        } else if (room.hooks) {
            if (!decided_elsewhere) hooks = room.hooks;
        } else {
            room.unmatched = true;
            out.dropped_from_parking = static_cast<std::uint32_t>(room.parked.size());
            room.parked.clear();
        }
        room.calls[sent.event.call] = hooks;
    }

    std::vector<std::pair<std::string, std::int64_t>> seen_;
    std::vector<Room> rooms_;  // oldest first
};

class RandomCalls {
public:
    explicit RandomCalls(std::uint32_t seed) : random_(seed) {}

    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }
    bool once_in(std::size_t times) { return below(times) == 0; }

    Sent next() {
        static const std::vector<std::string> kNames{"room_started",     "participant_joined", "track_published",
                                                     "participant_left", "egress_ended",       "room_finished"};
        Sent sent;
        SampleEvent& event = sent.event;
        event.id = once_in(15) && made_ > 0 ? "EV_" + std::to_string(below(made_)) : "EV_" + std::to_string(made_++);
        event.name = kNames[once_in(4) ? below(kNames.size()) : 1 + below(4)];
        const std::size_t room = era_ + below(4);
        event.room = once_in(60) ? "" : (room % 5 == 0 ? "meeting-" : "sip-") + std::to_string(room);
        sent.may_park = room % 5 != 0;
        event.sid = once_in(8) ? "" : "RM_" + std::to_string(room) + (once_in(3) ? "b" : "a");
        if (!once_in(3)) event.participant = "PA_" + std::to_string(room) + "_" + std::to_string(below(4));
        if (once_in(4))
            event.call = "SCL_" + std::to_string(once_in(10) ? below(era_ + 4) : room) + "_" + std::to_string(below(3));
        static constexpr Match kHooks[]{{11, "tenant-a"}, {12, "tenant-a"}, {22, "tenant-b"}, {33, "tenant-c"}};
        if (!once_in(3)) sent.matches.push_back(kHooks[below(4)]);
        if (sent.matches.size() == 1 && once_in(6) && sent.matches[0].hook != 33) sent.matches.push_back(kHooks[3]);
        if (once_in(10)) event.room_tenant = once_in(2) ? "tenant-a" : "tenant-x";
        if (once_in(12)) ++era_;
        return sent;
    }

private:
    std::mt19937 random_;
    std::size_t made_ = 0;
    std::size_t era_ = 0;
};

}  // namespace switchhook::testkit
