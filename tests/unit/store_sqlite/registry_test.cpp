// The rules are tested by the contract suite, through the outbox; here is what only the class itself shows: undo,
// limits.
#include <store_sqlite/registry.hpp>
#include <store_sqlite/rows.hpp>

#include <string>

#include <gtest/gtest.h>

#include <switchhook/testkit/outbox_model.hpp>

namespace switchhook::store_sqlite {
namespace {

using testkit::RandomCalls;
using testkit::Sent;

constexpr std::int64_t kNow = 1'795'329'482'000;

struct Result {
    Disposition disposition;
    bool tenant_conflict;
    std::vector<HookId> hooks;
    std::vector<RowId> released;
    std::vector<RowId> dropped;
    friend bool operator==(const Result&, const Result&) = default;
};

Result decide(Registry& registry, const Sent& sent, RowId seq, std::int64_t now_ms) {
    const Event event = sent.event.event();
    const Verdict verdict = registry.decide({&event, sent.matches, sent.may_park}, seq, now_ms);
    Result result{verdict.disposition, verdict.tenant_conflict, {}, {}, {}};
    if (verdict.targets != nullptr)
        for (const auto& target : *verdict.targets) result.hooks.push_back(target.hook);
    for (const auto& each : verdict.released) result.released.push_back(each.seq);
    for (const auto& each : verdict.dropped) result.dropped.push_back(each.seq);
    return result;
}

// Two registries see the same groups; one of them also sees groups that fail. They never differ.
TEST(Registry, AGroupThatFailedLeavesNothingBehind) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        RandomCalls calls(seed);
        RandomCalls lost(seed + 1000);
        const Registry::Limits limits{.park_events = 20};
        Registry steady(limits);
        Registry shaken(limits);
        RowId seq = 1;
        std::int64_t now = kNow;
        for (int step = 0; step < 150; ++step) {
            shaken.begin();
            for (std::size_t i = lost.below(6); i > 0; --i) {
                (void)decide(shaken, lost.next(), seq + 1'000'000 + static_cast<RowId>(i), now);
                (void)shaken.overflow();
            }
            (void)shaken.expire(now + static_cast<std::int64_t>(lost.below(90'000'000)), 100);
            shaken.undo();
            ASSERT_EQ(shaken.rooms(), steady.rooms());
            ASSERT_EQ(shaken.parked(), steady.parked());

            steady.begin();
            shaken.begin();
            for (std::size_t i = calls.below(6); i > 0; --i, ++seq) {
                const Sent sent = calls.next();
                ASSERT_EQ(decide(shaken, sent, seq, now), decide(steady, sent, seq, now)) << sent.event.id;
                ASSERT_EQ(shaken.overflow().size(), steady.overflow().size());
            }
            ASSERT_EQ(shaken.changes().rooms.size(), steady.changes().rooms.size());
            ASSERT_EQ(shaken.changes().calls.size(), steady.changes().calls.size());
            ASSERT_EQ(shaken.changes().participants.size(), steady.changes().participants.size());
            steady.keep();
            shaken.keep();
            now += static_cast<std::int64_t>(calls.below(120'000));
            steady.begin();
            shaken.begin();
            ASSERT_EQ(shaken.expire(now, 1000).size(), steady.expire(now, 1000).size());
            steady.keep();
            shaken.keep();
            ASSERT_EQ(shaken.rooms(), steady.rooms());
        }
    }
}

TEST(Registry, ARoomAboveTheLimitIsNotAccepted) {
    Registry registry({.rooms = 1});
    registry.begin();
    EXPECT_EQ(decide(registry, {{.id = "EV_1", .room = "sip-1"}}, 1, kNow).disposition, Disposition::parked);
    EXPECT_EQ(decide(registry, {{.id = "EV_2", .room = "sip-2"}}, 2, kNow).disposition, Disposition::full);
    EXPECT_EQ(decide(registry, {{.id = "EV_3", .room = "sip-1"}}, 3, kNow).disposition, Disposition::parked);
    registry.keep();
    EXPECT_EQ(registry.rooms(), 1u);
}

TEST(Registry, AnEmptyRegistryIsNeverDue) {
    Registry registry({});
    EXPECT_FALSE(registry.next_due_ms().has_value());
    registry.begin();
    EXPECT_TRUE(registry.expire(kNow, 10).empty());
    registry.keep();
}

TEST(Registry, ItIsNotDueAnyMoreWhenItsLastRoomIsForgotten) {
    Registry registry({});
    registry.begin();
    (void)decide(registry, {{.id = "EV_1", .name = "room_finished"}}, 1, kNow);
    registry.keep();
    for (int i = 0; i < 10 && registry.next_due_ms(); ++i) {
        registry.begin();
        (void)registry.expire(*registry.next_due_ms(), 10);
        registry.keep();
    }
    EXPECT_FALSE(registry.next_due_ms().has_value());
    EXPECT_EQ(registry.rooms(), 0u);
}

TEST(Registry, ALastEventIsWrittenDownOnceAMinute) {
    Registry registry({});
    std::size_t written = 0;
    for (int i = 0; i < 600; ++i) {
        registry.begin();
        (void)decide(registry, {{.id = "EV_" + std::to_string(i), .name = "track_published"}}, i + 1, kNow + i * 1000);
        written += registry.changes().rooms.size();
        registry.keep();
    }
    EXPECT_EQ(written, 10u);
}

TEST(Rows, HooksOfARoomArePackedAndUnpacked) {
    const auto targets = std::make_shared<const std::vector<Target>>(
        std::vector<Target>{{~HookId{0}, "tenant-a"}, {1, ""}, {2, std::string("a\0b", 3)}});
    const auto unpacked = unpack(pack(targets));
    ASSERT_TRUE(unpacked && *unpacked != nullptr);
    EXPECT_EQ(**unpacked, *targets);
    EXPECT_EQ(pack(nullptr), "");
    EXPECT_EQ(*unpack(""), nullptr);
}

TEST(Rows, DamagedHooksOfARoomAreNoticed) {
    const auto targets = std::make_shared<const std::vector<Target>>(std::vector<Target>{{7, "tenant-a"}});
    const std::string packed = pack(targets);
    for (std::size_t length = 1; length < packed.size(); ++length)
        EXPECT_FALSE(unpack(packed.substr(0, length))) << length;
    EXPECT_FALSE(unpack(packed + "x"));
}

}  // namespace
}  // namespace switchhook::store_sqlite
