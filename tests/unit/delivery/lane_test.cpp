#include "core/delivery/lane.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

#include "tests/unit/delivery/fakes.hpp"

namespace switchhook::delivery {
namespace {

Entry entry(DeliveryId id, StreamId stream, std::uint32_t attempts = 0) {
    Entry made;
    made.id = id;
    made.stream = stream;
    made.attempts = attempts;
    return made;
}

WindowBytes all_bytes;  // of lanes whose entries have no bodies

Entry entry_of_a_mebibyte(DeliveryId id, StreamId stream) {
    Entry made = entry(id, stream);
    made.event = read_event(body_of_bytes("EV_" + std::to_string(id), std::size_t{1} << 20U));
    return made;
}

TEST(Lane, TakesNoFurtherEventWhenItHoldsItsBytes) {
    WindowBytes bytes;
    Lane lane(1, 256, &bytes);
    std::vector<Place> places;
    DeliveryId id = 1;
    for (; lane.room() > 0; ++id) {
        ASSERT_EQ(lane.hand_over(id, id), Lane::Judged::admitted);
        places.push_back(*lane.add(entry_of_a_mebibyte(id, id)));
        ASSERT_LE(lane.size(), 9U);
    }
    EXPECT_EQ(lane.size(), 8U);
    EXPECT_EQ(lane.hand_over(id, id), Lane::Judged::no_room);
    EXPECT_EQ(bytes.held, lane.bytes());
    lane.remove(places.back());
    EXPECT_EQ(lane.room(), 1U) << "as many as weigh what was given back";
    for (std::size_t i = 0; i + 1 < places.size(); ++i) lane.remove(places[i]);
    EXPECT_EQ(bytes.held, 0U);
    EXPECT_EQ(lane.room(), 256U);
}

TEST(Lane, ManyLanesShareTheBytesOfAllAndEachTakesAtLeastOne) {
    WindowBytes bytes;
    std::deque<Lane> lanes;
    for (HookId hook = 1; hook <= 400; ++hook) {
        Lane& lane = lanes.emplace_back(hook, 256, &bytes);
        for (DeliveryId id = 1; lane.room() > 0; ++id) {
            ASSERT_EQ(lane.hand_over(id, id), Lane::Judged::admitted);
            lane.add(entry_of_a_mebibyte(id, id));
        }
        ASSERT_GE(lane.size(), 1U);
    }
    EXPECT_LE(bytes.held, bytes.of_all + lanes.size() * (std::size_t{2} << 20U));
    EXPECT_EQ(lanes.front().size(), 8U);
    EXPECT_EQ(lanes.back().size(), 1U);
}

TEST(Lane, TakesSmallEventsAlsoWhenOthersHoldAllBytes) {
    WindowBytes bytes;
    bytes.held = bytes.of_all;
    Lane lane(1, 256, &bytes);
    EXPECT_LE(lane.room(), 32U) << "more would be read and thrown away";
    EXPECT_GE(lane.room(), 1U);
    DeliveryId id = 1;
    for (; lane.room() > 0; ++id) {
        ASSERT_EQ(lane.hand_over(id, id), Lane::Judged::admitted);
        Entry small = entry(id, id);
        small.event = read_event(body_of_bytes("EV", 4'000));
        lane.add(std::move(small));
        ASSERT_LE(lane.size(), 20U);
    }
    EXPECT_GE(lane.size(), 15U);
    EXPECT_GE(lane.bytes(), WindowBytes::kOfEachLane);
    EXPECT_FALSE(lane.lacks_bytes()) << "nothing of it is in the outbox";
    lane.set_behind();
    EXPECT_TRUE(lane.lacks_bytes());
}

TEST(Lane, ThatStoppedForWantOfBytesGoesOnWhenOthersGiveThemBack) {
    WindowBytes bytes;
    bytes.held = bytes.of_all;
    Lane lane(1, 256, &bytes);
    ASSERT_EQ(lane.walk(1, 1), Lane::Judged::admitted);
    lane.add(entry_of_a_mebibyte(1, 1));
    ASSERT_EQ(lane.walk(2, 2), Lane::Judged::no_room);
    lane.walked(false, true);
    EXPECT_EQ(lane.claim_after(), std::nullopt);
    EXPECT_TRUE(lane.lacks_bytes());
    bytes.held = lane.bytes();
    EXPECT_EQ(lane.claim_after(), 1U);
    EXPECT_FALSE(lane.lacks_bytes());
}

TEST(Lane, ThatHoldsAllItsOwnBytesLacksNoneOfOthers) {
    WindowBytes bytes;
    Lane lane(1, 256, &bytes);
    lane.set_behind();
    for (DeliveryId id = 1; lane.room() > 0; ++id) lane.add(entry_of_a_mebibyte(id, id));
    EXPECT_FALSE(lane.lacks_bytes());
    Lane small(2, 2, &bytes);
    small.set_behind();
    for (DeliveryId id = 1; id <= 2; ++id) small.add(entry(id, id));
    EXPECT_FALSE(small.lacks_bytes());
}

TEST(Lane, OnlyTheFirstOfAStreamMayLeave) {
    Lane lane(1, 4, &all_bytes);
    EXPECT_TRUE(lane.add(entry(1, 10)));
    EXPECT_FALSE(lane.add(entry(2, 10)));
    EXPECT_TRUE(lane.add(entry(3, 20)));
    EXPECT_EQ(lane.size(), 3U);
    EXPECT_EQ(lane.room(), 1U);
}

TEST(Lane, RemovingTheFirstGivesTheNextOfItsStream) {
    Lane lane(1, 4, &all_bytes);
    const Place first = *lane.add(entry(1, 10));
    lane.add(entry(2, 10));
    lane.add(entry(3, 10));
    const auto second = lane.remove(first);
    ASSERT_TRUE(second);
    EXPECT_EQ(lane.at(*second).id, 2U);
    const auto third = lane.remove(*second);
    ASSERT_TRUE(third);
    EXPECT_EQ(lane.at(*third).id, 3U);
    EXPECT_FALSE(lane.remove(*third));
    EXPECT_EQ(lane.size(), 0U);
    EXPECT_TRUE(lane.add(entry(4, 10)));
}

TEST(Lane, APlaceIsUsedAgainAndNoLongerAnswersForTheOldDelivery) {
    Lane lane(1, 4, &all_bytes);
    const Place place = *lane.add(entry(1, 10));
    lane.remove(place);
    EXPECT_EQ(lane.find(place, 1), nullptr);
    EXPECT_EQ(*lane.add(entry(2, 20)), place);
    EXPECT_EQ(lane.find(place, 1), nullptr);
    ASSERT_NE(lane.find(place, 2), nullptr);
    EXPECT_EQ(lane.find(77, 2), nullptr);
}

// Slots.

class Slots : public ::testing::Test {
protected:
    void wait_for_a_slot(DeliveryId id, std::uint32_t attempts) {
        lane.set_sendable(*lane.add(entry(id, id, attempts)));
    }
    // Lets leave what may; their ids.
    std::vector<DeliveryId> leave(std::size_t concurrency) {
        std::vector<DeliveryId> ids;
        while (const auto place = lane.next_to_leave(concurrency)) {
            ids.push_back(lane.at(*place).id);
            lane.take(*place);
            lane.sends(*place);
        }
        return ids;
    }
    Lane lane{1, 1'000, &all_bytes};
};

TEST_F(Slots, FirstAttemptsLeaveASlotForRetries) {
    for (DeliveryId id = 1; id <= 20; ++id) wait_for_a_slot(id, 0);
    EXPECT_EQ(leave(8).size(), 7U);
    wait_for_a_slot(100, 3);
    EXPECT_EQ(leave(8), std::vector<DeliveryId>{100});
    EXPECT_EQ(lane.sending(), 8U);
}

TEST_F(Slots, RetriesLeaveASlotForFirstAttempts) {
    for (DeliveryId id = 1; id <= 20; ++id) wait_for_a_slot(id, 1);
    EXPECT_EQ(leave(8).size(), 7U);
    wait_for_a_slot(100, 0);
    EXPECT_EQ(leave(8), std::vector<DeliveryId>{100});
}

TEST_F(Slots, OfManyAnEighthIsKeptForEachKind) {
    for (DeliveryId id = 1; id <= 200; ++id) wait_for_a_slot(id, 0);
    EXPECT_EQ(leave(64).size(), 56U);
}

TEST_F(Slots, OfFewNoneIsKeptButTheKindsTakeTurns) {
    for (DeliveryId id = 1; id <= 3; ++id) wait_for_a_slot(id, 0);
    EXPECT_EQ(leave(2), (std::vector<DeliveryId>{1, 2}));
    for (DeliveryId id = 11; id <= 13; ++id) wait_for_a_slot(id, 1);
    lane.sent(0);
    EXPECT_EQ(leave(2), std::vector<DeliveryId>{11});
    lane.sent(1);
    EXPECT_EQ(leave(2), std::vector<DeliveryId>{3});
}

TEST_F(Slots, OneSlotServesBothInTurn) {
    for (DeliveryId id = 1; id <= 2; ++id) wait_for_a_slot(id, 0);
    for (DeliveryId id = 11; id <= 12; ++id) wait_for_a_slot(id, 1);
    std::vector<DeliveryId> order;
    for (int i = 0; i < 4; ++i) {
        const auto left = leave(1);
        ASSERT_EQ(left.size(), 1U);
        order.push_back(left[0]);
        for (Place place = 0; place < 4; ++place)
            if (lane.at(place).state == Entry::State::sending) {
                lane.sent(place);
                lane.at(place).state = Entry::State::settling;
            }
    }
    EXPECT_EQ(order, (std::vector<DeliveryId>{11, 1, 12, 2}));
}

TEST_F(Slots, AConcurrencyThatWasLoweredIsKeptFromThenOn) {
    for (DeliveryId id = 1; id <= 20; ++id) wait_for_a_slot(id, 0);
    EXPECT_EQ(leave(8).size(), 7U);
    EXPECT_TRUE(leave(2).empty());
    for (Place place = 0; place < 6; ++place) lane.sent(place);
    EXPECT_EQ(leave(2).size(), 1U);
}

// Windows.

using Judged = Lane::Judged;

TEST(Window, ALongStreamTakesHalfOfTheRoomThatIsLeft) {
    Lane lane(1, 16, &all_bytes);
    DeliveryId id = 0;
    int taken = 0;
    for (int i = 0; i < 100; ++i)
        if (lane.hand_over(++id, 7) == Judged::admitted) {
            lane.add(entry(id, 7));
            ++taken;
        }
    EXPECT_EQ(taken, 5);
    EXPECT_EQ(lane.frontier(), 100U);
    EXPECT_FALSE(lane.behind());
    EXPECT_TRUE(lane.leaves_out());
    EXPECT_EQ(lane.claim_after(), std::nullopt) << "nothing could be admitted";
    // Others still find a place, each at least one.
    for (StreamId stream = 20; stream < 31; ++stream) {
        ASSERT_EQ(lane.hand_over(++id, stream), Judged::admitted);
        lane.add(entry(id, stream));
    }
    EXPECT_EQ(lane.hand_over(++id, 40), Judged::no_room);
}

TEST(Window, AHeldStreamIsClaimedFromWhereItWasLeftOutWhenNothingOfItIsInMemory) {
    Lane lane(1, 4, &all_bytes);
    const Place first = *lane.add(entry(1, 7));
    EXPECT_EQ(lane.hand_over(2, 7), Judged::left_out);
    EXPECT_EQ(lane.hand_over(3, 8), Judged::admitted);
    lane.add(entry(3, 8));
    EXPECT_EQ(lane.hand_over(4, 7), Judged::left_out);
    lane.remove(first);
    EXPECT_EQ(lane.claim_after(), 1U);
    EXPECT_EQ(lane.walk(2, 7), Judged::admitted);
    lane.add(entry(2, 7));
    EXPECT_EQ(lane.walk(3, 8), Judged::known);
    EXPECT_EQ(lane.walk(4, 7), Judged::left_out);
    lane.walked(true, false);
    EXPECT_EQ(lane.claim_after(), std::nullopt);
    EXPECT_TRUE(lane.leaves_out());
}

TEST(Window, WithoutRoomForAnotherStreamTheLaneStopsUntilSomethingEnds) {
    Lane lane(1, 2, &all_bytes);
    const Place first = *lane.add(entry(1, 1));
    lane.add(entry(2, 2));
    EXPECT_EQ(lane.hand_over(3, 3), Judged::no_room);
    lane.set_behind();
    lane.walked(false, true);
    EXPECT_EQ(lane.claim_after(), std::nullopt);
    lane.remove(first);
    EXPECT_TRUE(lane.claim_after());
}

// A lane against an outbox in a map: whatever ends in whatever order, each stream leaves in the order of its ids, once
// each, and nothing is forgotten.
TEST(Window, RandomStreamsAndEndsKeepTheOrderAndLoseNothing) {
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
        std::mt19937 random(seed);
        const auto pick = [&](std::size_t below) {
            return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
        };
        const std::size_t window = 1 + pick(12);
        const std::size_t streams = 1 + pick(10);
        Lane lane(1, window, &all_bytes);
        std::map<DeliveryId, StreamId> outbox;
        std::map<StreamId, std::vector<DeliveryId>> left;
        std::map<StreamId, std::vector<DeliveryId>> appended;
        std::vector<Place> firsts;
        DeliveryId last = 0;
        const auto admit = [&](DeliveryId id, StreamId stream) {
            if (const auto first = lane.add(entry(id, stream))) firsts.push_back(*first);
            ASSERT_LE(lane.size(), window);
        };
        const auto claim = [&] {
            const auto after = lane.claim_after();
            if (!after) return false;
            const std::size_t limit = 1 + pick(6);
            std::size_t count = 0;
            bool more = false;
            bool stopped = false;
            for (auto at = outbox.upper_bound(*after); at != outbox.end(); ++at) {
                if (count++ == limit) {
                    more = true;
                    break;
                }
                const auto judged = lane.walk(at->first, at->second);
                stopped = judged == Judged::no_room;
                if (stopped) break;
                if (judged == Judged::admitted) admit(at->first, at->second);
            }
            lane.walked(!stopped && !more, stopped);
            return true;
        };
        const auto end_one = [&] {
            const std::size_t which = pick(firsts.size());
            const Place place = firsts[which];
            firsts.erase(firsts.begin() + static_cast<std::ptrdiff_t>(which));
            const Entry ended = lane.at(place);
            left[ended.stream].push_back(ended.id);
            outbox.erase(ended.id);
            if (const auto next = lane.remove(place)) firsts.push_back(*next);
        };
        for (int step = 0; step < 400; ++step) {
            switch (pick(4)) {
                case 0:
                case 1: {
                    // Some streams are much longer than others.
                    const StreamId stream = 1 + std::min(pick(streams), pick(streams));
                    outbox[++last] = stream;
                    appended[stream].push_back(last);
                    if (lane.behind() || last <= lane.frontier()) break;
                    const auto judged = lane.hand_over(last, stream);
                    if (judged == Judged::admitted) admit(last, stream);
                    if (judged == Judged::no_room) lane.set_behind();
                    break;
                }
                case 2:
                    if (!firsts.empty()) end_one();
                    break;
                default:
                    claim();
                    break;
            }
        }
        for (int step = 0; step < 100'000 && !outbox.empty(); ++step) {
            const bool claimed = claim();
            if (!firsts.empty())
                end_one();
            else
                ASSERT_TRUE(claimed) << "seed " << seed << ": " << outbox.size() << " are forgotten";
        }
        ASSERT_EQ(left, appended) << "seed " << seed;
        while (claim()) {
        }
        ASSERT_FALSE(lane.leaves_out()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace switchhook::delivery
