// What the log of deliveries costs on a large store: a page by each filter, a step of a requeue job, memory for each
// queued event, the time to take a store of schema 1 over. Usage: bench_log [deliveries] (1 000 000), in
// $SWITCHHOOK_BENCH_DIR or the current folder.
#include <sqlite3.h>
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

// Ten events a call, a hundred tenants of which one in a thousand calls is of a rare one; of what is settled, one in a
// thousand is a dead letter.
void fill(store_sqlite::SqliteOutbox& outbox, std::size_t count, bool settles) {
    const std::string body(1200, 'x');
    std::vector<std::string> tenants;
    for (int i = 0; i < 101; ++i) tenants.push_back("tenant-" + std::to_string(i));
    std::int64_t now_ms = kNow;
    std::int64_t maintain_ms = 0;
    for (std::size_t from = 0; from < count; from += 500) {
        std::deque<testkit::SampleEvent> samples;
        std::deque<Event> events;
        std::deque<Match> matches;
        std::vector<Append> appends;
        for (std::size_t i = from; i < from + 500; ++i) {
            const std::size_t call = i / 10;
            const std::size_t tenant = call % 1000 == 999 ? 100 : call % 100;
            const std::string text = std::to_string(call);
            auto& sample =
                samples.emplace_back(testkit::SampleEvent{.id = "EV_" + std::to_string(i),
                                                          .name = i % 10 == 9 ? "participant_left" : "track_published",
                                                          .room = "sip-" + text,
                                                          .sid = "RM_" + text,
                                                          .call = "SCL_" + text,
                                                          .body = body});
            events.push_back(sample.event());
            matches.push_back({1000 + tenant, tenants[tenant]});
            appends.push_back({&events.back(), {&matches.back(), 1}, true});
        }
        auto done = outbox.commit(appends, {}, WantsAll(), now_ms);
        check(done.status(), "append");
        std::vector<Settled> settled;
        const Attempt attempt{
            .at_ms = now_ms, .took_us = 5000, .status = 200, .code = "status_200", .address = "203.0.113.7:443"};
        if (settles)
            for (const auto& each : done->ready)
                settled.push_back({.id = each.id,
                                   .state = each.id % 1000 == 7 ? DeliveryState::dead : DeliveryState::delivered,
                                   .attempts = 1,
                                   .code = "status_200",
                                   .attempt = &attempt});
        check(outbox.commit({}, settled, WantsAll(), now_ms).status(), "settle");
        now_ms += 500;
        if (now_ms >= maintain_ms) maintain_ms = outbox.maintain(now_ms)->next_ms;
    }
    while (outbox.maintain(now_ms)->next_ms <= now_ms) {
    }
}

void time_pages(store_sqlite::SqliteOutbox& outbox, const char* name, const LogFilter& filter) {
    std::vector<double> times;
    std::size_t found = 0;
    std::size_t pages = 0;
    LogQuery query{.filter = filter, .before = 0, .limit = 50};
    do {
        const auto begin = Clock::now();
        const auto page = outbox.list(query);
        times.push_back(ms_since(begin));
        check(page.status(), "list");
        query.before = page.value().next;
        found += page.value().deliveries.size();
        ++pages;
    } while (query.before != 0 && pages < 200);
    const double first = times.front();
    std::ranges::sort(times);
    std::printf("page %-34s first %7.2f ms, slowest of %3zu %7.2f ms, %5zu found\n", name, first, pages, times.back(),
                found);
}

void pages(const std::string& file, std::size_t count) {
    testkit::FakeHost host;
    store_sqlite::SqliteOutbox outbox(settings_of(file), host);
    check(outbox.start(), "start");
    const auto began = Clock::now();
    fill(outbox, count, true);
    std::printf("filled with %zu deliveries, attempts kept, in %.1f s; %.0f MB on disk\n", count, ms_since(began) / 1e3,
                static_cast<double>(outbox.figures().bytes) / 1e6);
    LogFilter filter;
    time_pages(outbox, "without a filter", filter);
    filter.tenant = "tenant-7";
    time_pages(outbox, "tenant (1 % of all)", filter);
    filter.tenant = "tenant-100";
    time_pages(outbox, "tenant (0.1 %)", filter);
    filter.state = DeliveryState::dead;
    time_pages(outbox, "tenant (0.1 %), dead", filter);
    filter = {};
    filter.state = DeliveryState::dead;
    time_pages(outbox, "dead", filter);
    filter.state = DeliveryState::waiting;
    time_pages(outbox, "waiting (none)", filter);
    filter = {};
    filter.call = "SCL_17";
    time_pages(outbox, "call, the oldest", filter);
    filter.call = "SCL_none";
    time_pages(outbox, "call that there is not", filter);
    filter = {};
    filter.event = "nothing";
    time_pages(outbox, "event that there is not", filter);
    filter = {};
    filter.hook = 1007;
    filter.event = "participant_left";
    time_pages(outbox, "hook and event", filter);
    filter = {};
    filter.until_ms = kNow + 60'000;
    time_pages(outbox, "the first minute", filter);
    filter = {};
    filter.tenant = "tenant-7";
    filter.state = DeliveryState::requeued;
    time_pages(outbox, "tenant, requeued (none)", filter);
    auto begin = Clock::now();
    check(outbox.look_up(count / 2, {}).status(), "look up");
    std::printf("one delivery: %.2f ms\n", ms_since(begin));
    begin = Clock::now();
    check(outbox.back_up(file + ".copy"), "back up");
    std::printf("backup: %.1f s\n", ms_since(begin) / 1e3);
    const auto job = outbox.begin_requeue({}, kNow);
    check(job.status(), "job");
    double slowest = 0;
    begin = Clock::now();
    while (outbox.requeue_job(job.value().id, {})->state == RequeueJob::State::running) {
        const auto step = Clock::now();
        check(outbox.maintain(kNow).status(), "maintain");
        slowest = std::max(slowest, ms_since(step));
    }
    std::printf("requeue job: %llu requeued in %.1f ms, slowest step %.2f ms\n",
                static_cast<unsigned long long>(outbox.requeue_job(job.value().id, {})->requeued), ms_since(begin),
                slowest);
    outbox.stop();
}

