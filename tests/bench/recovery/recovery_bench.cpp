// How soon a store with a long backlog hands out the first deliveries after a start, and how soon it takes events
// again. Ten events a call, a hundred hooks, and one whose only deliveries are the very last. Each start is a process
// of its own; `cold` means that the file is not in the page cache. Usage: bench_recovery [deliveries] (1 000 000)
// [file], in $SWITCHHOOK_BENCH_DIR or the current folder; a file that is named is kept, and used again.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <store_sqlite/outbox.hpp>
#include <switchhook/testkit/fake_host.hpp>
#include <switchhook/testkit/sample_event.hpp>

namespace {

using namespace switchhook;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kNow = 1'795'329'482'000;
constexpr std::size_t kHooks = 100;
constexpr HookId kLast = 2'000;
constexpr std::size_t kWindow = 256;

class WantsAll final : public HookFilter {
public:
    bool wants(HookId, std::string_view) const override { return true; }
};

double ms_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double resident_mb() {
    std::ifstream in("/proc/self/statm");
    long size = 0;
    long resident = 0;
    in >> size >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

void check(const Status& status, const char* what) {
    if (status) return;
    std::fprintf(stderr, "%s: %s\n", what, status.message().c_str());
    std::exit(1);
}

store_sqlite::OutboxSettings settings_of(const std::string& file) {
    store_sqlite::OutboxSettings settings;
    settings.path = file;
    settings.keep_bytes = std::int64_t{1} << 40;
    return settings;
}

void fill(const std::string& file, std::size_t count) {
    testkit::FakeHost host;
    store_sqlite::SqliteOutbox outbox(settings_of(file), host);
    check(outbox.start(), "start");
    const std::string body(1200, 'x');
    std::int64_t now_ms = kNow;
    for (std::size_t from = 0; from < count; from += 500) {
        std::deque<testkit::SampleEvent> samples;
        std::deque<Event> events;
        std::deque<Match> matches;
        std::vector<Append> appends;
        for (std::size_t i = from; i < std::min(count, from + 500); ++i) {
            const std::string call = std::to_string(i / 10);
            const HookId hook = i + 10 >= count ? kLast : 1'000 + i / 10 % kHooks;
            auto& sample = samples.emplace_back(testkit::SampleEvent{.id = "EV_" + std::to_string(i),
                                                                     .name = "track_published",
                                                                     .room = "sip-" + call,
                                                                     .sid = "RM_" + call,
                                                                     .call = "SCL_" + call,
                                                                     .body = body});
            events.push_back(sample.event());
            matches.push_back({hook, "tenant"});
            appends.push_back({&events.back(), {&matches.back(), 1}, true});
        }
        check(outbox.commit(appends, {}, WantsAll(), now_ms).status(), "append");
        now_ms += 200;
    }
    while (outbox.maintain(now_ms)->next_ms <= now_ms) {
    }
    outbox.stop();
}

void forget_pages(const std::string& file) {
    const int open_file = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    static_cast<void>(::fdatasync(open_file));
    static_cast<void>(::posix_fadvise(open_file, 0, 0, POSIX_FADV_DONTNEED));
    ::close(open_file);
}

double first_of(store_sqlite::SqliteOutbox& outbox, HookId hook, Clock::time_point begin) {
    const auto claimed = outbox.claim({.hook = hook, .after = 0, .limit = kWindow, .lease = {}});
    check(claimed.status(), "claim");
    if (claimed.value().deliveries.empty()) check({Code::internal, "nothing claimed"}, "claim");
    return ms_since(begin);
}

void start(const std::string& file, const char* what) {
    testkit::FakeHost host;
    const double before = resident_mb();
    store_sqlite::SqliteOutbox outbox(settings_of(file), host);
    const auto begin = Clock::now();
    check(outbox.start(), "start");
    const double started = ms_since(begin);
    const auto hooks = outbox.backlog();
    check(hooks.status(), "backlog");
    const double known = ms_since(begin);
    const double first = first_of(outbox, 1'000, begin);
    const double last = first_of(outbox, kLast, begin);
    for (const auto& each : hooks.value()) first_of(outbox, each.hook, begin);
    const double all = ms_since(begin);
    testkit::SampleEvent sample{.id = "EV_new", .name = "room_started", .room = "other", .sid = "RM_new"};
    const Event event = sample.event();
    const Append append{&event, {}, false};
    check(outbox.commit({&append, 1}, {}, WantsAll(), kNow + 3'600'000).status(), "append");
    const double taken = ms_since(begin);
    const auto waiting = static_cast<double>(outbox.figures().waiting);
    std::printf(
        "%-4s start %7.1f ms, backlog of %zu hooks %7.1f, first window %7.1f, of the last hook %7.1f, of all "
        "hooks %7.1f, events taken %7.1f ms; %.0f queued, %.1f bytes each\n",
        what, started, hooks.value().size(), known, first, last, all, taken, waiting,
        (resident_mb() - before) * 1e6 / waiting);
    outbox.stop();
}

void apart(const std::function<void()>& work) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
        work();
        std::fflush(stdout);
        ::_exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) std::exit(1);
}

}  // namespace

int main(int count, char** arguments) {
    const std::size_t deliveries = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1'000'000;
    const char* given = std::getenv("SWITCHHOOK_BENCH_DIR");
    std::string folder = (given != nullptr ? std::string(given) : std::string(".")) + "/bench_recovery.XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) return 1;
    const std::string file = count > 2 ? std::string(arguments[2]) : folder + "/recovery.db";
    if (!std::filesystem::exists(file)) apart([&] { fill(file, deliveries); });
    apart([&] { start(file, "warm"); });
    apart([&] { start(file, "warm"); });
    forget_pages(file);
    apart([&] { start(file, "cold"); });
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}
