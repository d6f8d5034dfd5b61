#include "registry.hpp"

#include <algorithm>

#include "id_window.hpp"

namespace switchhook::store_sqlite {

namespace {

Targets targets_of(std::span<const Match> matches) {
    if (matches.empty()) return nullptr;
    std::vector<Target> targets;
    targets.reserve(matches.size());
    for (const auto& match : matches) targets.push_back({match.hook, std::string(match.tenant)});
    return std::make_shared<const std::vector<Target>>(std::move(targets));
}

bool share_a_tenant(const std::vector<Target>& some, const std::vector<Target>& others) {
    return std::ranges::any_of(some, [&](const Target& one) {
        return std::ranges::any_of(others, [&](const Target& other) { return other.tenant == one.tenant; });
    });
}

// The room's metadata names its tenant, and every matched hook is of another one. A hook without a tenant is the
// operator's own.
bool room_is_anothers(const Append& append) {
    const std::string_view owner = append.event->room_tenant;
    return !owner.empty() && !append.matches.empty() && std::ranges::none_of(append.matches, [&](const Match& match) {
        return match.tenant.empty() || match.tenant == owner;
    });
}

}  // namespace

// The same for the same name after a restart, without a table. Two names that met would only wait for one another.
StreamId stream_of(std::string_view room_name) {
    return hash_id(room_name).low;
}

void Registry::begin() {
    ++group_;
    journal_.clear();
    looked_at_.clear();
    changes_ = {};
}

Verdict Registry::decide(const Append& append, RowId seq, std::int64_t now_ms) {
    const Event& event = *append.event;
    Verdict verdict;
    if (event.room_name.empty()) return verdict;
    Room* found = find(event.room_name, event.room_sid);
    if (found == nullptr && rooms_.size() >= limits_.rooms) {
        verdict.disposition = Disposition::full;
        return verdict;
    }
    Room& room = found != nullptr ? *found : add_room(event);
    verdict.room = room.row;
    verdict.stream = stream_of(room.name);
    RoomHead& head = change(room);
    // A restart puts it up to a minute ahead; what is known now must not be written down ahead again.
    const bool earlier = now_ms < head.last_ms;
    head.last_ms = now_ms;
    const bool finishes = event.name == "room_finished" && head.finished_ms == 0;
    if (finishes) {
        head.finished_ms = now_ms;
        write_down(room);
    }
    if (found == nullptr || head.last_ms - head.written_ms >= kLastSlackMs) write_down(room);

    const std::string_view call_id = event.call_id();
    if (!call_id.empty()) {
        const Call& call = see_call(room, append, call_id, verdict);
        if (!event.participant_sid.empty()) link(room, event.participant_sid, call);
        verdict.targets = call.targets;
        verdict.call = call.id;
    } else if (const auto linked = room.participants.find(event.participant_sid); linked != room.participants.end()) {
        verdict.targets = linked->second.call->targets;
        verdict.call = linked->second.call->id;
    } else if (head.state == RoomState::unknown && append.may_park) {
        park(room, seq, event.name, now_ms);
        verdict.disposition = Disposition::parked;
    } else {
        verdict.targets = head.targets;
        if (room.first != nullptr) verdict.call = room.first->id;
    }
    if (verdict.targets != nullptr) verdict.disposition = Disposition::stored;
    if (head.targets != nullptr) verdict.room_hook = head.targets->front().hook;
    const bool first_parked = verdict.disposition == Disposition::parked && room.parked.size() == 1;
    if (found == nullptr || finishes || first_parked || earlier) due_.push({due_at(room), room.row});
    return verdict;
}

// Rules 3 and 4.
Call& Registry::see_call(Room& room, const Append& append, std::string_view call_id, Verdict& verdict) {
    if (const auto seen = room.calls.find(call_id); seen != room.calls.end()) return seen->second;
    const auto [place, _] = room.calls.try_emplace(std::string(call_id));
    Call& call = place->second;
    call.row = next_row_++;
    call.id = place->first;
    journal_.emplace_back(CallAdded{&room, place->first});
    changes_.calls.emplace_back(&room, place);

    KnownCall& known = calls_[place->first];
    const bool judged = known.rooms++ > 0;  // in another record of this server
    call.targets = judged ? known.targets : targets_of(append.matches);
    const bool foreign_room = !judged && room_is_anothers(append);
    if (foreign_room) verdict.tenant_conflict = true;
    if (call.targets != nullptr && room.head.targets == nullptr && !foreign_room) {
        RoomHead& head = change(room);
        head.state = RoomState::matched;
        head.targets = call.targets;
        write_down(room);
        auto events = unpark(room, room.parked.size());
        verdict.released.assign(std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
    } else if (call.targets != nullptr && room.head.targets != nullptr) {
        verdict.tenant_conflict = foreign_room || !share_a_tenant(*call.targets, *room.head.targets);
    } else if (room.head.targets != nullptr) {
        if (!judged) call.targets = room.head.targets;
    } else if (room.head.state == RoomState::unknown) {
        change(room).state = RoomState::unmatched;
        write_down(room);
        auto events = unpark(room, room.parked.size());
        verdict.dropped.assign(std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
    }
    if (!judged) known.targets = call.targets;
    if (room.first == nullptr && call.targets != nullptr) room.first = &call;
    return call;
}

void Registry::link(Room& room, std::string_view participant_sid, const Call& call) {
    auto linked = room.participants.find(participant_sid);
    if (linked != room.participants.end() && linked->second.call == &call) return;
    const Call* before = nullptr;
    if (linked == room.participants.end()) {
        linked = room.participants.try_emplace(std::string(participant_sid)).first;
        linked->second.row = next_row_++;
    } else {
        before = linked->second.call;
    }
    linked->second.call = &call;
    journal_.emplace_back(Linked{&room, linked->first, before});
    changes_.participants.emplace_back(&room, linked);
}

void Registry::park(Room& room, RowId seq, std::string_view event_name, std::int64_t now_ms) {
    room.parked.push_back({seq, now_ms, std::string(event_name)});
    parked_.emplace(seq, &room);
    journal_.emplace_back(Parked{&room});
}

std::deque<ParkedEvent> Registry::unpark(Room& room, std::size_t count) {
    if (count == 0) return {};
    const auto end = room.parked.begin() + static_cast<std::ptrdiff_t>(count);
    std::deque<ParkedEvent> events(room.parked.begin(), end);
    room.parked.erase(room.parked.begin(), end);
    for (const auto& event : events) parked_.erase(event.seq);
    journal_.emplace_back(Unparked{&room, events});
    return events;
}

std::vector<ParkedEvent> Registry::overflow() {
    std::vector<ParkedEvent> dropped;
    while (parked_.size() > limits_.park_events) {
        auto events = unpark(*parked_.begin()->second, 1);
        dropped.push_back(std::move(events.front()));
    }
    return dropped;
}

std::vector<ParkedEvent> Registry::expire(std::int64_t now_ms, std::size_t steps) {
    std::vector<ParkedEvent> dropped;
    std::vector<Due> again;
    for (; steps > 0 && !due_.empty() && due_.top().at_ms <= now_ms; --steps) {
        const Due due = due_.top();
        due_.pop();
        const auto found = rooms_.find(due.room);
        if (found == rooms_.end()) continue;
        looked_at_.push_back(due);
        Room& room = *found->second;
        visit(room, now_ms, dropped);
        if (forget_at(room) <= now_ms)
            forget(room);
        else
            again.push_back({std::max(due_at(room), due.at_ms + 1), due.room});
    }
    for (const auto& due : again) due_.push(due);
    return dropped;
}

void Registry::visit(Room& room, std::int64_t now_ms, std::vector<ParkedEvent>& dropped) {
    const bool whole = forget_at(room) <= now_ms;
    std::size_t count = 0;
    while (count < room.parked.size() && (whole || drop_at(room, room.parked[count]) <= now_ms)) ++count;
    for (auto& event : unpark(room, count)) dropped.push_back(std::move(event));
}

void Registry::forget(Room& room) {
    for (const auto& [call_id, call] : room.calls) {
        const auto known = calls_.find(call_id);
        if (--known->second.rooms == 0) calls_.erase(known);
    }
    unindex(room);
    const auto place = rooms_.find(room.row);
    changes_.forgotten.push_back(&room);
    journal_.emplace_back(Forgotten{std::move(place->second)});
    rooms_.erase(place);
}

void Registry::keep() {
    for (Room* room : changes_.rooms) room->head.written_ms = room->head.last_ms;
    journal_.clear();
    changes_ = {};
}

void Registry::undo() {
    changes_ = {};
    for (auto step = journal_.rbegin(); step != journal_.rend(); ++step) undo_step(*step);
    for (const auto& due : looked_at_) due_.push(due);
    journal_.clear();
}

void Registry::undo_step(Step& step) {
    if (auto* added = std::get_if<RoomAdded>(&step)) {
        unindex(*added->room);
        rooms_.erase(added->room->row);
    } else if (auto* saved = std::get_if<HeadSaved>(&step)) {
        saved->room->head = std::move(saved->head);
        saved->room->saved_in = saved->room->changed_in = 0;
    } else if (auto* call = std::get_if<CallAdded>(&step)) {
        const auto known = calls_.find(call->call_id);
        if (--known->second.rooms == 0) calls_.erase(known);
        const auto place = call->room->calls.find(call->call_id);
        if (call->room->first == &place->second) call->room->first = nullptr;
        call->room->calls.erase(place);
    } else if (auto* linked = std::get_if<Linked>(&step)) {
        if (linked->before == nullptr)
            linked->room->participants.erase(linked->sid);
        else
            linked->room->participants.find(linked->sid)->second.call = linked->before;
    } else if (auto* parked = std::get_if<Parked>(&step)) {
        parked_.erase(parked->room->parked.back().seq);
        parked->room->parked.pop_back();
    } else if (auto* unparked = std::get_if<Unparked>(&step)) {
        Room& room = *unparked->room;
        for (const auto& event : unparked->events) parked_.emplace(event.seq, &room);
        room.parked.insert(room.parked.begin(), unparked->events.begin(), unparked->events.end());
    } else if (auto* forgotten = std::get_if<Forgotten>(&step)) {
        Room& room = *forgotten->room;
        for (const auto& [call_id, each] : room.calls) {
            KnownCall& known = calls_[call_id];
            if (known.rooms++ == 0) known.targets = each.targets;
        }
        rooms_.emplace(room.row, std::move(forgotten->room));
        index(room);
    }
}

Room* Registry::find(std::string_view name, std::string_view sid) {
    const auto named = names_.find(std::string(name));
    if (named == names_.end()) return nullptr;
    if (sid.empty()) return named->second.back();
    for (Room* room : named->second)
        if (room->sid == sid) return room;
    return nullptr;
}

Room& Registry::add_room(const Event& event) {
    auto room = std::make_unique<Room>();
    room->row = next_row_++;
    room->name = event.room_name;
    room->sid = event.room_sid;
    Room& added = *room;
    rooms_.emplace(added.row, std::move(room));
    index(added);
    journal_.emplace_back(RoomAdded{&added});
    return added;
}

void Registry::index(Room& room) {
    auto& named = names_[room.name];
    const auto place = std::ranges::find_if(named, [&](const Room* each) { return each->row > room.row; });
    named.insert(place, &room);
}

void Registry::unindex(const Room& room) {
    const auto named = names_.find(room.name);
    std::erase(named->second, &room);
    if (named->second.empty()) names_.erase(named);
}

RoomHead& Registry::change(Room& room) {
    if (room.saved_in != group_) {
        room.saved_in = group_;
        journal_.emplace_back(HeadSaved{&room, room.head});
    }
    return room.head;
}

void Registry::write_down(Room& room) {
    if (room.changed_in == group_) return;
    room.changed_in = group_;
    changes_.rooms.push_back(&room);
}

std::int64_t Registry::forget_at(const Room& room) const {
    return room.head.last_ms + (room.head.finished_ms != 0 ? limits_.finished_ms : limits_.silent_ms);
}

std::int64_t Registry::drop_at(const Room& room, const ParkedEvent& event) const {
    const std::int64_t longest = event.at_ms + limits_.park_longest_ms;
    return room.head.finished_ms != 0 ? std::min(longest, room.head.finished_ms + limits_.park_ms) : longest;
}

std::int64_t Registry::due_at(const Room& room) const {
    const std::int64_t forgotten = forget_at(room);
    return room.parked.empty() ? forgotten : std::min(forgotten, drop_at(room, room.parked.front()));
}

std::optional<std::int64_t> Registry::next_due_ms() {
    while (!due_.empty()) {
        const Due due = due_.top();
        const auto found = rooms_.find(due.room);
        const std::int64_t real = found != rooms_.end() ? due_at(*found->second) : 0;
        if (real != 0 && real <= due.at_ms) return due.at_ms;
        due_.pop();
        if (real != 0) due_.push({real, due.room});
    }
    return std::nullopt;
}

void Registry::restore_room(RowId row, std::string name, std::string sid, RoomHead head) {
    auto room = std::make_unique<Room>();
    room->row = row;
    room->name = std::move(name);
    room->sid = std::move(sid);
    room->head = std::move(head);
    room->head.last_ms += kLastSlackMs;
    Room& added = *room;
    rooms_.emplace(row, std::move(room));
    index(added);
    due_.push({due_at(added), row});
    next_row_ = std::max(next_row_, row + 1);
}

void Registry::restore_call(RowId row, RowId room, std::string call_id, Targets targets) {
    next_row_ = std::max(next_row_, row + 1);
    const auto found = rooms_.find(room);
    if (found == rooms_.end()) return;
    KnownCall& known = calls_[call_id];
    if (known.rooms++ == 0) known.targets = targets;
    Room& home = *found->second;
    const auto [place, _] = home.calls.try_emplace(std::move(call_id), Call{row, std::move(targets), {}});
    place->second.id = place->first;
    if (home.first == nullptr && place->second.targets != nullptr) home.first = &place->second;
}

void Registry::restore_participant(RowId row, RowId room, std::string sid, RowId call) {
    next_row_ = std::max(next_row_, row + 1);
    const auto found = rooms_.find(room);
    if (found == rooms_.end()) return;
    for (const auto& [_, each] : found->second->calls)
        if (each.row == call) found->second->participants.try_emplace(std::move(sid), Participant{row, &each});
}

void Registry::restore_parked(RowId room, ParkedEvent event) {
    const auto found = rooms_.find(room);
    if (found == rooms_.end()) return;
    parked_.emplace(event.seq, found->second.get());
    found->second->parked.push_back(std::move(event));
    due_.push({due_at(*found->second), room});
}

void Registry::not_later_than(std::int64_t now_ms) {
    due_ = {};
    for (auto& [row, room] : rooms_) {
        RoomHead& head = room->head;
        head.last_ms = std::min(head.last_ms, now_ms);
        head.written_ms = std::min(head.written_ms, now_ms);
        head.finished_ms = std::min(head.finished_ms, now_ms);
        for (auto& event : room->parked) event.at_ms = std::min(event.at_ms, now_ms);
        due_.push({due_at(*room), row});
    }
}

}  // namespace switchhook::store_sqlite
