#include "memory.hpp"

#include <algorithm>
#include <tuple>
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

// Calls `each` for every row of the query, until it answers false.
template <typename Each>
Status for_rows(Database& database, const char* sql, std::int64_t parameter, Each each) {
    auto statement = database.prepare(sql);
    if (!statement) return statement.status();
    statement->integer(1, parameter);
    while (true) {
        const auto row = statement->step();
        if (!row) return row.status();
        if (!*row || !each(std::as_const(*statement))) return {};
    }
}

Status load_rooms(Database& database, Memory& memory) {
    bool readable = true;
    Status status = for_rows(database, "SELECT id,name,sid,state,hooks,last,finished FROM room WHERE id>=? ORDER BY id",
                             0, [&](const Statement& row) {
                                 auto targets = unpack(row.bytes_at(4));
                                 const auto state = row.integer_at(3);
                                 readable =
                                     targets && state >= 1 && state <= 3 && (state == 3) == (*targets != nullptr);
                                 if (!readable) return false;
                                 RoomHead head{.state = static_cast<RoomState>(state),
                                               .targets = std::move(*targets),
                                               .last_ms = row.integer_at(5),
                                               .written_ms = row.integer_at(5),
                                               .finished_ms = row.integer_at(6)};
                                 memory.latest_ms = std::max(memory.latest_ms, head.last_ms);
                                 memory.registry.restore_room(row.integer_at(0), std::string(row.bytes_at(1)),
                                                              std::string(row.bytes_at(2)), std::move(head));
                                 return true;
                             });
    if (!status) return status;
    if (!readable) return damaged(database, "a room");
    status = for_rows(database, "SELECT id,room,call_id,hooks FROM call WHERE id>=? ORDER BY id", 0,
                      [&](const Statement& row) {
                          auto targets = unpack(row.bytes_at(3));
                          readable = targets.has_value();
                          if (readable)
                              memory.registry.restore_call(row.integer_at(0), row.integer_at(1),
                                                           std::string(row.bytes_at(2)), std::move(*targets));
                          return readable;
                      });
    if (!status) return status;
    if (!readable) return damaged(database, "a call");
    status = for_rows(database, "SELECT id,room,sid,call FROM participant WHERE id>=? ORDER BY id", 0,
                      [&](const Statement& row) {
                          memory.registry.restore_participant(row.integer_at(0), row.integer_at(1),
                                                              std::string(row.bytes_at(2)), row.integer_at(3));
                          return true;
                      });
    if (!status) return status;
    return for_rows(
        database,
        "SELECT p.seq,p.room,e.at,e.name FROM parked p JOIN event e ON e.seq=p.seq WHERE p.seq>=? ORDER BY p.seq", 0,
        [&](const Statement& row) {
            memory.registry.restore_parked(row.integer_at(1),
                                           {row.integer_at(0), row.integer_at(2), std::string(row.bytes_at(3))});
            return true;
        });
}

// The last ten minutes before the latest event, from its end; rows further back are not read.
Status load_ids(Database& database, Memory& memory) {
    std::vector<std::tuple<RowId, std::int64_t, IdHash>> ids;
    // Not the rooms' times: these are a minute ahead for each restart.
    std::int64_t latest_ms = 0;
    const auto young = [&](std::int64_t at_ms) {
        latest_ms = std::max(latest_ms, at_ms);
        return at_ms > latest_ms - IdWindow::kRememberMs;
    };
    Status status =
        for_rows(database, "SELECT seq,at,id FROM event WHERE seq>=? ORDER BY seq DESC", 0, [&](const Statement& row) {
            ids.emplace_back(row.integer_at(0), row.integer_at(1), hash_id(row.bytes_at(2)));
            return young(row.integer_at(1));
        });
    if (!status) return status;
    status = for_rows(
        database, "SELECT seq,at,high,low FROM seen WHERE seq>=? ORDER BY seq DESC", 0, [&](const Statement& row) {
            ids.emplace_back(
                row.integer_at(0), row.integer_at(1),
                IdHash{static_cast<std::uint64_t>(row.integer_at(2)), static_cast<std::uint64_t>(row.integer_at(3))});
            return young(row.integer_at(1));
        });
    if (!status) return status;
    std::ranges::sort(ids, {}, [](const auto& each) { return std::get<0>(each); });
    // The last row of each table is old already: the same id may have come once more since, and that is the one to
    // keep.
    for (const auto& [seq, at_ms, id] : ids)
        if (young(at_ms) && !memory.ids.contains(id)) memory.ids.add(id, at_ms);
    memory.ids.expire(latest_ms);
    memory.latest_ms = std::max(memory.latest_ms, latest_ms);
    if (!ids.empty()) memory.next_event = std::max(memory.next_event, std::get<0>(ids.back()) + 1);
    return {};
}

Status load_deliveries(Database& database, Memory& memory) {
    return for_rows(database, "SELECT id,hook,at,state FROM delivery WHERE id>=? ORDER BY id",
                    static_cast<std::int64_t>(memory.settled_below), [&](const Statement& row) {
                        const auto id = static_cast<DeliveryId>(row.integer_at(0));
                        memory.next_delivery = std::max(memory.next_delivery, id + 1);
                        if (row.integer_at(3) == static_cast<std::int64_t>(DeliveryState::waiting))
                            memory.waiting.add(id, static_cast<HookId>(row.integer_at(1)), row.integer_at(2));
                        return true;
                    });
}

Status load_tenants(Database& database, Memory& memory) {
    bool in_order = true;
    Status status =
        for_rows(database, "SELECT id,name,dead FROM tenant WHERE id>=? ORDER BY id", 0, [&](const Statement& row) {
            in_order = row.integer_at(0) == memory.tenants.add(std::string(row.bytes_at(1)), row.integer_at(2));
            memory.dead += row.integer_at(2);
            return in_order;
        });
    if (!status) return status;
    return in_order && !memory.tenants.all().empty() ? status : damaged(database, "the table of tenants");
}

Status load_jobs(Database& database, Memory& memory) {
    const std::string sql = std::string("SELECT ") + kJobColumns + " FROM job WHERE id>=? AND state=1 ORDER BY id";
    return for_rows(database, sql.c_str(), 0, [&](const Statement& row) {
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

Result<Memory> load(Database& database, const Registry::Limits& limits) {
    Memory memory(limits);
    Status status = for_rows(database, "SELECT key,value FROM meta WHERE key>=?", 0, [&](const Statement& row) {
        const auto value = row.integer_at(1);
        switch (static_cast<Meta>(row.integer_at(0))) {
            case Meta::next_event:
                memory.next_event = std::max(memory.next_event, value);
                break;
            case Meta::next_delivery:
                memory.next_delivery = std::max(memory.next_delivery, static_cast<DeliveryId>(value));
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
    if (status) status = load_rooms(database, memory);
    if (status) status = load_ids(database, memory);
    if (status) status = load_deliveries(database, memory);
    if (status) status = load_tenants(database, memory);
    if (status) status = load_jobs(database, memory);
    if (!status) return status;
    return memory;
}

}  // namespace switchhook::store_sqlite
