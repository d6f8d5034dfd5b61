#include "core/app/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>

namespace switchhook::app {
namespace {

// A datagram socket at that address; "@" begins an abstract one.
class Listener {
public:
    explicit Listener(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name.copy(address.sun_path, sizeof(address.sun_path) - 1);
        if (name.front() == '@') address.sun_path[0] = '\0';
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address),
                         static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
                  0);
    }
    ~Listener() { ::close(fd_); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // What has arrived; empty: nothing.
    std::string received() const {
        std::array<char, 512> buffer{};
        const auto size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        return size <= 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
    }

private:
    int fd_;
};

std::string fresh_name() {
    return "switchhook-notify-" + std::to_string(::getpid());
}

TEST(ServiceManager, IsToldOverASocketInTheFileSystem) {
    const auto path = std::filesystem::temp_directory_path() / fresh_name();
    std::filesystem::remove(path);
    const Listener listener(path);
    EXPECT_TRUE(ServiceManager(path).notify("READY=1\nSTATUS=ready").ok());
    EXPECT_EQ(listener.received(), "READY=1\nSTATUS=ready");
    std::filesystem::remove(path);
}

TEST(ServiceManager, IsToldOverAnAbstractSocket) {
    const Listener listener("@" + fresh_name());
    EXPECT_TRUE(ServiceManager("@" + fresh_name()).notify("STOPPING=1").ok());
    EXPECT_EQ(listener.received(), "STOPPING=1");
}

TEST(ServiceManager, IsNotMissedWhereThereIsNone) {
    EXPECT_TRUE(ServiceManager("").notify("READY=1").ok());
}

TEST(ServiceManager, ThatDoesNotListenIsAnErrorAndNoCrash) {
    const Status sent = ServiceManager("/nowhere/at/all").notify("READY=1");
    EXPECT_EQ(sent.code(), Code::unavailable);
    EXPECT_NE(sent.message().find("NOTIFY_SOCKET"), std::string::npos);
}

TEST(ServiceManager, WithAPathThatIsTooLongIsAnErrorAndNoOverflow) {
    EXPECT_FALSE(ServiceManager("/" + std::string(500, 'x')).notify("READY=1").ok());
    EXPECT_FALSE(ServiceManager("/" + std::string(107, 'x')).notify("READY=1").ok());
}

class WatchdogTime : public testing::Test {
protected:
    ~WatchdogTime() override {
        ::unsetenv("WATCHDOG_USEC");
        ::unsetenv("WATCHDOG_PID");
    }
    static Result<std::chrono::microseconds> of(const char* usec, const std::string& pid = {}) {
        ::setenv("WATCHDOG_USEC", usec, 1);
        pid.empty() ? ::unsetenv("WATCHDOG_PID") : ::setenv("WATCHDOG_PID", pid.c_str(), 1);
        return ServiceManager::watchdog();
    }
};

TEST_F(WatchdogTime, IsWhatSystemdSays) {
    EXPECT_EQ(of("60000000")->count(), 60'000'000);
    EXPECT_EQ(of("60000000", std::to_string(::getpid()))->count(), 60'000'000);
}

TEST_F(WatchdogTime, IsNoneWithoutItsVariableAndForAnotherProcess) {
    EXPECT_EQ(ServiceManager::watchdog()->count(), 0);
    EXPECT_EQ(of("60000000", std::to_string(::getppid()))->count(), 0);
}

TEST_F(WatchdogTime, ThatIsNoPositiveNumberIsAnError) {
    for (const char* wrong : {"", "0", "-1", "1s", " 1", "99999999999999999999"}) EXPECT_FALSE(of(wrong).ok()) << wrong;
    for (const char* wrong : {"0", "-1", "me"}) EXPECT_FALSE(of("1000", wrong).ok()) << wrong;
}

}  // namespace
}  // namespace switchhook::app
