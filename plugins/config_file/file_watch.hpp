// Notices that a file has other content. Built on inotify of its folder: a file that is replaced is another inode, and
// a watch of the file itself would stay with the old one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tuple>

#include <switchhook/result.hpp>

namespace switchhook::config_file {

class FileWatch final {
public:
    // What tells one content from another: device, inode, size, and when it was written (s, ns).
    using Version = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;

    // `changed` comes from a thread of this object until its end, once for all steps that come within 200 ms of one
    // another. A file whose folder cannot be watched is a Status.
    static Result<std::unique_ptr<FileWatch>> begin(std::string path, std::function<void()> changed);
    ~FileWatch();
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;

private:
    FileWatch(std::string path, std::function<void()> changed, int events, int end);
    void run();

    const std::string path_;
    const std::function<void()> changed_;
    const int events_;  // inotify
    const int end_;     // eventfd
    Version known_;     // the thread's
    std::thread thread_;
};

}  // namespace switchhook::config_file
