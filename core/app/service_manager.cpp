#include "core/app/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <system_error>

namespace switchhook::app {
namespace {

Status failed(const char* what, int error) {
    return {Code::unavailable, std::string("NOTIFY_SOCKET: ") + what + ": " + std::generic_category().message(error)};
}

}  // namespace

ServiceManager::ServiceManager() {
    // Called while there is one thread only.
    if (const char* socket = std::getenv("NOTIFY_SOCKET")) socket_ = socket;  // NOLINT(concurrency-mt-unsafe)
}

Result<std::chrono::microseconds> ServiceManager::watchdog() {
    const auto number = [](const char* name) -> Result<std::int64_t> {
        const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): there is one thread
        if (text == nullptr) return std::int64_t{0};
        const std::string_view digits(text);
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc() || end != digits.data() + digits.size() || value <= 0)
            return Status(Code::invalid, std::string(name) + " is not a positive number");
        return value;
    };
    const auto usec = number("WATCHDOG_USEC");
    if (!usec) return usec.status();
    if (*usec == 0) return std::chrono::microseconds(0);
    const auto pid = number("WATCHDOG_PID");
    if (!pid) return pid.status();
    if (*pid != 0 && *pid != ::getpid()) return std::chrono::microseconds(0);
    return std::chrono::microseconds(*usec);
}

Status ServiceManager::notify(std::string_view assignments) const {
    if (socket_.empty()) return {};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof(address.sun_path)) return failed("the path is too long", ENAMETOOLONG);
    std::ranges::copy(socket_, address.sun_path);
    if (socket_.front() == '@') address.sun_path[0] = '\0';  // abstract: unix(7)

    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return failed("socket", errno);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    const auto sent = ::sendto(fd, assignments.data(), assignments.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&address), length);
    const int error = errno;
    ::close(fd);
    return sent < 0 ? failed("send", error) : Status{};
}

}  // namespace switchhook::app
