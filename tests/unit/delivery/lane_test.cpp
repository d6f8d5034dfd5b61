#include "core/delivery/lane.hpp"

#include <gtest/gtest.h>

namespace switchhook::delivery {
namespace {

Entry entry(DeliveryId id, StreamId stream) {
    Entry made;
    made.id = id;
    made.stream = stream;
    return made;
}

TEST(Lane, OnlyTheFirstOfAStreamMayLeave) {
    Lane lane(1, 4);
    EXPECT_TRUE(lane.add(entry(1, 10)));
    EXPECT_FALSE(lane.add(entry(2, 10)));
    EXPECT_TRUE(lane.add(entry(3, 20)));
    EXPECT_EQ(lane.size(), 3U);
    EXPECT_EQ(lane.room(), 1U);
    EXPECT_EQ(lane.cursor(), 3U);
}

TEST(Lane, RemovingTheFirstGivesTheNextOfItsStream) {
    Lane lane(1, 4);
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
    Lane lane(1, 4);
    const Place place = *lane.add(entry(1, 10));
    lane.remove(place);
    EXPECT_EQ(lane.find(place, 1), nullptr);
    EXPECT_EQ(*lane.add(entry(2, 20)), place);
    EXPECT_EQ(lane.find(place, 1), nullptr);
    ASSERT_NE(lane.find(place, 2), nullptr);
    EXPECT_EQ(lane.find(77, 2), nullptr);
}

}  // namespace
}  // namespace switchhook::delivery