void fill_with_waiting(const std::string& file, std::size_t count) {
    testkit::FakeHost host;
    store_sqlite::SqliteOutbox outbox(settings_of(file), host);
    check(outbox.start(), "start");
    fill(outbox, count, false);
    outbox.stop();
}

void memory(const std::string& file) {
    testkit::FakeHost host;
    // As a server that starts: what was forgotten of rooms and ids since is not part of a queued event.
    sqlite3* handle = nullptr;
    sqlite3_open(file.c_str(), &handle);
    sqlite3_exec(handle, "DELETE FROM room; DELETE FROM call; DELETE FROM participant", nullptr, nullptr, nullptr);
    sqlite3_close(handle);
    const double before = resident_mb();
    store_sqlite::SqliteOutbox outbox(settings_of(file), host);
    const auto begin = Clock::now();
    check(outbox.start(), "start");
    const double started = ms_since(begin);
    const auto waiting = static_cast<double>(outbox.figures().waiting);
    std::printf("%.0f queued: start %.0f ms, %.1f bytes of memory each (ids of the last ten minutes included)\n",
                waiting, started, (resident_mb() - before) * 1e6 / waiting);
    outbox.stop();
}

void migration(const std::string& file) {
    sqlite3* handle = nullptr;
    sqlite3_open(file.c_str(), &handle);
    sqlite3_exec(handle,
                 "DROP INDEX waiting; DROP TABLE ids; CREATE TABLE seen(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, "
                 "high INTEGER "
                 "NOT NULL, low INTEGER NOT NULL); DROP TABLE attempt; DROP TABLE tenant; DROP TABLE dead; DROP TABLE "
                 "owner; DROP TABLE block; DROP TABLE "
                 "job; DROP TABLE paused; ALTER TABLE event DROP COLUMN call; ALTER TABLE delivery DROP COLUMN tenant; "
                 "ALTER TABLE delivery DROP COLUMN name; ALTER TABLE delivery DROP COLUMN call; DELETE FROM meta WHERE "
                 "key=5; DROP TABLE hook; CREATE TABLE hook(host BLOB PRIMARY KEY, url BLOB NOT NULL, auth_id BLOB NOT "
                 "NULL, dialect BLOB NOT NULL, events BLOB NOT NULL) WITHOUT ROWID; PRAGMA user_version=1",
                 nullptr, nullptr, nullptr);
    sqlite3_close(handle);
    testkit::FakeHost host;
    store_sqlite::SqliteOutbox outbox(settings_of(file), host);
    const auto begin = Clock::now();
    check(outbox.start(), "start");
    std::printf("start on a store of schema 1: %.0f ms, %llu waiting\n", ms_since(begin),
                static_cast<unsigned long long>(outbox.figures().waiting));
    double slowest = 0;
    const auto behind = Clock::now();
    std::int64_t next = 0;
    do {
        const auto step = Clock::now();
        next = outbox.maintain(kNow)->next_ms;
        slowest = std::max(slowest, ms_since(step));
    } while (next <= kNow && next != 0);
    std::printf("summaries written behind in %.1f s, slowest step %.2f ms\n", ms_since(behind) / 1e3, slowest);
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
    std::string folder = (given != nullptr ? std::string(given) : std::string(".")) + "/bench_log.XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) return 1;
    // Each in a process of its own: what one has freed is not counted for the next.
    apart([&] { pages(folder + "/pages.db", deliveries); });
    apart([&] { fill_with_waiting(folder + "/memory.db", deliveries); });
    apart([&] { memory(folder + "/memory.db"); });
    apart([&] { migration(folder + "/memory.db"); });
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}
