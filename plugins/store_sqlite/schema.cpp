#include "schema.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <sqlite3.h>

#include "migration.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr std::int64_t kApplication = 0x53774873;  // PRAGMA application_id: "SwHs"

constexpr char kCreate[] = R"(
CREATE TABLE event(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
    name BLOB NOT NULL, id BLOB NOT NULL, call BLOB, body BLOB NOT NULL);
CREATE TABLE delivery(id INTEGER PRIMARY KEY, event INTEGER NOT NULL, hook INTEGER NOT NULL, stream INTEGER NOT NULL,
    at INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL, settled INTEGER NOT NULL,
    code BLOB, tenant INTEGER NOT NULL DEFAULT 0, name INTEGER NOT NULL DEFAULT 0, call INTEGER NOT NULL DEFAULT 0);
CREATE TABLE parked(seq INTEGER PRIMARY KEY, room INTEGER NOT NULL);
CREATE TABLE room(id INTEGER PRIMARY KEY, name BLOB NOT NULL, sid BLOB NOT NULL, state INTEGER NOT NULL, hooks BLOB,
    last INTEGER NOT NULL, finished INTEGER NOT NULL);
CREATE TABLE call(id INTEGER PRIMARY KEY, room INTEGER NOT NULL, call_id BLOB NOT NULL, hooks BLOB);
CREATE TABLE participant(id INTEGER PRIMARY KEY, room INTEGER NOT NULL, sid BLOB NOT NULL, call INTEGER NOT NULL);
CREATE TABLE meta(key INTEGER PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE hook(host BLOB PRIMARY KEY, url BLOB NOT NULL, auth_id BLOB NOT NULL, dialect BLOB NOT NULL,
    events BLOB NOT NULL, retry BLOB NOT NULL DEFAULT x'', concurrency INTEGER NOT NULL DEFAULT 0,
    per_second INTEGER NOT NULL DEFAULT 0, burst INTEGER NOT NULL DEFAULT 0, max_age BLOB NOT NULL DEFAULT x'') WITHOUT ROWID;
PRAGMA application_id = 0x53774873;
)";

// Ours and not newer than this program knows, or not written yet.
Result<bool> is_new(Database& database) {
    const auto version = database.number("PRAGMA user_version");
    if (!version) return version.status();
    const auto application = database.number("PRAGMA application_id");
    if (!application) return application.status();
    const auto tables = database.number("SELECT count(*) FROM sqlite_master");
    if (!tables) return tables.status();
    if (*version == 0 && *application == 0 && *tables == 0) return true;
    if (*application != kApplication)
        return Status(Code::corrupt,
                      database.path() + " is a database of another program; nothing was changed: name another path");
    if (*version > kSchemaVersion)
        return Status(Code::invalid, database.path() + " was written by a newer version (schema " +
                                         std::to_string(*version) + ", this one knows " +
                                         std::to_string(kSchemaVersion) +
                                         "); nothing was changed: install that version again or restore a backup");
    if (*version < 1) return Status(Code::corrupt, database.path() + " has no schema version; nothing was changed");
    return false;
}

Status prepare_connection(Database& database) {
    // A commit returns after fsync of the log. Checkpoints are ours to time: not on the committing call.
    if (Status status = database.run("PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF");
        !status)
        return status;
    const auto mode = database.text("PRAGMA journal_mode=WAL");
    if (!mode) return mode.status();
    if (*mode != "wal")
        return {Code::unavailable,
                database.path() + ": this file system cannot hold a write-ahead log (journal mode '" + *mode + "')"};
    return {};
}

}  // namespace

Result<Database> open_store(const std::string& path) {
    auto database = Database::open(path, Database::Mode::write);
    if (!database) return database;
    auto fresh = is_new(*database);
    if (!fresh) return fresh.status();
    // Before the first page is written: what is free within the file can be given back to a full disk.
    if (*fresh)
        if (Status status = database->run("PRAGMA auto_vacuum=INCREMENTAL"); !status) return status;
    if (Status status = prepare_connection(*database); !status) return status;
    if (!*fresh) {
        if (Status status = migrate(*database); !status) return status;
        return database;
    }
    // Two components may open the same new file: whoever holds the write lock looks again.
    if (Status status = database->run("BEGIN IMMEDIATE"); !status) return status;
    fresh = is_new(*database);
    Status status = fresh.status();
    if (status && *fresh) status = database->run(kCreate);
    if (status && *fresh) status = complete_schema(*database);
    if (status) status = database->run("COMMIT");
    if (!status) {
        database->roll_back();
        return status;
    }
    return database;
}

Status check_store(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT) return {};
        return {Code::unavailable, path + ": " + std::strerror(errno)};
    }
    if (!S_ISREG(info.st_mode)) return {Code::invalid, path + " is not a file"};
    if (::access(path.c_str(), R_OK | W_OK) != 0)
        return {Code::unavailable, path + " cannot be read and written by this user: " + std::strerror(errno)};
    if (info.st_size == 0) return {};  // created, and all that it holds is in its log yet
    // A server that runs, or was killed, has a log: then the file alone is not the whole truth, and only its head is
    // read.
    struct stat log {};
    const bool has_log = ::stat((path + "-wal").c_str(), &log) == 0 && log.st_size > 0;

    auto database = Database::open(path, Database::Mode::look_immutable);
    if (!database) return database.status();
    const auto fresh = is_new(*database);
    if (!fresh) return fresh.status();
    if (has_log) return {};
    int steps = 1000;  // about a million instructions each: seconds, not minutes, on a large store
    sqlite3_progress_handler(
        database->handle(), 1'000'000, [](void* left) { return --*static_cast<int*>(left) <= 0 ? 1 : 0; }, &steps);
    // Beside quick_check this compares the index of what waits with its table: what it does not hold is not delivered.
    const auto verdict = database->text("PRAGMA integrity_check(1)");
    if (!verdict) return steps <= 0 ? Status{} : verdict.status();
    if (*verdict != "ok")
        return {Code::corrupt, path + ": " + *verdict + "; restore it from a backup, or move it away to begin anew"};
    return {};
}

Result<std::optional<Database>> look_into_store(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return std::optional<Database>();
    // A log belongs to a server that runs or was killed. Its index is then there, too, and not made by who only reads.
    const bool has_log = ::stat((path + "-wal").c_str(), &info) == 0;
    if (has_log && ::stat((path + "-shm").c_str(), &info) != 0)
        return Status(Code::unavailable, path + " cannot be read without writing, because the index of its log (" +
                                             path + "-shm) is missing; a start of the server makes it anew");
    auto database = Database::open(path, has_log ? Database::Mode::read : Database::Mode::look_immutable);
    if (!database) return database.status();
    const auto fresh = is_new(*database);
    if (!fresh) return fresh.status();
    if (*fresh) return std::optional<Database>();
    const auto version = database->number("PRAGMA user_version");
    if (!version) return version.status();
    if (*version < kSchemaVersion)
        return Status(Code::unavailable, path + " was written by an older version (schema " + std::to_string(*version) +
                                             "); the next start of a server brings it up to date");
    return std::optional(std::move(database).value());
}

}  // namespace switchhook::store_sqlite
