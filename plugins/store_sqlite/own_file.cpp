#include "own_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace switchhook::store_sqlite {
namespace {

void give_to_owner_of(const std::string& folder, int file) {
    struct stat facts {};
    // When that fails root can use it all the same.
    if (::stat(folder.c_str(), &facts) == 0 && ::fchown(file, facts.st_uid, facts.st_gid) != 0) return;
}

}  // namespace

int open_own(const std::string& path, int flags) {
    // Not blocking: a pipe in the file's place would hang the start.
    flags |= O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int file = (flags & O_CREAT) != 0 ? ::open(path.c_str(), flags | O_EXCL, 0640) : -1;
    if (file >= 0) {
        if (::geteuid() == 0) give_to_owner_of(folder_of(path), file);
        return file;
    }
    if ((flags & O_EXCL) != 0 || ((flags & O_CREAT) != 0 && errno != EEXIST)) return -1;
    file = ::open(path.c_str(), flags & ~O_CREAT);
    struct stat facts {};
    if (file >= 0 && (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))) {
        ::close(file);
        errno = EINVAL;
        return -1;
    }
    return file;
}

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace switchhook::store_sqlite
