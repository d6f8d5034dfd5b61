#include "faulty_vfs.hpp"

#include <atomic>
#include <cstring>

#include <sqlite3.h>

namespace switchhook::store_sqlite {

namespace {

enum class Fault : int { none = 1, full, writes, syncs, read_only, others_full, others_broken };

std::atomic<Fault> fault{Fault::none};
thread_local long sync_count = 0;  // the checkpointer syncs when it likes
thread_local bool is_other = true;
sqlite3_vfs vfs;
sqlite3_vfs* real = nullptr;

struct File {
    sqlite3_file base;
    sqlite3_file* inner() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* inner(sqlite3_file* file) {
    return reinterpret_cast<File*>(file)->inner();
}

int write(sqlite3_file* file, const void* data, int length, sqlite3_int64 offset) {
    sqlite3_file* const to = inner(file);
    sqlite3_int64 size = 0;
    switch (fault.load()) {
        case Fault::writes:
            return SQLITE_IOERR_WRITE;
        case Fault::read_only:
            return SQLITE_READONLY;
        case Fault::full:
            if (to->pMethods->xFileSize(to, &size) == SQLITE_OK && offset + length > size) return SQLITE_FULL;
            break;
        default:
            break;
    }
    return to->pMethods->xWrite(to, data, length, offset);
}

int read(sqlite3_file* file, void* to, int length, sqlite3_int64 offset) {
    if (is_other && fault == Fault::others_full) return SQLITE_FULL;
    if (is_other && fault == Fault::others_broken) return SQLITE_IOERR_READ;
    return inner(file)->pMethods->xRead(inner(file), to, length, offset);
}

int sync(sqlite3_file* file, int flags) {
    ++sync_count;
    if (fault == Fault::syncs) return SQLITE_IOERR_FSYNC;
    return inner(file)->pMethods->xSync(inner(file), flags);
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    static const sqlite3_io_methods methods = {
        3,
        [](sqlite3_file* f) { return inner(f)->pMethods->xClose(inner(f)); },
        read,
        write,
        [](sqlite3_file* f, sqlite3_int64 size) { return inner(f)->pMethods->xTruncate(inner(f), size); },
        sync,
        [](sqlite3_file* f, sqlite3_int64* size) { return inner(f)->pMethods->xFileSize(inner(f), size); },
        [](sqlite3_file* f, int lock) { return inner(f)->pMethods->xLock(inner(f), lock); },
        [](sqlite3_file* f, int lock) { return inner(f)->pMethods->xUnlock(inner(f), lock); },
        [](sqlite3_file* f, int* answer) { return inner(f)->pMethods->xCheckReservedLock(inner(f), answer); },
        [](sqlite3_file* f, int operation, void* argument) {
            return inner(f)->pMethods->xFileControl(inner(f), operation, argument);
        },
        [](sqlite3_file* f) { return inner(f)->pMethods->xSectorSize(inner(f)); },
        [](sqlite3_file* f) { return inner(f)->pMethods->xDeviceCharacteristics(inner(f)); },
        [](sqlite3_file* f, int page, int size, int extend, void volatile** to) {
            return inner(f)->pMethods->xShmMap(inner(f), page, size, extend, to);
        },
        [](sqlite3_file* f, int offset, int count, int lock) {
            return inner(f)->pMethods->xShmLock(inner(f), offset, count, lock);
        },
        [](sqlite3_file* f) { inner(f)->pMethods->xShmBarrier(inner(f)); },
        [](sqlite3_file* f, int remove) { return inner(f)->pMethods->xShmUnmap(inner(f), remove); },
        [](sqlite3_file*, sqlite3_int64, int, void** to) {
            *to = nullptr;
            return SQLITE_OK;
        },
        [](sqlite3_file*, sqlite3_int64, void*) { return SQLITE_OK; },
    };
    file->pMethods = nullptr;
    if (fault == Fault::read_only && (flags & SQLITE_OPEN_READWRITE) != 0) return SQLITE_CANTOPEN;
    const int code = real->xOpen(real, name, inner(file), flags, out);
    if (inner(file)->pMethods != nullptr) file->pMethods = &methods;
    return code;
}

}  // namespace

FaultyDisk::FaultyDisk() {
    heal();
    real = sqlite3_vfs_find(nullptr);
    vfs = *real;
    vfs.zName = "faulty";
    vfs.szOsFile = static_cast<int>(sizeof(File)) + real->szOsFile;
    vfs.xOpen = open;
    sqlite3_vfs_register(&vfs, 1);
}

FaultyDisk::~FaultyDisk() {
    sqlite3_vfs_unregister(&vfs);
    sqlite3_vfs_register(real, 1);
}

void FaultyDisk::heal() {
    fault = Fault::none;
}
void FaultyDisk::fill() {
    fault = Fault::full;
}
void FaultyDisk::break_writes() {
    fault = Fault::writes;
}
void FaultyDisk::break_syncs() {
    fault = Fault::syncs;
}
void FaultyDisk::refuse_other_readers(bool full) {
    is_other = false;
    fault = full ? Fault::others_full : Fault::others_broken;
}
void FaultyDisk::make_read_only() {
    fault = Fault::read_only;
}
long FaultyDisk::syncs() {
    return sync_count;
}

}  // namespace switchhook::store_sqlite
