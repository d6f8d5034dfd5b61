#include "reserve.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

namespace switchhook::store_sqlite {

namespace {

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

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
    const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (file < 0) return false;
    const bool done = ::ftruncate(file, bytes_) == 0 && ::posix_fallocate(file, 0, bytes_) == 0;
    if (!done && ::ftruncate(file, 0) != 0) ::unlink(path_.c_str());
    ::close(file);
    return filled_ = done;
}

void Reserve::release() {
    filled_ = false;
    // Truncated, not removed: a removal needs space on some file systems, too.
    if (::truncate(path_.c_str(), 0) != 0) ::unlink(path_.c_str());
}

std::int64_t Reserve::free_bytes() const {
    struct statvfs system {};
    if (::statvfs(folder_of(path_).c_str(), &system) != 0) return 0;
    return static_cast<std::int64_t>(system.f_bavail) * static_cast<std::int64_t>(system.f_frsize);
}

}  // namespace switchhook::store_sqlite
