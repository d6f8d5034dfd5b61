#include "database.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <sqlite3.h>

#include "own_file.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr int kBusyMs =
    15'000;  // two connections of this process share the file; each holds the write lock for one fsync

// Bytes of a path that mean something in a URI.
std::string uri(const std::string& path) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string out = "file:";
    for (const char each : path) {
        const auto byte = static_cast<unsigned char>(each);
        if (byte == '%' || byte == '?' || byte == '#' || byte < 0x20) {
            out += '%';
            out += kHex[byte >> 4U];
            out += kHex[byte & 15U];
        } else {
            out += each;
        }
    }
    return out + "?immutable=1";
}

// SQLite would create it readable by all. Only when it is missing: closing a descriptor of a database file drops every
// lock that this process holds on it (POSIX locks; sqlite.org/howtocorrupt.html 2.2).
void create_private(const std::string& path) {
    const int file = open_own(path, O_CREAT | O_EXCL | O_RDWR);
    if (file >= 0) ::close(file);
}

}  // namespace

Status failure(sqlite3* handle, int code, const std::string& path) {
    const int primary = code & 0xff;
    // SQLite 3.40 does not remember the error of a write of the log; then it is still the thread's latest.
    int error = errno;
    if (handle != nullptr && sqlite3_system_errno(handle) != 0) error = sqlite3_system_errno(handle);
    std::string text = path + ": " + (handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
    const bool io = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
    if (io && error != 0) text += std::string(" (") + std::strerror(error) + ")";
    if (primary == SQLITE_FULL || (io && (error == ENOSPC || error == EDQUOT || error == EFBIG)))
        return {Code::full, std::move(text)};
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
        return {Code::corrupt, text + "; nothing was changed: restore it from a backup, or move it away to begin anew"};
    if (primary == SQLITE_TOOBIG || primary == SQLITE_CONSTRAINT || primary == SQLITE_MISUSE || primary == SQLITE_ERROR)
        return {Code::internal, std::move(text)};
    return {Code::unavailable, std::move(text)};
}

Statement::Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
Statement& Statement::operator=(Statement&& other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
}
Statement::~Statement() {
    sqlite3_finalize(statement_);
}

Statement& Statement::integer(int index, std::int64_t value) {
    sqlite3_bind_int64(statement_, index, value);
    return *this;
}
Statement& Statement::bytes(int index, std::string_view value) {
    // A null pointer would bind NULL.
    sqlite3_bind_blob64(statement_, index, value.data() != nullptr ? value.data() : "", value.size(), SQLITE_STATIC);
    return *this;
}
Statement& Statement::null(int index) {
    sqlite3_bind_null(statement_, index);
    return *this;
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    sqlite3* const handle = sqlite3_db_handle(statement_);
    const char* const name = sqlite3_db_filename(handle, "main");
    Status status = failure(handle, sqlite3_extended_errcode(handle), name != nullptr ? name : "");
    done();
    return status;
}

Status Statement::run() {
    const auto stepped = step();
    done();
    return stepped.status();
}

void Statement::done() {
    sqlite3_reset(statement_);
}

std::int64_t Statement::integer_at(int column) const {
    return sqlite3_column_int64(statement_, column);
}
std::string_view Statement::bytes_at(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
bool Statement::null_at(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}
Database& Database::operator=(Database&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(path_, other.path_);
    return *this;
}
Database::~Database() {
    sqlite3_close_v2(handle_);
}

Result<Database> Database::open(const std::string& path, Mode mode) {
    Database database;
    database.path_ = path;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    std::string name = path;
    if (mode == Mode::write) {
        create_private(path);
        flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    } else if (mode == Mode::read) {
        flags |= SQLITE_OPEN_READONLY;
    } else {
        name = uri(path);
        flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    }
    const int code = sqlite3_open_v2(name.c_str(), &database.handle_, flags, nullptr);
    if (code != SQLITE_OK) return failure(database.handle_, code, path);
    sqlite3_busy_timeout(database.handle_, kBusyMs);
    return database;
}

Status Database::run(const char* sql) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    return code == SQLITE_OK ? Status{} : failure(handle_, code, path_);
}

Result<Statement> Database::prepare(const char* sql) {
    Statement statement;
    const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement.statement_, nullptr);
    if (code != SQLITE_OK) return failure(handle_, code, path_);
    return statement;
}

Result<std::int64_t> Database::number(const char* sql) {
    auto statement = prepare(sql);
    if (!statement) return statement.status();
    const auto row = statement->step();
    if (!row) return row.status();
    return *row ? statement->integer_at(0) : 0;
}

Result<std::string> Database::text(const char* sql) {
    auto statement = prepare(sql);
    if (!statement) return statement.status();
    const auto row = statement->step();
    if (!row) return row.status();
    return *row ? std::string(statement->bytes_at(0)) : std::string();
}

void Database::roll_back() {
    if (handle_ != nullptr && sqlite3_get_autocommit(handle_) == 0)
        sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<bool> Database::checkpoint(bool truncate) {
    int frames = 0;
    int copied = 0;
    const int code = sqlite3_wal_checkpoint_v2(
        handle_, "main", truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
    if ((code & 0xff) == SQLITE_BUSY) return false;
    if (code != SQLITE_OK) return failure(handle_, code, path_);
    return copied >= frames;
}

}  // namespace switchhook::store_sqlite
