#include "rows.hpp"

#include <cstring>
#include <limits>
#include <utility>

#include "facets.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr std::int64_t kPage = 4096;

std::int64_t column(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

template <typename T>
void put(std::string& out, T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out.append(bytes, sizeof value);
}

template <typename T>
bool take(std::string_view& in, T& value) {
    if (in.size() < sizeof value) return false;
    std::memcpy(&value, in.data(), sizeof value);
    in.remove_prefix(sizeof value);
    return true;
}

}  // namespace

std::string pack(const Targets& targets) {
    std::string out;
    if (targets == nullptr) return out;
    for (const auto& target : *targets) {
        put(out, target.hook);
        put(out, static_cast<std::uint32_t>(target.tenant.size()));
        out += target.tenant;
    }
    return out;
}

std::optional<Targets> unpack(std::string_view bytes) {
    if (bytes.empty()) return Targets();
    std::vector<Target> targets;
    while (!bytes.empty()) {
        Target target;
        std::uint32_t length = 0;
        if (!take(bytes, target.hook) || !take(bytes, length) || bytes.size() < length) return std::nullopt;
        target.tenant = bytes.substr(0, length);
        bytes.remove_prefix(length);
        targets.push_back(std::move(target));
    }
    return std::make_shared<const std::vector<Target>>(std::move(targets));
}

