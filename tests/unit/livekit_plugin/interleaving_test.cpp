// Two instances against one LiveKit, interleaved at every step; answers that are lost; a crash in between.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <semaphore>
#include <set>
#include <thread>

#include "instance.hpp"

namespace switchhook::tests {
namespace {

using Point = FakeLiveKit::Point;
using Seen = FakeLiveKit::Seen;

// One trunk, one rule that names it, and nothing left to do.
void expect_settled(FakeLiveKit& livekit, const std::string& where) {
    livekit.at_point = nullptr;
    livekit.afterwards = nullptr;
    Instance observer(livekit.url());
    const auto plan = observer.plan();
    ASSERT_TRUE(plan.ok()) << where << ": " << plan.status().message();
    EXPECT_TRUE(plan->changes.empty()) << where << ": " << plan->changes.front();
    EXPECT_EQ(livekit.trunks().size(), 1U) << where;
    EXPECT_EQ(livekit.rules().size(), 1U) << where;
}

// What stands in LiveKit before the instances start.
struct Before {
    const char* name;
    std::function<void(FakeLiveKit&)> fill;
};

const std::vector<Before>& beginnings() {
    static const std::vector<Before> all{
        {"nothing", [](FakeLiveKit&) {}},
        {"the reference's",
         [](FakeLiveKit& livekit) {
             livekit.put_trunk({{"name", kTrunkName}, {"allowed_addresses", {"203.0.113.1"}}});
             livekit.put_rule(
                 {{"name", kRuleName}, {"rule", {{"dispatch_rule_individual", {{"room_prefix", "sip-"}}}}}});
         }},
        {"two of each, a stored conflict",
         [](FakeLiveKit& livekit) {
             auto first = our_trunk("ST_a");
             first["allowed_addresses"] = Json::array({"203.0.113.1"});
             livekit.put_trunk(first);
             livekit.put_trunk(our_trunk("ST_b"));
             livekit.put_rule(our_rule("ST_a", "SDR_b"));
             livekit.put_rule(our_rule("ST_b", "SDR_a"));
         }},
        {"a rule for a trunk that is gone", [](FakeLiveKit& livekit) { livekit.put_rule(our_rule("ST_gone")); }},
        {"an old address list",
         [](FakeLiveKit& livekit) {
             auto trunk = our_trunk();
             trunk["allowed_addresses"] = Json::array({"203.0.113.1"});
             const auto id = livekit.put_trunk(trunk);
             auto rule = our_rule(id);
             rule["trunk_ids"] = Json::array();
             livekit.put_rule(rule);
         }},
    };
    return all;
}

// B runs whole at the n-th point that A passes: before, between check and store, and after each of A's requests.
TEST(Interleaving, TheOtherInstanceRunsWholeAtAnyPointOfThisOne) {
    for (const auto& before : beginnings()) {
        for (unsigned seed = 1; seed <= 2; ++seed) {  // other ids: now this one's trunk stays, now the other's
            for (int at = 0;; ++at) {
                const std::string where =
                    std::string(before.name) + ", seed " + std::to_string(seed) + ", point " + std::to_string(at);
                FakeLiveKit livekit(seed);
                before.fill(livekit);
                Instance a(livekit.url(), "a");
                Instance b(livekit.url(), "b");
                int passed = 0;
                bool reached = false;
                livekit.at_point = [&](const Seen& seen, Point) {
                    if (seen.claims["iss"] != "a" || passed++ != at) return;
                    reached = true;
                    const auto plan = b.apply();
                    EXPECT_TRUE(plan.ok()) << where << ": " << plan.status().message();
                };
                const auto plan = a.apply();
                EXPECT_TRUE(plan.ok()) << where << ": " << plan.status().message();
                expect_settled(livekit, where);
                if (!reached) break;
            }
        }
    }
}

// Lets one waiting instance go on at a time, chosen by a seed: the same seed is the same history.
class Turns {
public:
    Turns(unsigned seed, std::size_t instances) : random_(seed), running_(instances) {}

