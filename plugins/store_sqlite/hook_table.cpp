#include "hook_table.hpp"

#include <string_view>
#include <utility>

#include "schema.hpp"

namespace switchhook::store_sqlite {

namespace {

// Event names as one column: each ends with a NUL, which no name of LiveKit's holds.
std::string join(const std::vector<std::string>& events) {
    std::string joined;
    for (const auto& event : events) joined.append(event).push_back('\0');
    return joined;
}

std::vector<std::string> split(std::string_view joined) {
    std::vector<std::string> events;
    while (!joined.empty()) {
        const auto end = joined.find('\0');
        events.emplace_back(joined.substr(0, end));
        joined.remove_prefix(end == std::string_view::npos ? joined.size() : end + 1);
    }
    return events;
}

}  // namespace

Status SqliteHookStore::start() {
    // A lock of its own: the outbox of the same process holds the other, and locks belong to open files, not processes.
    if (Status status = lock_.acquire(path_ + ".hooks.lock"); !status) return status;
    Status status = open();
    if (!status) lock_.release();
    return status;
}

void SqliteHookStore::stop() {
    database_.reset();
    lock_.release();
}

Status SqliteHookStore::check() const {
    return check_store(path_);
}

Status SqliteHookStore::open() {
    if (database_) return {};
    auto database = open_store(path_);
    if (!database) return database.status();
    database_ = std::move(*database);
    return {};
}

Result<HookTable> SqliteHookStore::load() {
    if (Status status = open(); !status) return status;
    return read();
}

Result<HookTable> SqliteHookStore::look() const {
    if (Status status = check(); !status) return status;
    auto database = look_into_store(path_);
    if (!database) return database.status();
    if (!*database) return HookTable();
    SqliteHookStore reader(path_);
    reader.database_ = std::move(**database);
    return reader.read();
}

Result<HookTable> SqliteHookStore::apply(const HookChange& change) {
    if (Status status = open(); !status) return status;
    for (const auto& hook : change.put)
        for (const auto& event : hook.events)
            if (event.find('\0') != std::string::npos) return Status(Code::invalid, "an event name holds a NUL byte");
    if (Status status = write(change); !status) {
        database_->roll_back();
        // A disk that failed may need a new handle; the next call opens it.
        if (status.code() != Code::full) database_.reset();
        return status;
    }
    return read();
}

Status SqliteHookStore::write(const HookChange& change) {
    if (Status status = database_->run("BEGIN IMMEDIATE"); !status) return status;
    auto remove = database_->prepare("DELETE FROM hook WHERE host=?");
    if (!remove) return remove.status();
    for (const auto& host : change.remove)
        if (Status status = remove->bytes(1, host).run(); !status) return status;
    auto put = database_->prepare("REPLACE INTO hook(host,url,auth_id,dialect,events) VALUES(?,?,?,?,?)");
    if (!put) return put.status();
    for (const auto& hook : change.put) {
        const std::string events = join(hook.events);
        put->bytes(1, hook.host).bytes(2, hook.url).bytes(3, hook.auth_id).bytes(4, hook.dialect).bytes(5, events);
        if (Status status = put->run(); !status) return status;
    }
    return database_->run("COMMIT");
}

Result<HookTable> SqliteHookStore::read() {
    auto rows = database_->prepare("SELECT host,url,auth_id,dialect,events FROM hook ORDER BY host");
    if (!rows) return rows.status();
    HookTable table;
    while (true) {
        const auto row = rows->step();
        if (!row) return row.status();
        if (!*row) return table;
        Hook hook;
        hook.host = rows->bytes_at(0);
        hook.url = rows->bytes_at(1);
        hook.auth_id = rows->bytes_at(2);
        hook.dialect = rows->bytes_at(3);
        hook.events = split(rows->bytes_at(4));
        table.push_back(std::move(hook));
    }
}

}  // namespace switchhook::store_sqlite