Result<Rows> Rows::prepare(Database& database) {
    Rows rows(database);
    const std::pair<Statement*, const char*> statements[] = {
        {&rows.begin_, "BEGIN IMMEDIATE"},
        {&rows.commit_, "COMMIT"},
        {&rows.add_event_, "INSERT INTO event(seq,at,first,count,name,id,call,body) VALUES(?,?,?,?,?,?,?,?)"},
        {&rows.add_ids_, "INSERT INTO ids(first,at,hashes) VALUES(?,?,?)"},
        {&rows.add_delivery_,
         "INSERT INTO delivery(id,event,hook,stream,at,state,attempts,due,settled,tenant,name,call) "
         "VALUES(?,?,?,?,?,1,0,0,0,?,?,?)"},
        {&rows.settle_, "UPDATE delivery SET state=?,attempts=?,due=?,settled=?,code=? WHERE id=?"},
        {&rows.add_parked_, "INSERT INTO parked(seq,room) VALUES(?,?)"},
        {&rows.remove_parked_, "DELETE FROM parked WHERE seq=?"},
        {&rows.release_, "UPDATE event SET first=?,count=?,call=? WHERE seq=?"},
        {&rows.put_room_, "REPLACE INTO room(id,name,sid,state,hooks,last,finished) VALUES(?,?,?,?,?,?,?)"},
        {&rows.put_call_, "REPLACE INTO call(id,room,call_id,hooks) VALUES(?,?,?,?)"},
        {&rows.put_participant_, "REPLACE INTO participant(id,room,sid,call) VALUES(?,?,?,?)"},
        {&rows.remove_room_, "DELETE FROM room WHERE id=?"},
        {&rows.remove_call_, "DELETE FROM call WHERE id=?"},
        {&rows.remove_participant_, "DELETE FROM participant WHERE id=?"},
        {&rows.set_, "REPLACE INTO meta(key,value) VALUES(?,?)"},
        {&rows.events_after_, "SELECT seq,at,first,count,id FROM event WHERE seq>? ORDER BY seq LIMIT ?"},
        {&rows.remove_event_, "DELETE FROM event WHERE seq=?"},
        {&rows.remove_deliveries_, "DELETE FROM delivery WHERE id>=? AND id<?"},
        {&rows.ids_, "SELECT first,at FROM ids ORDER BY first LIMIT ?"},
        {&rows.remove_ids_, "DELETE FROM ids WHERE first<=?"},
        {&rows.event_, "SELECT seq,at,first,count,id,body FROM event WHERE seq=?"},
        {&rows.delivery_, "SELECT event,hook,stream,at,state,attempts,due,tenant,name,call FROM delivery WHERE id=?"},
        {&rows.pages_, "PRAGMA page_count"},
        {&rows.free_pages_, "PRAGMA freelist_count"},
        {&rows.add_attempt_,
         "REPLACE INTO attempt(id,number,at,resolved,connected,secured,answered,took,status,code,address,answer) "
         "VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"},
        {&rows.remove_attempts_, "DELETE FROM attempt WHERE id>=? AND id<?"},
        {&rows.in_block_, "SELECT 1 FROM delivery WHERE id>=? AND id<? LIMIT 1"},
        {&rows.remove_block_, "DELETE FROM block WHERE id=?"},
        // All of these by the index of what waits: an error rather than a walk over the table.
        {&rows.waiting_,
         "SELECT id FROM delivery INDEXED BY waiting WHERE hook=? AND state=1 AND id>? ORDER BY id LIMIT ?"},
        {&rows.waiting_hook_,
         "SELECT hook FROM delivery INDEXED BY waiting WHERE state=1 AND hook>=? ORDER BY hook LIMIT 1"},
        {&rows.count_hook_,
         "SELECT count(*) FROM (SELECT 1 FROM delivery INDEXED BY waiting WHERE hook=? AND state=1 LIMIT ?)"},
        {&rows.count_waiting_,
         "SELECT count(*) FROM (SELECT 1 FROM delivery INDEXED BY waiting WHERE state=1 LIMIT ?)"},
        {&rows.oldest_waiting_, "SELECT id FROM delivery WHERE id>=? AND state=1 ORDER BY id LIMIT 1"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = database.prepare(sql);
        if (!prepared) return prepared.status();
        *statement = std::move(*prepared);
    }
    return rows;
}

void Rows::run(Statement& statement) {
    if (status_) status_ = statement.run();
}

bool Rows::step(Statement& statement) {
    if (!status_) return false;
    const auto row = statement.step();
    if (!row) status_ = row.status();
    return row && *row;
}

Status Rows::take_status() {
    return std::exchange(status_, Status{});
}

void Rows::begin() {
    status_ = {};
    touched_.clear();
    run(begin_);
}

Status Rows::commit() {
    run(commit_);
    if (!status_) database_->roll_back();
    return take_status();
}

void Rows::add_event(RowId seq, std::int64_t now_ms, const Event& event, std::string_view call, DeliveryId first,
                     std::uint32_t count) {
    run(add_event_.integer(1, seq)
            .integer(2, now_ms)
            .integer(3, column(first))
            .integer(4, count)
            .bytes(5, event.name)
            .bytes(6, event.id)
            .bytes(7, call)
            .bytes(8, event.body));
}

void Rows::add_ids(RowId first, std::int64_t at_ms, std::string_view hashes) {
    run(add_ids_.integer(1, first).integer(2, at_ms).bytes(3, hashes));
}

void Rows::add_delivery(const WaitingDelivery& delivery, RowId event, const LogKeys& keys) {
    run(add_delivery_.integer(1, column(delivery.id))
            .integer(2, event)
            .integer(3, column(delivery.hook))
            .integer(4, column(delivery.stream))
            .integer(5, delivery.appended_ms)
            .integer(6, keys.tenant)
            .integer(7, keys.name)
            .integer(8, keys.call));
}

void Rows::settle(const Settled& settled, std::int64_t now_ms) {
    run(settle_.integer(1, static_cast<std::int64_t>(settled.state))
            .integer(2, settled.attempts)
            .integer(3, settled.due_ms)
            .integer(4, now_ms)
            .bytes(5, settled.code)
            .integer(6, column(settled.id)));
}

// The key says whose attempt it is and which, so that no index is needed; a REPLACE makes the 129th take the first
// one's place.
void Rows::add_attempt(DeliveryId id, std::uint32_t number, const Attempt& attempt) {
    constexpr std::uint32_t kSlots = std::uint32_t{1} << kAttemptBits;
    run(add_attempt_.integer(1, column((id << kAttemptBits) + (number + kSlots - 1) % kSlots))
            .integer(2, number)
            .integer(3, attempt.at_ms)
            .integer(4, attempt.resolved_us)
            .integer(5, attempt.connected_us)
            .integer(6, attempt.secured_us)
            .integer(7, attempt.answered_us)
            .integer(8, attempt.took_us)
            .integer(9, attempt.status)
            .bytes(10, attempt.code)
            .bytes(11, attempt.address)
            .bytes(12, attempt.answer.substr(0, kAnswerBytes)));
}

void Rows::add_parked(RowId seq, RowId room) {
    run(add_parked_.integer(1, seq).integer(2, room));
}

void Rows::release(RowId seq, std::string_view call, DeliveryId first, std::uint32_t count) {
    run(remove_parked_.integer(1, seq));
    run(release_.integer(1, column(first)).integer(2, count).bytes(3, call).integer(4, seq));
}

void Rows::drop_parked(RowId seq) {
    run(remove_parked_.integer(1, seq));
    run(remove_event_.integer(1, seq));
}

void Rows::write(const Registry::Changes& changes) {
    for (const Room* room : changes.rooms) {
        const RoomHead& head = room->head;
        const std::string hooks = pack(head.targets);
        run(put_room_.integer(1, room->row)
                .bytes(2, room->name)
                .bytes(3, room->sid)
                .integer(4, static_cast<std::int64_t>(head.state))
                .bytes(5, hooks)
                .integer(6, head.last_ms)
                .integer(7, head.finished_ms));
    }
    for (const auto& [room, call] : changes.calls) {
        const std::string hooks = pack(call->second.targets);
        run(put_call_.integer(1, call->second.row).integer(2, room->row).bytes(3, call->first).bytes(4, hooks));
    }
    for (const auto& [room, participant] : changes.participants)
        run(put_participant_.integer(1, participant->second.row)
                .integer(2, room->row)
                .bytes(3, participant->first)
                .integer(4, participant->second.call->row));
    for (const Room* room : changes.forgotten) {
        run(remove_room_.integer(1, room->row));
        for (const auto& [_, call] : room->calls) run(remove_call_.integer(1, call.row));
        for (const auto& [_, participant] : room->participants) run(remove_participant_.integer(1, participant.row));
    }
}

void Rows::set(Meta key, std::int64_t value) {
    run(set_.integer(1, static_cast<std::int64_t>(key)).integer(2, value));
}

std::vector<StoredEvent> Rows::events_after(RowId seq, std::size_t limit) {
    std::vector<StoredEvent> events;
    events_after_.integer(1, seq).integer(2, static_cast<std::int64_t>(limit));
    while (step(events_after_))
        events.push_back({.seq = events_after_.integer_at(0),
                          .at_ms = events_after_.integer_at(1),
                          .first = static_cast<DeliveryId>(events_after_.integer_at(2)),
                          .count = static_cast<std::uint32_t>(events_after_.integer_at(3)),
                          .id = std::string(events_after_.bytes_at(4)),
                          .body = {}});
    events_after_.done();
    return events;
}

void Rows::remove(const StoredEvent& event) {
    run(remove_event_.integer(1, event.seq));
    remove_deliveries(event.first, event.count);
}

void Rows::remove_deliveries(DeliveryId first, std::uint64_t count) {
    if (count == 0) return;
    const DeliveryId end = first + count;
    run(remove_deliveries_.integer(1, column(first)).integer(2, column(end)));
    run(remove_attempts_.integer(1, column(first << kAttemptBits)).integer(2, column(end << kAttemptBits)));
    for (std::int64_t block = block_of(first); block <= block_of(end - 1); ++block) touched_.insert(block);
}

void Rows::sweep_blocks() {
    for (const std::int64_t block : touched_) {
        const std::int64_t first = block << kBlockBits;
        in_block_.integer(1, first).integer(2, first + static_cast<std::int64_t>(kBlock));
        const bool empty = !step(in_block_);
        in_block_.done();
        if (empty) run(remove_block_.integer(1, block));
    }
    touched_.clear();
}

std::vector<std::pair<RowId, std::int64_t>> Rows::ids(std::size_t limit) {
    std::vector<std::pair<RowId, std::int64_t>> rows;
    ids_.integer(1, static_cast<std::int64_t>(limit));
    while (step(ids_)) rows.emplace_back(ids_.integer_at(0), ids_.integer_at(1));
    ids_.done();
    return rows;
}

void Rows::remove_ids_to(RowId first) {
    run(remove_ids_.integer(1, first));
}

std::vector<DeliveryId> Rows::waiting(HookId hook, DeliveryId after, std::size_t limit) {
    std::vector<DeliveryId> ids;
    waiting_.integer(1, column(hook)).integer(2, column(after)).integer(3, static_cast<std::int64_t>(limit));
    while (step(waiting_)) ids.push_back(static_cast<DeliveryId>(waiting_.integer_at(0)));
    waiting_.done();
    return ids;
}

std::vector<Backlog> Rows::backlog(std::size_t most) {
    std::vector<Backlog> all;
    constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
    for (auto from = std::numeric_limits<std::int64_t>::min();;) {
        waiting_hook_.integer(1, from);
        const bool found = step(waiting_hook_);
        const std::int64_t hook = found ? waiting_hook_.integer_at(0) : kLast;
        waiting_hook_.done();
        if (!found) return all;
        count_hook_.integer(1, hook).integer(2, static_cast<std::int64_t>(most));
        all.push_back({static_cast<HookId>(hook), static_cast<std::uint64_t>(number(count_hook_))});
        if (hook == kLast) return all;
        from = hook + 1;
    }
}

std::uint64_t Rows::count_waiting(std::size_t most) {
    return static_cast<std::uint64_t>(number(count_waiting_.integer(1, static_cast<std::int64_t>(most))));
}

std::optional<StoredDelivery> Rows::oldest_waiting(DeliveryId from) {
    const auto id = static_cast<DeliveryId>(number(oldest_waiting_.integer(1, column(from))));
    return id != 0 ? delivery(id) : std::nullopt;
}

std::optional<StoredEvent> Rows::event(RowId seq) {
    std::optional<StoredEvent> found;
    event_.integer(1, seq);
    if (step(event_))
        found = StoredEvent{.seq = event_.integer_at(0),
                            .at_ms = event_.integer_at(1),
                            .first = static_cast<DeliveryId>(event_.integer_at(2)),
                            .count = static_cast<std::uint32_t>(event_.integer_at(3)),
                            .id = std::string(event_.bytes_at(4)),
                            .body = std::string(event_.bytes_at(5))};
    event_.done();
    return found;
}

std::optional<StoredDelivery> Rows::delivery(DeliveryId id) {
    std::optional<StoredDelivery> found;
    delivery_.integer(1, column(id));
    if (step(delivery_)) {
        const auto due = delivery_.integer_at(6);
        found = StoredDelivery{.id = id,
                               .event = delivery_.integer_at(0),
                               .hook = static_cast<HookId>(delivery_.integer_at(1)),
                               .stream = static_cast<StreamId>(delivery_.integer_at(2)),
                               .at_ms = delivery_.integer_at(3),
                               .state = static_cast<DeliveryState>(delivery_.integer_at(4)),
                               .attempts = static_cast<std::uint32_t>(delivery_.integer_at(5)),
                               .due_ms = due,
                               .successor = 0,
                               .tenant = delivery_.integer_at(7),
                               .name = delivery_.integer_at(8),
                               .call = delivery_.integer_at(9)};
        if (found->state == DeliveryState::requeued) {
            found->successor = static_cast<DeliveryId>(due);
            found->due_ms = 0;
        }
    }
    delivery_.done();
    return found;
}

std::int64_t Rows::number(Statement& statement) {
    const std::int64_t value = step(statement) ? statement.integer_at(0) : 0;
    statement.done();
    return value;
}

std::int64_t Rows::used_bytes() {
    return (number(pages_) - number(free_pages_)) * kPage;
}
std::int64_t Rows::free_bytes() {
    return number(free_pages_) * kPage;
}

}  // namespace switchhook::store_sqlite
