#include "file_watch.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace switchhook::config_file {
namespace {

constexpr int kQuietMs = 200;  // an editor writes, syncs and renames: one change

FileWatch::Version version_of(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return {};
    return {facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
}

Status failure(const std::string& path, int error) {
    return {Code::unavailable,
            path + " cannot be watched (" + std::generic_category().message(error) + "); send SIGHUP after a change"};
}

}  // namespace

Result<std::unique_ptr<FileWatch>> FileWatch::begin(std::string path, std::function<void()> changed) {
    const int events = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (events < 0) return failure(path, errno);
    std::filesystem::path folder = std::filesystem::path(path).parent_path();
    if (folder.empty()) folder = ".";
    constexpr std::uint32_t kWhat = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MOVED_FROM;
    const int end = ::inotify_add_watch(events, folder.c_str(), kWhat) < 0 ? -1 : ::eventfd(0, EFD_CLOEXEC);
    if (end < 0) {
        const int error = errno;
        ::close(events);
        return failure(path, error);
    }
    return std::unique_ptr<FileWatch>(new FileWatch(std::move(path), std::move(changed), events, end));
}

FileWatch::FileWatch(std::string path, std::function<void()> changed, int events, int end)
    : path_(std::move(path)), changed_(std::move(changed)), events_(events), end_(end), known_(version_of(path_)) {
    thread_ = std::thread([this] { run(); });
}

FileWatch::~FileWatch() {
    static_cast<void>(::eventfd_write(end_, 1));
    thread_.join();
    ::close(events_);
    ::close(end_);
}

void FileWatch::run() {
    pthread_setname_np(pthread_self(), "config-watch");
    bool news = false;
    for (;;) {
        std::array<pollfd, 2> descriptors{pollfd{events_, POLLIN, 0}, pollfd{end_, POLLIN, 0}};
        const int ready = ::poll(descriptors.data(), descriptors.size(), news ? kQuietMs : -1);
        if (ready < 0 && errno != EINTR) return;
        if (descriptors[1].revents != 0) return;
        if (descriptors[0].revents != 0) {
            std::array<char, 4096> names{};
            while (::read(events_, names.data(), names.size()) > 0) continue;
            news = true;  // of any file in the folder: which one does not say whether ours is reached through it
        } else if (ready == 0 && std::exchange(news, false)) {
            if (Version now = version_of(path_); now != Version{} && now != known_) {
                known_ = now;
                changed_();
            }
        }
    }
}

}  // namespace switchhook::config_file
