// Reserve: disk space set aside beside the store, so that settles, deletes and a checkpoint still fit when the disk is
// full. Without it a full disk is a deadlock: SQLite needs room to delete.
#pragma once

#include <cstdint>
#include <string>

namespace switchhook::store_sqlite {

class Reserve final {
public:
    Reserve(std::string path, std::int64_t wanted_bytes) : path_(std::move(path)), wanted_(wanted_bytes) {}

    // Sets the space aside: what was wanted, but at most an eighth of the file system. False when it is not there.
    bool fill();
    // Gives it back for use.
    void release();
    bool filled() const { return filled_; }
    // After the first fill() or size().
    std::int64_t bytes() const { return bytes_; }
    void size();
    // Free for this user, beyond the reserve.
    std::int64_t free_bytes() const;

private:
    std::string path_;
    std::int64_t wanted_;
    std::int64_t bytes_ = 0;
    bool filled_ = false;
};

}  // namespace switchhook::store_sqlite
