#include "memory.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "log_rows.hpp"
#include "schema.hpp"

namespace switchhook::store_sqlite {

namespace {

Status damaged(const Database& database, const char* what) {
    return {Code::corrupt, database.path() + ": " + what +
                               " cannot be read; nothing was changed: restore it from a backup, "
                               "or move it away to begin anew"};
}

// Reads tables, until somebody wants it to stop.
class Reading final {
public:
    Reading(Database& database, const std::atomic<bool>& stops) : database_(&database), stops_(&stops) {}

    // Calls `each` for every row of the query, until it answers false.
    template <typename Each>
    Status rows(const char* sql, Each each) const {
        auto statement = database_->prepare(sql);
        if (!statement) return statement.status();
        while (!*stops_) {
            const auto row = statement->step();
            if (!row) return row.status();
            if (!*row || !each(std::as_const(*statement))) return {};
        }
        return {Code::unavailable, database_->path() + " is closed"};
    }
    Status damaged(const char* what) const { return store_sqlite::damaged(*database_, what); }

private:
    Database* database_;
    const std::atomic<bool>* stops_;
};

Status load_rooms(const Reading& reading, Loaded& memory) {
    bool readable = true;
    Status status =
        reading.rows("SELECT id,name,sid,state,hooks,last,finished FROM room ORDER BY id", [&](const Statement& row) {
            auto targets = unpack(row.bytes_at(4));
            const auto state = row.integer_at(3);
            readable = targets && state >= 1 && state <= 3 && (state == 3) == (*targets != nullptr);
            if (!readable) return false;
            RoomHead head{.state = static_cast<RoomState>(state),
                          .targets = std::move(*targets),
                          .last_ms = row.integer_at(5),
                          .written_ms = row.integer_at(5),
                          .finished_ms = row.integer_at(6)};
            memory.latest_ms = std::max(memory.latest_ms, head.last_ms);
            memory.registry.restore_room(row.integer_at(0), std::string(row.bytes_at(1)), std::string(row.bytes_at(2)),
                                         std::move(head));
            return true;
        });
    if (!status) return status;
    if (!readable) return reading.damaged("a room");
    status = reading.rows("SELECT id,room,call_id,hooks FROM call ORDER BY id", [&](const Statement& row) {
        auto targets = unpack(row.bytes_at(3));
        readable = targets.has_value();
        if (readable)
            memory.registry.restore_call(row.integer_at(0), row.integer_at(1), std::string(row.bytes_at(2)),
                                         std::move(*targets));
        return readable;
    });
    if (!status) return status;
    if (!readable) return reading.damaged("a call");
    status = reading.rows("SELECT id,room,sid,call FROM participant ORDER BY id", [&](const Statement& row) {
        memory.registry.restore_participant(row.integer_at(0), row.integer_at(1), std::string(row.bytes_at(2)),
                                            row.integer_at(3));
        return true;
    });
    if (!status) return status;
    return reading.rows("SELECT p.seq,p.room,e.at,e.name FROM parked p JOIN event e ON e.seq=p.seq ORDER BY p.seq",
                        [&](const Statement& row) {
                            memory.registry.restore_parked(row.integer_at(1), {row.integer_at(0), row.integer_at(2),
                                                                               std::string(row.bytes_at(3))});
                            return true;
                        });
}

// The last ten minutes before the latest group, from its end; what is further back is not read.
Status load_ids(const Reading& reading, Loaded& memory) {
    std::vector<std::pair<std::int64_t, std::string>> groups;
    // Not the rooms' times: these are a minute ahead for each restart.
    std::int64_t latest_ms = 0;
    const auto young = [&](std::int64_t at_ms) {
        latest_ms = std::max(latest_ms, at_ms);
        return at_ms > latest_ms - IdWindow::kRememberMs;
    };
    bool whole = true;
    Status status = reading.rows("SELECT at,hashes FROM ids ORDER BY first DESC", [&](const Statement& row) {
        groups.emplace_back(row.integer_at(0), row.bytes_at(1));
        whole = groups.back().second.size() % kIdBytes == 0;
        return whole && young(row.integer_at(0));
    });
    if (!status) return status;
    if (!whole) return reading.damaged("a group of ids");
    // The group that was read last may be old already: the same id may have come once more since, and that is the one
    // to keep. No other is left out: after the clock went back the newest groups look old beside those before them.
    if (!groups.empty() && !young(groups.back().first)) groups.pop_back();
    for (auto group = groups.rbegin(); group != groups.rend(); ++group) {
        for (std::string_view ids = group->second; !ids.empty(); ids.remove_prefix(kIdBytes))
            if (const IdHash id = unpack_id(ids); !memory.ids.contains(id)) memory.ids.add(id, group->first);
    }
    memory.ids.expire(latest_ms);
    memory.latest_ms = std::max(memory.latest_ms, latest_ms);
    return {};
}

Status load_waiting(const Reading& reading, Loaded& memory) {
    std::vector<DeliveryId> ids;
    // By the index, hook after hook; the table itself is ten times as long.
    Status status = reading.rows("SELECT id FROM delivery INDEXED BY waiting WHERE state=1", [&](const Statement& row) {
        ids.push_back(static_cast<DeliveryId>(row.integer_at(0)));
        return true;
    });
    std::ranges::sort(ids);
    for (const DeliveryId id : ids) memory.waiting.add(id);
    return status;
}

Status load_tenants(const Reading& reading, Memory& memory) {
    bool in_order = true;
    Status status = reading.rows("SELECT id,name,dead FROM tenant ORDER BY id", [&](const Statement& row) {
        in_order = row.integer_at(0) == memory.tenants.add(std::string(row.bytes_at(1)), row.integer_at(2));
        memory.dead += row.integer_at(2);
        return in_order;
    });
    if (!status) return status;
    return in_order && !memory.tenants.all().empty() ? status : reading.damaged("the table of tenants");
}

Status load_jobs(const Reading& reading, Memory& memory) {
    const std::string sql = std::string("SELECT ") + kJobColumns + " FROM job WHERE state=1 ORDER BY id";
    return reading.rows(sql.c_str(), [&](const Statement& row) {
        memory.jobs.push_back(read_job(row));
        return true;
    });
}

}  // namespace

std::optional<std::int64_t> Tenants::number(std::string_view name) const {
    const auto known = numbers_.find(name);
    return known != numbers_.end() ? std::optional(known->second) : std::nullopt;
}

std::int64_t Tenants::add(std::string name, std::int64_t dead) {
    const auto number = static_cast<std::int64_t>(all_.size());
    numbers_.try_emplace(name, number);
    all_.push_back({.name = std::move(name), .dead = dead});
    return number;
}

void Tenants::take_back() {
    numbers_.erase(all_.back().name);
    all_.pop_back();
}

Result<Memory> load_numbers(Database& database, const Registry::Limits& limits) {
    Memory memory(limits);
    const std::atomic<bool> never = false;
    const Reading reading(database, never);
    Status status = reading.rows("SELECT key,value FROM meta", [&](const Statement& row) {
        const auto value = row.integer_at(1);
        switch (static_cast<Meta>(row.integer_at(0))) {
            case Meta::next_event:
                memory.next_event = value;
                break;
            case Meta::next_delivery:
                memory.next_delivery = static_cast<DeliveryId>(value);
                break;
            case Meta::settled_below:
                memory.settled_below = static_cast<DeliveryId>(value);
                break;
            case Meta::next_block:
                memory.next_block = value;
                break;
            case Meta::dead:
            case Meta::marks:
                break;
        }
        return true;
    });
    // Those of the latest commits were not written down apart.
    const auto beyond = [&](const char* sql, auto& next) {
        if (!status) return;
        const auto row = database.number(sql);
        status = row.status();
        if (row) next = std::max(next, static_cast<std::remove_reference_t<decltype(next)>>(*row));
    };
    beyond("SELECT max(seq)+1 FROM event", memory.next_event);
    beyond("SELECT first+length(hashes)/16 FROM ids ORDER BY first DESC LIMIT 1", memory.next_event);
    beyond("SELECT max(id)+1 FROM delivery", memory.next_delivery);
    if (status) status = load_tenants(reading, memory);
    if (status) status = load_jobs(reading, memory);
    if (!status) return status;
    return memory;
}

Result<Loaded> load_rest(Database& database, const Registry::Limits& limits, const std::atomic<bool>& stops) {
    Loaded loaded(limits);
    const Reading reading(database, stops);
    Status status = load_rooms(reading, loaded);
    if (status) status = load_ids(reading, loaded);
    if (status) status = load_waiting(reading, loaded);
    if (!status) return status;
    return loaded;
}

}  // namespace switchhook::store_sqlite
