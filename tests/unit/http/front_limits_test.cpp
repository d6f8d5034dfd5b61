// Deadlines, numbers of connections, and the stop.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "core/http/front.hpp"
#include "tests/unit/http/malformed.hpp"
#include "tests/unit/http/running_front.hpp"

namespace switchhook::http {
namespace {

using namespace test;
using Time = std::chrono::steady_clock;

// Sends a byte every 10 ms until an answer comes.
std::optional<Reply> drip(Peer& peer, const std::string& bytes) {
    for (const char byte : bytes) {
        if (!peer.is_quiet() || !peer.send(std::string_view(&byte, 1))) break;
        std::this_thread::sleep_for(10ms);  // what is tested is slowness itself
    }
    return peer.reply();
}

TEST(FrontDeadlines, ASlowLineOrHeadIsEndedByTheHeadDeadline) {
    auto settings = settings_for_tests();
    settings.head_deadline = 150ms;
    RunningFront running(echo, settings);
    for (const std::string& bytes :
         {"GET /" + std::string(8'000, 'a'), "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(8'000, 'x')}) {
        Peer peer(running.port());
        const auto begin = Time::now();
        const auto reply = drip(peer, bytes);
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, 408);
        EXPECT_GE(Time::now() - begin, 150ms);
        EXPECT_TRUE(peer.sees_close());
    }
    EXPECT_EQ(running.front.figures().refused, 2U);
}

TEST(FrontDeadlines, ASlowBodyIsEndedByTheRequestDeadline) {
    auto settings = settings_for_tests();
    settings.head_deadline = 100ms;
    settings.request_deadline = 300ms;
    RunningFront running(echo, settings);
    Peer peer(running.port());
    peer.send(head("Content-Length: 8000\r\n"));
    const auto begin = Time::now();
    const auto reply = drip(peer, std::string(8'000, 'b'));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 408);
    EXPECT_GE(Time::now() - begin, 290ms) << "the head was complete: its deadline does not count";
}

TEST(FrontDeadlines, TheSecondRequestOfAConnectionHasItsOwn) {
    auto settings = settings_for_tests();
    settings.head_deadline = 100ms;
    RunningFront running(echo, settings);
    Peer peer(running.port());
    peer.send(post("/", "1") + "POS");
    EXPECT_EQ(peer.reply()->status, 200);
    EXPECT_EQ(peer.reply()->status, 408);
}

TEST(FrontDeadlines, ARequestInHandMayTakeLongerThanAllDeadlines) {
    auto settings = settings_for_tests();
    settings.head_deadline = settings.request_deadline = settings.idle_timeout = 50ms;
    Kept kept;
    RunningFront running(kept.handler(), settings);
    Peer slow(running.port());
    slow.send(post("/", ""));
    auto [request, exchange] = kept.take();
    Peer idle(running.port());
    EXPECT_TRUE(idle.sees_close());
    Peer idle_too(running.port());
    EXPECT_TRUE(idle_too.sees_close());
    EXPECT_TRUE(slow.is_quiet());
    exchange.answer({});
    EXPECT_EQ(slow.reply()->status, 200);
    EXPECT_TRUE(slow.sees_close()) << "idle from the answer on";
}

TEST(FrontDeadlines, AnIdleConnectionIsClosedWithoutAWord) {
    auto settings = settings_for_tests();
    settings.idle_timeout = 100ms;
    RunningFront running(echo, settings);
    const auto begin = Time::now();
    Peer peer(running.port());
    peer.send(post("/", ""));
    EXPECT_TRUE(peer.reply());
    EXPECT_FALSE(peer.reply());
    EXPECT_GE(Time::now() - begin, 85ms);
    EXPECT_TRUE(eventually([&] { return running.front.figures().connections_open == 0; }));
    EXPECT_EQ(running.front.figures().refused, 0U);
}

TEST(FrontDeadlines, APeerThatNeverReadsIsGivenUp) {
    auto settings = settings_for_tests();
    settings.request_deadline = 200ms;
    RunningFront running(
        [](Request, Exchange exchange) { exchange.answer(reply_with(200, std::string(30'000'000, 'x'))); }, settings);
    Peer peer(running.port(), 4'096);
    peer.send(post("/", "") + post("/", ""));
    EXPECT_TRUE(eventually([&] { return running.front.figures().connections_open == 1; }));
    EXPECT_TRUE(eventually([&] { return running.front.figures().connections_open == 0; }));
    EXPECT_LE(running.front.figures().requests, 2U);
}

TEST(FrontDeadlines, ALargeAnswerReachesASlowReaderWhole) {
    const std::string large(8'000'000, 'x');  // more than any socket buffer takes
    RunningFront running([&](Request, Exchange exchange) { exchange.answer(reply_with(200, large)); });
    Peer peer(running.port(), 32'768);
    peer.send(post("/", "") + post("/", "", "Connection: close\r\n"));
    EXPECT_EQ(peer.reply()->body.size(), large.size());
    EXPECT_EQ(peer.reply()->body.size(), large.size());
    EXPECT_TRUE(peer.sees_close());
}

TEST(FrontConnections, AtTheLimitTheOneIdleLongestGoes) {
    auto settings = settings_for_tests();
    settings.max_connections = 3;
    RunningFront running(echo, settings);
    Peer first(running.port());
    first.send(post("/", ""));
    ASSERT_TRUE(first.reply());
    Peer second(running.port());
    second.send("POST /");  // has begun one, but completed none
    Peer third(running.port());
    third.send(post("/", ""));
    ASSERT_TRUE(third.reply());
    first.send(post("/", ""));
    ASSERT_TRUE(first.reply());
    Peer fourth(running.port());
    fourth.send(post("/", ""));
    EXPECT_TRUE(fourth.reply());
    EXPECT_TRUE(second.sees_close());
    EXPECT_EQ(running.front.figures().connections_open, 3U);
    for (Peer* peer : {&first, &third, &fourth}) {
        peer->send(post("/", ""));
        EXPECT_TRUE(peer->reply());
    }
}

TEST(FrontConnections, LargeBodiesShareABoundAndSmallOnesAreStillServed) {
    auto settings = settings_for_tests();
    settings.large_bodies_bytes = 1'500'000;
    Kept kept;
    RunningFront running(kept.handler(), settings);
    const std::string large(1'000'000, 'x');
    Peer first(running.port());
    first.send(post("/", large));
    auto [request, exchange] = kept.take();
    const auto refused = ask(running.port(), post("/", large));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_TRUE(refused->has("Retry-After: 5"));
    Peer small(running.port());
    small.send(post("/", "hello"));
    kept.take().second.answer({});
    EXPECT_EQ(small.reply()->status, 200);
    exchange.answer({});
    EXPECT_EQ(first.reply()->status, 200);
    for (int i = 0; i < 3; ++i) {  // what was answered or refused counts no longer
        first.send(post("/", large));
        kept.take().second.answer({});
        EXPECT_EQ(first.reply()->status, 200);
    }
}

TEST(FrontConnections, ARequestInHandIsNotEvicted) {
    auto settings = settings_for_tests();
    settings.max_connections = 1;
    Kept kept;
    RunningFront running(kept.handler(), settings);
    Peer in_hand(running.port());
    in_hand.send(post("/", ""));
    auto [request, exchange] = kept.take();
    Peer second(running.port());
    EXPECT_TRUE(second.sees_close());
    EXPECT_TRUE(running.log.contains("all connections are in use"));
    exchange.answer({});
    EXPECT_EQ(in_hand.reply()->status, 200);
    EXPECT_EQ(running.front.figures().connections_accepted, 1U);
}

// A process that connects `count` times and keeps the connections until its end of the pipe is closed.
class Crowd {
public:
    Crowd() {
        if (::pipe(to_child_) != 0 || ::pipe(from_child_) != 0) throw std::runtime_error("no pipe");
        child_ = ::fork();
        if (child_ == 0) live();
        ::close(to_child_[0]);
        ::close(from_child_[1]);
    }
    ~Crowd() {
        ::close(to_child_[1]);
        ::close(from_child_[0]);
        ::waitpid(child_, nullptr, 0);
    }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    // How many connections were made.
    int connect(std::uint16_t port, int count) {
        const int order[2] = {port, count};
        int made = 0;
        if (::write(to_child_[1], order, sizeof order) != sizeof order) return -1;
        return ::read(from_child_[0], &made, sizeof made) == sizeof made ? made : -1;
    }

private:
    [[noreturn]] void live() {
        ::close(to_child_[1]);
        int order[2];
        if (::read(to_child_[0], order, sizeof order) == sizeof order) {
            std::vector<Peer> peers;
            peers.reserve(static_cast<std::size_t>(order[1]));
            int made = 0;
            for (int i = 0; i < order[1]; ++i) {
                peers.emplace_back(static_cast<std::uint16_t>(order[0]));
                made += peers.back().connected() ? 1 : 0;
            }
            if (::write(from_child_[1], &made, sizeof made) == sizeof made) (void)!::read(to_child_[0], order, 1);
        }
        ::_exit(0);
    }
    int to_child_[2];
    int from_child_[2];
    pid_t child_;
};

// Sets the soft limit of descriptors for the life of the object.
class DescriptorLimit {
public:
    explicit DescriptorLimit(rlim_t soft) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit wanted = before_;
        wanted.rlim_cur = soft;
        ok_ = ::setrlimit(RLIMIT_NOFILE, &wanted) == 0;
    }
    ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    DescriptorLimit(const DescriptorLimit&) = delete;
    DescriptorLimit& operator=(const DescriptorLimit&) = delete;
    bool ok() const { return ok_; }

private:
    rlimit before_{};
    bool ok_ = false;
};

TEST(FrontConnections, TenThousandIdleOnesDoNotKeepOthersFromBeingServed) {
    const DescriptorLimit limit(10'300);
    if (!limit.ok()) GTEST_SKIP() << "NOT TESTED: the hard limit of open files is below 10 300";
    Crowd crowd;  // in a process of its own: each of us needs 10 000 descriptors
    RunningFront running;
    ASSERT_EQ(crowd.connect(running.port(), 10'000), 10'000);
    ASSERT_TRUE(eventually([&] { return running.front.figures().connections_open == 10'000; }));
    Peer peer(running.port());
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(peer.send(post("/", "hello")));
        const auto reply = peer.reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->body, "hello");
    }
    EXPECT_EQ(running.front.figures().connections_open, 10'001U);
    running.front.stop(1s);
    EXPECT_EQ(running.front.figures().connections_open, 0U);
}

TEST(FrontConnections, WithoutDescriptorsTheIdleMakeRoomAndNothingSpins) {
    Crowd crowd;
    RunningFront running;
    {
        const DescriptorLimit limit(64);
        ASSERT_TRUE(limit.ok());
        ASSERT_EQ(crowd.connect(running.port(), 200), 200);
        ASSERT_TRUE(eventually([&] { return running.front.figures().connections_accepted == 200; }));
        EXPECT_LT(running.front.figures().connections_open, 64U);
        EXPECT_TRUE(running.log.contains("no file descriptor is left"));
    }
    EXPECT_EQ(ask(running.port(), post("/", "hello"))->body, "hello");
}

// How often the threads of the front have slept and woken, from the kernel's books.
long wake_ups_of_front() {
    long sum = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream status(task.path() / "status");
        std::string line;
        std::getline(status, line);
        if (line.find("front-") == std::string::npos) continue;
        while (std::getline(status, line))
            if (line.starts_with("voluntary_ctxt_switches:")) sum += std::stol(line.substr(line.find(':') + 1));
    }
    return sum;
}

TEST(FrontConnections, IdleWakesNobody) {
    RunningFront running;
    std::vector<Peer> peers;
    for (int i = 0; i < 50; ++i) {
        peers.emplace_back(running.port());
        peers.back().send(post("/", ""));
        ASSERT_TRUE(peers.back().reply());
    }
    long before = wake_ups_of_front();
    std::this_thread::sleep_for(50ms);
    ASSERT_TRUE(eventually([&] { return std::exchange(before, wake_ups_of_front()) == wake_ups_of_front(); }));
    ASSERT_GT(before, 0);
    std::this_thread::sleep_for(500ms);  // what is tested is that nothing happens in it
    EXPECT_EQ(wake_ups_of_front(), before);
}

TEST(FrontStop, AnswersWhatIsInHandAndClosesTheIdleAtOnce) {
    Kept kept;
    RunningFront running(kept.handler());
    Peer idle(running.port());
    Peer in_hand(running.port());
    in_hand.send(post("/", ""));
    auto [request, exchange] = kept.take();
    ASSERT_TRUE(eventually([&] { return running.front.figures().connections_open == 2; }));
    std::thread stopping([&] { running.front.stop(10s); });
    EXPECT_TRUE(idle.sees_close());
    EXPECT_FALSE(Peer(running.port()).connected());
    exchange.answer({});
    const auto reply = in_hand.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
    EXPECT_TRUE(reply->has("Connection: close"));
    EXPECT_TRUE(in_hand.sees_close());
    stopping.join();
}

TEST(FrontStop, ServesARequestThatWasArriving) {
    RunningFront running;
    Peer idle(running.port());
    Peer arriving(running.port());
    const std::string request = post("/", "hello");
    arriving.send(request.substr(0, 30));
    ASSERT_TRUE(eventually([&] { return running.front.figures().connections_open == 2; }));
    EXPECT_EQ(ask(running.port(), "x y\r\n")->status, 400);  // the loop has read the 30 bytes since
    std::thread stopping([&] { running.front.stop(10s); });
    EXPECT_TRUE(idle.sees_close());
    arriving.send(request.substr(30));
    EXPECT_EQ(arriving.reply()->body, "hello");
    EXPECT_TRUE(arriving.sees_close());
    stopping.join();
}

TEST(FrontStop, ClosesEverythingAtTheDeadlineAndOutlivesLateAnswers) {
    Kept kept;
    auto running = std::make_unique<RunningFront>(kept.handler());
    Peer in_hand(running->port());
    in_hand.send(post("/", ""));
    auto [request, exchange] = kept.take();
    const auto begin = Time::now();
    running->front.stop(100ms);
    EXPECT_GE(Time::now() - begin, 100ms);
    EXPECT_TRUE(in_hand.sees_close());
    running.reset();
    exchange.answer({});  // to nobody
}

TEST(FrontStop, MayBeCalledTwiceAndWithoutStart) {
    testkit::RecordingLog log;
    Front never(settings_for_tests(), echo, log);
    never.stop(1s);
    never.stop(1s);
    EXPECT_EQ(never.figures().requests, 0U);
    RunningFront running;
    running.front.stop(1s);
    running.front.stop(1s);
    EXPECT_FALSE(Peer(running.port()).connected());
}

TEST(FrontStop, UnderLoadEveryAnswerThatWasBegunIsWhole) {
    RunningFront running;
    std::atomic<int> answered{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i)
        clients.emplace_back([&] {
            Peer peer(running.port());
            while (peer.send(post("/", "hello"))) {
                const auto reply = peer.reply();
                if (!reply) return;
                EXPECT_EQ(reply->body, "hello");
                ++answered;
                if (reply->has("Connection: close")) return;
            }
        });
    EXPECT_TRUE(eventually([&] { return answered > 500; }));
    running.front.stop(5s);
    for (auto& client : clients) client.join();
    EXPECT_LE(static_cast<std::uint64_t>(answered), running.front.figures().requests);
}

}  // namespace
}  // namespace switchhook::http
