#include "replace_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace switchhook::store_file {

namespace {

namespace fs = std::filesystem;

class File final {
public:
    explicit File(int number) : number_(number) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (number_ >= 0) ::close(number_);
    }
    int number() const { return number_; }
    bool open() const { return number_ >= 0; }
    // Some file systems tell a failed write only here.
    bool close() { return ::close(std::exchange(number_, -1)) == 0; }

private:
    int number_;
};

Status failed(const std::string& what) {
    return {errno == ENOSPC || errno == EDQUOT ? Code::full : Code::unavailable, what + ": " + std::strerror(errno)};
}

bool write_all(int file, std::string_view content) {
    while (!content.empty()) {
        const auto written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// Where the bytes really are, so that a link stays a link. Unchanged when there is nothing yet.
fs::path target_of(const std::string& path) {
    std::error_code error;
    const fs::path target = fs::canonical(path, error);
    return error ? fs::path(path) : target;
}

}  // namespace

Result<std::optional<std::string>> read_file(const std::string& path, std::size_t max_bytes) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.open()) {
        if (errno == ENOENT) return std::optional<std::string>();
        return failed(path);
    }
    struct stat info {};
    if (::fstat(file.number(), &info) != 0) return failed(path);
    if (!S_ISREG(info.st_mode)) return Status(Code::corrupt, path + " is not a file");
    std::string content;
    content.resize(static_cast<std::size_t>(info.st_size) < max_bytes ? static_cast<std::size_t>(info.st_size) + 1
                                                                      : max_bytes + 1);
    std::size_t length = 0;
    while (length < content.size()) {
        const auto got = ::read(file.number(), content.data() + length, content.size() - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed(path);
        if (got == 0) break;
        length += static_cast<std::size_t>(got);
        if (length == content.size() && length <= max_bytes) content.resize(std::min(length * 2, max_bytes + 1));
    }
    if (length > max_bytes)
        return Status(Code::corrupt, path + " is larger than " + std::to_string(max_bytes >> 20U) + " MiB");
    content.resize(length);
    return std::optional<std::string>(std::move(content));
}

FileMark mark_of(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return {};
    return {info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
}

Status replace_file(const std::string& path, std::string_view content) {
    const fs::path target = target_of(path);
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return {Code::unavailable, folder.string() + ": " + error.message()};
    const File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.open()) return failed(folder.string());

    struct stat before {};
    const bool replaces = ::stat(target.c_str(), &before) == 0;
    std::string temporary = target.string() + ".XXXXXX";
    File file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!file.open()) return failed(temporary);
    const auto give_up = [&](const std::string& what) {
        Status status = failed(what);
        ::unlink(temporary.c_str());
        return status;
    };
    if (replaces && ::fchown(file.number(), before.st_uid, before.st_gid) != 0 && ::geteuid() == 0)
        return give_up(temporary);
    if (::fchmod(file.number(), replaces ? before.st_mode & 07777U : 0640U) != 0) return give_up(temporary);
    if (!write_all(file.number(), content)) return give_up(temporary);
    if (::fsync(file.number()) != 0) return give_up(temporary);
    if (!file.close()) return give_up(temporary);
    if (::rename(temporary.c_str(), target.c_str()) != 0) return give_up(target.string());
    if (::fsync(directory.number()) != 0) return failed(folder.string());
    return {};
}

}  // namespace switchhook::store_file
