#include "lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "own_file.hpp"

namespace switchhook::store_sqlite {

Status LockFile::acquire(const std::string& path) {
    if (file_ >= 0) return {};
    const int file = open_own(path, O_RDWR | O_CREAT);
    if (file < 0 && (errno == ELOOP || errno == EINVAL))
        return {Code::unavailable, path + " is a link, or no regular file: it is not used; move it away"};
    if (file < 0)
        return {Code::unavailable, path + ": " + std::strerror(errno) + "; the folder must exist and be writable"};
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        std::array<char, 32> holder{};
        const auto length = ::pread(file, holder.data(), holder.size() - 1, 0);
        ::close(file);
        if (error != EWOULDBLOCK) return {Code::unavailable, path + ": " + std::strerror(error)};
        std::string who(holder.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
        return {Code::unavailable, "the store is in use by another process" +
                                       (who.empty() ? who : " (pid " + who + ")") + "; lock file " + path +
                                       ": stop it, or name another path"};
    }
    file_ = file;
    // For the message above only; a full disk does not matter.
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(file_, 0) == 0 && ::pwrite(file_, pid.data(), pid.size(), 0) < 0) return {};
    return {};
}

void LockFile::release() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
}

}  // namespace switchhook::store_sqlite
