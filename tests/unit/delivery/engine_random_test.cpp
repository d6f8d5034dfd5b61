// Random streams, outcomes, claims, pauses and crashes against an outbox in a map: nothing is lost, and nothing leaves
// before everything of its stream and hook that came earlier has ended durably.
#include <map>
#include <random>

#include "tests/unit/delivery/engine_fixture.hpp"

namespace switchhook::delivery {
namespace {

class EngineRandomTest : public EngineTest {
protected:
    struct Row {
        HookId hook;
        StreamId stream;
        DeliveryState state = DeliveryState::waiting;
        std::uint32_t attempts = 0;
        std::int64_t appended_ms = 0;
        std::int64_t due_ms = 0;
    };

    std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random); }
    void append() {
        const HookId hook = pick(2) == 0 ? a : b;
        const StreamId stream = 1 + std::min(pick(6), pick(6));
        rows.emplace(++last, Row{.hook = hook, .stream = stream, .appended_ms = clock().unix_ms()});
        hand_over(last, stream, hook);
    }
    // What the engine asked for becomes durable, and it is told.
    void commit() {
        std::vector<Settlement> ended;
        for (auto& each : std::exchange(ledger.settled, {})) {
            Row& row = rows.at(each.id);
            ASSERT_EQ(row.state, DeliveryState::waiting) << each.id << " ended twice";
            row.state = each.state;
            row.attempts = each.attempts;
            row.due_ms = each.due_ms;
            if (each.state != DeliveryState::waiting) ended.push_back(std::move(each));
        }
        engine->settled(std::move(ended));
        for (auto& [hook, done] : std::exchange(ledger.pauses, {})) {
            paused.insert_or_assign(hook.hook, hook);
            engine->paused({hook});
        }
        for (auto& [hook, done] : std::exchange(ledger.resumes, {})) {
            paused.erase(hook);
            engine->resumed(hook);
        }
        for (const auto& each : std::exchange(ledger.claims, {})) engine->claimed(each.hook, answer(each));
    }
    Claimed answer(const FakeLedger::Asked& asked) {
        Claimed claimed;
        for (auto at = rows.upper_bound(asked.after); at != rows.end(); ++at) {
            if (at->second.hook != asked.hook || at->second.state != DeliveryState::waiting) continue;
            if (claimed.deliveries.size() == asked.limit) {
                claimed.more = true;
                break;
            }
            auto delivery = stored(at->first, at->second.stream);
            delivery.hook = at->second.hook;
            delivery.attempts = at->second.attempts;
            delivery.due_ms = at->second.due_ms;
            delivery.appended_ms = at->second.appended_ms;
            claimed.deliveries.push_back(std::move(delivery));
        }
        return claimed;
    }
    void crash() {
        engine.reset();
        forwarder.forget_all();
        ledger.settled.clear();
        ledger.claims.clear();
        ledger.pauses.clear();
        ledger.resumes.clear();
        make();
        std::vector<Paused> known;
        for (const auto& [hook, each] : paused) known.push_back(each);
        engine->paused(known);
        engine->backlog({{.hook = a, .waiting = 1}, {.hook = b, .waiting = 1}});
    }
    AttemptResult outcome() {
        switch (pick(12)) {
            case 0:
            case 1:
                return status_result(503);
            case 2:
                return status_result(422);
            case 3:
                return code_result("connect_refused");
            case 4:
                return code_result("dns_unavailable");
            case 5:
                return code_result("stopped");
            case 6:
                return status_result(pick(4) == 0 ? 410 : 404);
            default:
                return status_result(200);
        }
    }
    void check_what_left() {
        const auto order = forwarder.order();
        for (; seen < order.size(); ++seen) {
            const DeliveryId id = std::stoull(order[seen].substr(3));
            const Row& row = rows.at(id);
            ASSERT_EQ(row.state, DeliveryState::waiting) << id << " had ended";
            for (const auto& [other, earlier] : rows) {
                const bool before = other < id && earlier.hook == row.hook && earlier.stream == row.stream;
                ASSERT_FALSE(before && earlier.state == DeliveryState::waiting) << id << " overtook " << other;
            }
        }
    }

    std::mt19937 random;
    std::map<DeliveryId, Row> rows;
    std::map<HookId, Paused> paused;
    DeliveryId last = 0;
    std::size_t seen = 0;
};

TEST_F(EngineRandomTest, NothingIsLostAndNothingOvertakes) {
    for (unsigned seed = 1; seed <= 12; ++seed) {
        random.seed(seed);
        rows.clear();
        paused.clear();
        settings.window = 2 + pick(10);
        settings.concurrency = 1 + pick(8);
        settings.profiles["call"].breaker.failures = static_cast<std::uint32_t>(2 + pick(5));
        crash();
        for (int step = 0; step < 600; ++step) {
            switch (pick(8)) {
                case 0:
                case 1:
                case 2:
                    append();
                    break;
                case 3:
                case 4:
                    if (!forwarder.under_way().empty()) forwarder.complete(outcome());
                    break;
                case 5:
                    commit();
                    break;
                case 6:
                    clock().advance(milliseconds(1 + pick(800)));
                    break;
                default:
                    if (pick(40) == 0) crash();
                    if (pick(10) == 0) engine->pause(pick(2) == 0 ? a : b, "random");
                    if (pick(4) == 0) engine->resume(pick(2) == 0 ? a : b);
                    break;
            }
            round();
            check_what_left();
            if (HasFatalFailure()) FAIL() << "seed " << seed;
        }
        const auto waits = [&] {
            return std::ranges::any_of(rows,
                                       [](const auto& each) { return each.second.state == DeliveryState::waiting; });
        };
        for (int step = 0; step < 20'000 && waits(); ++step) {
            engine->resume(a);
            engine->resume(b);
            while (!forwarder.under_way().empty()) forwarder.complete(status_result(200));
            round();
            commit();
            const auto next = round();
            check_what_left();
            if (HasFatalFailure()) FAIL() << "seed " << seed;
            if (next && *next > clock().steady())
                clock().advance(std::chrono::ceil<milliseconds>(*next - clock().steady()));
        }
        ASSERT_FALSE(waits()) << "seed " << seed << ": something is forgotten";
    }
}

}  // namespace
}  // namespace switchhook::delivery
