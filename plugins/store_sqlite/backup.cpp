// SqliteOutbox: a copy of the store while it runs.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <sqlite3.h>

#include "outbox.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr int kStep = 256;  // pages of 4 KiB between two looks at whether to go on

Status failure_of(const std::string& path) {
    const int error = errno;
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    return {full ? Code::full : Code::unavailable, path + ": " + std::strerror(error)};
}

// Its name is durable, too.
Status sync_folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return failure_of(folder);
    const bool synced = ::fsync(file) == 0;
    Status status = synced ? Status{} : failure_of(folder);
    ::close(file);
    return status;
}

}  // namespace

Status SqliteOutbox::back_up(const std::string& path) {
    const std::lock_guard one(backup_mutex_);
    if (stopping_) return {Code::unavailable, settings_.path + " is not open"};
    if (::access(path.c_str(), F_OK) == 0) return {Code::conflict, path + " exists; a backup overwrites nothing"};
    const std::string part = path + ".part";
    if (::unlink(part.c_str()) != 0 && errno != ENOENT) return failure_of(part);
    Status status = copy_to(part);
    // Linked, not renamed: whatever came to that name meanwhile stays.
    if (status && ::link(part.c_str(), path.c_str()) != 0)
        status =
            errno == EEXIST ? Status(Code::conflict, path + " exists; a backup overwrites nothing") : failure_of(path);
    ::unlink(part.c_str());
    ::unlink((part + "-journal").c_str());
    return status ? sync_folder_of(path) : status;
}

// Reads from one snapshot, which commits do not change: it neither begins again when something is written nor holds a
// writer up. Only the write-ahead log grows meanwhile.
Status SqliteOutbox::copy_to(const std::string& path) {
    auto from = Database::open(settings_.path, Database::Mode::read);
    if (!from) return from.status();
    auto to = Database::open(path, Database::Mode::write);
    if (!to) return to.status();
    if (Status status = from->run("BEGIN; SELECT count(*) FROM meta"); !status) return status;
    // Through its own log the copy would be written twice; the name comes when it is whole.
    if (Status status = to->run("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF"); !status) return status;
    const std::unique_ptr<sqlite3_backup, int (*)(sqlite3_backup*)> copy(
        sqlite3_backup_init(to->handle(), "main", from->handle(), "main"), sqlite3_backup_finish);
    if (copy == nullptr) return failure(to->handle(), sqlite3_extended_errcode(to->handle()), path);
    int code = SQLITE_OK;
    while (code == SQLITE_OK) {
        if (full_ || stopping_)
            return {Code::unavailable, path + ": given up, because the store " + (full_ ? "is full" : "stops")};
        code = sqlite3_backup_step(copy.get(), kStep);
    }
    if (code != SQLITE_DONE) return failure(to->handle(), code, path);
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return failure_of(path);
    const bool synced = ::fsync(file) == 0;
    Status status = synced ? Status{} : failure_of(path);
    ::close(file);
    return status;
}

}  // namespace switchhook::store_sqlite
