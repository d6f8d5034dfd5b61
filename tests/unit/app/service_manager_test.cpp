#include "core/app/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/app/long_start.hpp"
#include "core/app/stop_signals.hpp"

namespace switchhook::app {
namespace {

using namespace std::chrono_literals;

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

// Waits for that many, at most ten seconds.
std::vector<std::string> next(const Listener& listener, std::size_t count) {
    std::vector<std::string> all;
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (all.size() < count && std::chrono::steady_clock::now() < end) {
        if (auto text = listener.received(); !text.empty())
            all.push_back(std::move(text));
        else
            std::this_thread::yield();
    }
    return all;
}

TEST(LongStart, AsksForMoreTimeAgainAndAgainUntilItsEnd) {
    const Listener listener("@" + fresh_name());
    const ServiceManager service_manager("@" + fresh_name());
    {
        const LongStart start(service_manager, 5ms);
        for (const auto& text : next(listener, 3))
            EXPECT_EQ(text, "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=starting: reading the store");
    }
    while (!listener.received().empty()) {
    }
    EXPECT_TRUE(service_manager.notify("READY=1").ok());
    EXPECT_EQ(next(listener, 1), std::vector<std::string>{"READY=1"}) << "nothing comes behind it";
}

TEST(LongStart, AsksForNothingWhenItIsShort) {
    const Listener listener("@" + fresh_name());
    const ServiceManager service_manager("@" + fresh_name());
    { const LongStart start(service_manager, 1h); }
    EXPECT_EQ(listener.received(), "");
}

TEST(LongStart, HasNoThreadWhereNobodyIsToBeTold) {
    const ServiceManager nobody("");
    const auto threads = [] {
        const std::filesystem::directory_iterator all("/proc/self/task");
        return std::distance(begin(all), end(all));
    };
    const auto before = threads();
    const LongStart start(nobody, 1ms);
    EXPECT_EQ(threads(), before);
}

TEST(StopSignals, ThatAreBlockedAndPendingAreSeenAndStay) {
    for (const int signal : {SIGTERM, SIGINT}) {
        sigset_t one;
        sigset_t before;
        sigemptyset(&one);
        sigaddset(&one, signal);
        ::pthread_sigmask(SIG_BLOCK, &one, &before);
        EXPECT_FALSE(stop_asked_for());
        ::pthread_kill(::pthread_self(), signal);
        EXPECT_TRUE(stop_asked_for());
        EXPECT_TRUE(stop_asked_for());
        int taken = 0;
        EXPECT_EQ(::sigwait(&one, &taken), 0);
        EXPECT_EQ(taken, signal);
        EXPECT_FALSE(stop_asked_for());
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
}

TEST(StopSignals, AreNotThoseOfAReload) {
    sigset_t one;
    sigset_t before;
    sigemptyset(&one);
    sigaddset(&one, SIGHUP);
    ::pthread_sigmask(SIG_BLOCK, &one, &before);
    ::pthread_kill(::pthread_self(), SIGHUP);
    EXPECT_FALSE(stop_asked_for());
    int taken = 0;
    EXPECT_EQ(::sigwait(&one, &taken), 0);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
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
