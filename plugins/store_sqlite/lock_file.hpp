// LockFile: one process per store. The file stays; what counts is the lock on it, which ends with the process.
#pragma once

#include <string>

#include <switchhook/result.hpp>

namespace switchhook::store_sqlite {

class LockFile final {
public:
    LockFile() = default;
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;
    ~LockFile() { release(); }

    // Code::unavailable when another process holds it. Safe twice.
    Status acquire(const std::string& path);
    void release();

private:
    int file_ = -1;
};

}  // namespace switchhook::store_sqlite