    void wait(const std::string& who) {
        std::unique_lock lock(mutex_);
        waiting_.insert(who);
        choose();
        changed_.wait(lock, [&] { return turn_ == who; });
        turn_.clear();
        waiting_.erase(who);
    }
    void finish() {
        const std::lock_guard lock(mutex_);
        --running_;
        choose();
    }

private:
    void choose() {
        if (!turn_.empty() || waiting_.size() < running_ || waiting_.empty()) return;
        auto chosen = waiting_.begin();
        std::advance(chosen, random_() % waiting_.size());
        turn_ = *chosen;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::mt19937 random_;
    std::set<std::string> waiting_;
    std::string turn_;
    std::size_t running_;
};

TEST(Interleaving, ThreeInstancesInAnyOrderOfTheirStepsEndWithOneTrunkAndOneRule) {
    for (unsigned seed = 1; seed <= 120; ++seed) {
        const auto& before = beginnings()[seed % beginnings().size()];
        const std::string where = std::string(before.name) + ", seed " + std::to_string(seed);
        FakeLiveKit livekit(seed);
        before.fill(livekit);
        const std::vector<std::string> names{"a", "b", "c"};
        Turns turns(seed, names.size());
        livekit.at_point = [&](const Seen& seen, Point) { turns.wait(seen.claims["iss"].get<std::string>()); };
        std::vector<std::thread> threads;
        for (const auto& name : names)
            threads.emplace_back([&, name] {
                Instance instance(livekit.url(), name);
                const auto plan = instance.apply();
                EXPECT_TRUE(plan.ok()) << where << ", " << name << ": " << plan.status().message();
                turns.finish();
            });
        for (auto& thread : threads) thread.join();
        expect_settled(livekit, where);
        if (HasFailure()) return;
    }
}

// Each call's answer is lost once: LiveKit did as it was told, and nobody heard of it.
TEST(Interleaving, ALostAnswerIsReadAgainAndNothingIsMadeTwice) {
    for (const auto& before : beginnings()) {
        for (int lost = 0;; ++lost) {
            const std::string where = std::string(before.name) + ", call " + std::to_string(lost);
            FakeLiveKit livekit;
            before.fill(livekit);
            Instance instance(livekit.url());
            int call = 0;
            bool reading = false;
            bool reached = false;
            livekit.afterwards = [&](const Seen& seen) -> std::optional<PlainAnswer> {
                if (call++ != lost) return std::nullopt;
                reached = true;
                reading = seen.method.starts_with("List");
                return PlainAnswer{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"sip_", .close = true};
            };
            auto plan = instance.apply();
            if (reading) {
                EXPECT_EQ(plan.status().code(), Code::unavailable) << where;
                plan = instance.apply();
            }
            EXPECT_TRUE(plan.ok()) << where << ": " << plan.status().message();
            expect_settled(livekit, where);
            EXPECT_LE(livekit.count("CreateSIPInboundTrunk"), 1) << where;
            EXPECT_LE(livekit.count("CreateSIPDispatchRule"), 1) << where;
            if (!reached) break;
        }
    }
}

// The instance dies after its n-th call; another starts.
TEST(Interleaving, ACrashBetweenAnyTwoCallsIsMendedByTheNextStart) {
    for (const auto& before : beginnings()) {
        for (int last = 0;; ++last) {
            const std::string where = std::string(before.name) + ", after call " + std::to_string(last);
            int call = 0;
            std::atomic<bool> reached{false};
            std::binary_semaphore stopped{0};
            FakeLiveKit livekit;  // after what its threads use
            before.fill(livekit);
            {
                Instance dying(livekit.url());
                livekit.afterwards = [&](const Seen&) -> std::optional<PlainAnswer> {
                    if (call++ < last) return std::nullopt;
                    if (!reached.exchange(true)) {  // libcurl may ask once more before it hears of the stop
                        dying.api().stop();
                        stopped.release();
                    }
                    return PlainAnswer{.bytes = "", .close = true};
                };
                const auto plan = dying.apply();
                EXPECT_EQ(plan.ok(), !reached) << where;
                if (reached) stopped.acquire();  // apply() returns while stop() is still on its way out
            }
            livekit.afterwards = nullptr;
            Instance next(livekit.url());
            EXPECT_TRUE(next.apply().ok()) << where;
            expect_settled(livekit, where);
            if (!reached) break;
        }
    }
}

TEST(Interleaving, ACreateThatLiveKitCarriesOutAfterWeGaveUpIsOneDuplicateLess) {
    FakeLiveKit livekit;
    Instance slow(livekit.url(), "slow");
    // LiveKit stores the trunk only after this instance has given up and made another one.
    std::atomic<int> creates{0};
    livekit.at_point = [&](const Seen& seen, Point point) {
        if (point != Point::checked || seen.method != "CreateSIPInboundTrunk" || creates++ != 0) return;
        Instance other(livekit.url(), "other");
        EXPECT_TRUE(other.apply().ok());
    };
    EXPECT_TRUE(slow.apply().ok());
    expect_settled(livekit, "late");
}

TEST(Interleaving, AnInstanceThatWantsItOtherwiseDoesNotKeepUsBusyForEver) {
    FakeLiveKit livekit;
    Instance instance(livekit.url());
    livekit.at_point = [&](const Seen& seen, Point point) {
        if (point != Point::arrived || seen.method != "ListSIPInboundTrunk") return;
        for (auto& [id, trunk] : livekit.trunks()) {
            auto changed = trunk;
            changed["allowed_addresses"] = Json::array({"203.0.113.9"});
            livekit.put_trunk(changed);
        }
    };
    const auto plan = instance.apply();
    EXPECT_EQ(plan.status().code(), Code::unavailable) << plan.status().message();
    EXPECT_TRUE(has(plan.status().message(), "does not come to rest")) << plan.status().message();
    EXPECT_LT(livekit.calls().size(), 40U);
}

TEST(Interleaving, AnOutcomeThatStaysUnknownIsGivenUpAfterThreeTries) {
    FakeLiveKit livekit;
    Instance instance(livekit.url());
    livekit.instead = [](const Seen& seen) -> std::optional<PlainAnswer> {
        if (seen.method != "CreateSIPInboundTrunk") return std::nullopt;
        return twirp_error(503, "unavailable", "no response from servers");
    };
    const auto plan = instance.apply();
    EXPECT_EQ(plan.status().code(), Code::unavailable);
    EXPECT_EQ(livekit.count("CreateSIPInboundTrunk"), 3);
}

}  // namespace
}  // namespace switchhook::tests
