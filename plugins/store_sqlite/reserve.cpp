#include "reserve.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "own_file.hpp"

namespace switchhook::store_sqlite {

void Reserve::size() {
    struct statvfs system {};
    bytes_ = wanted_;
    if (::statvfs(folder_of(path_).c_str(), &system) == 0) {
        const auto total = static_cast<std::int64_t>(system.f_blocks) * static_cast<std::int64_t>(system.f_frsize);
        bytes_ = std::min(wanted_, total / 8);
    }
}

bool Reserve::fill() {
    if (filled_) return true;
    size();
    if (bytes_ <= 0) return filled_ = true;
    const int file = open_own(path_, O_RDWR | O_CREAT);
    if (file < 0) return false;
    const bool done = ::ftruncate(file, bytes_) == 0 && ::posix_fallocate(file, 0, bytes_) == 0;
    if (!done && ::ftruncate(file, 0) != 0) ::unlink(path_.c_str());
    ::close(file);
    return filled_ = done;
}

void Reserve::release() {
    filled_ = false;
    // Truncated, not removed: a removal needs space on some file systems, too.
    const int file = open_own(path_, O_RDWR);
    if (file < 0 || ::ftruncate(file, 0) != 0) ::unlink(path_.c_str());
    if (file >= 0) ::close(file);
}

std::int64_t Reserve::free_bytes() const {
    struct statvfs system {};
    if (::statvfs(folder_of(path_).c_str(), &system) != 0) return 0;
    return static_cast<std::int64_t>(system.f_bavail) * static_cast<std::int64_t>(system.f_frsize);
}

}  // namespace switchhook::store_sqlite
