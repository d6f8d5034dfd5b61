// How many events a second the SQLite outbox makes durable, in groups of 1, 8 and 64, and what an append and a settle
// cost. The folder is $SWITCHHOOK_BENCH_DIR, else the current one: the figures are those of its disk.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include <store_sqlite/outbox.hpp>
#include <switchhook/testkit/fake_host.hpp>

namespace {

using namespace switchhook;

class WantsAll final : public HookFilter {
public:
    bool wants(HookId, std::string_view) const override { return true; }
};

// Events as calls bring them: ten for a room, the second carries the call and its participant.
class Calls final {
public:
    Calls() : body_(1200, 'x') {}

    Append next(std::size_t index) {
        const std::size_t number = made_++;
        const std::size_t step = number % 10;
        const std::string call = std::to_string(number / 10);
        texts_.resize(std::max(texts_.size(), index + 1));
        events_.resize(std::max(events_.size(), index + 1));
        Texts& texts = texts_[index];
        texts.id = "EV_" + std::to_string(number) + "_" + std::to_string(::getpid());
        texts.room = "sip-_+15557654321_" + call;
        texts.sid = "RM_" + call;
        texts.participant = "PA_" + call;
        texts.call = "SCL_" + call;
        const bool joins = step == 1;
        texts.attribute = {"sip.callID", joins ? std::string_view(texts.call) : std::string_view()};
        events_[index] = {.id = texts.id,
                          .name = step == 0   ? "room_started"
                                  : step == 9 ? "room_finished"
                                              : "track_published",
                          .created_at = 1,
                          .room_name = texts.room,
                          .room_sid = texts.sid,
                          .room_tenant = {},
                          .participant_sid = step == 0 || step == 9 ? std::string_view() : texts.participant,
                          .participant_identity = {},
                          .participant_name = {},
                          .participant_kind = {},
                          .attributes = {&texts.attribute, std::size_t{1}},
                          .body = body_};
        return {.event = &events_[index],
                .matches = joins ? std::span<const Match>(&match_, 1) : std::span<const Match>(),
                .may_park = true};
    }

private:
    struct Texts {
        std::string id, room, sid, participant, call;
        Attribute attribute;
    };
    std::string body_;
    std::deque<Texts> texts_;
    std::deque<Event> events_;
    Match match_{7, "tenant-a"};
    std::size_t made_ = 0;
};

class Folder final {
public:
    Folder() {
        const char* given = std::getenv("SWITCHHOOK_BENCH_DIR");
        std::string name = (given != nullptr ? std::string(given) : std::string(".")) + "/bench_append.XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string file() const { return path_ + "/store.db"; }

private:
    std::string path_;
};

// User and system time of the process, the checkpoint thread included.
double cpu_us() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto us = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return us(usage.ru_utime) + us(usage.ru_stime);
}

// range(0): events in a group; range(1): 1: deliveries are settled, one group later, in the same commit; 2: and their
// attempts are kept.
void append(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    const bool settles = state.range(1) != 0;
    const Folder folder;
    testkit::FakeHost host;
    store_sqlite::SqliteOutbox outbox({.path = folder.file()}, host);
    if (const Status status = outbox.start(); !status) return state.SkipWithError(status.message().c_str());
    Calls calls;
    std::vector<Append> group;
    std::vector<Settled> settled;
    std::int64_t now_ms = host.clock().unix_ms();
    std::int64_t maintain_ms = 0;
    const Attempt attempt{.at_ms = now_ms,
                          .resolved_us = 150,
                          .connected_us = 900,
                          .secured_us = 2'700,
                          .answered_us = 5'100,
                          .took_us = 5'300,
                          .status = 200,
                          .code = "status_200",
                          .address = "203.0.113.7:443",
                          .answer = "{\"ok\":true}"};
    const Attempt* const kept = state.range(1) == 2 ? &attempt : nullptr;
    const double cpu_before = cpu_us();
    for (auto _ : state) {
        group.clear();
        for (std::size_t i = 0; i < size; ++i) group.push_back(calls.next(i));
        const auto done = outbox.commit(group, settled, WantsAll(), ++now_ms);
        if (!done) return state.SkipWithError(done.status().message().c_str());
        settled.clear();
        if (settles)
            for (const auto& each : done.value().ready)
                settled.push_back({.id = each.id,
                                   .state = DeliveryState::delivered,
                                   .attempts = 1,
                                   .code = "status_200",
                                   .attempt = kept});
        if (maintain_ms != 0 && now_ms >= maintain_ms) maintain_ms = 0;
        if (maintain_ms == 0) maintain_ms = outbox.maintain(now_ms)->next_ms;
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(size));
    state.counters["cpu_us_per_event"] =
        (cpu_us() - cpu_before) / (static_cast<double>(state.iterations()) * static_cast<double>(size));
}

BENCHMARK(append)
    ->ArgNames({"group", "settle"})
    ->ArgsProduct({{1, 8, 64}, {0, 1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
