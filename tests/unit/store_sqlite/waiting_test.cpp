#include <store_sqlite/waiting.hpp>

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace switchhook::store_sqlite {
namespace {

TEST(Waiting, AnUnknownIdOrHookIsNotThere) {
    Waiting waiting;
    waiting.remove(5);
    EXPECT_FALSE(waiting.contains(5));
    EXPECT_TRUE(waiting.of(1, 0, 10).empty());
    EXPECT_EQ(waiting.oldest(), nullptr);
    EXPECT_TRUE(waiting.backlog().empty());
}

TEST(Waiting, TheOldestIsTheSmallestIdThatStillWaits) {
    Waiting waiting;
    waiting.add(1, 7, 100);
    waiting.add(2, 8, 200);
    waiting.add(3, 7, 300);
    waiting.remove(2);
    waiting.remove(1);
    waiting.remove(1);
    ASSERT_NE(waiting.oldest(), nullptr);
    EXPECT_EQ(waiting.oldest()->place.id(), 3u);
    EXPECT_EQ(waiting.oldest()->appended_ms, 300);
    EXPECT_EQ(waiting.size(), 1u);
    EXPECT_EQ(waiting.backlog().size(), 1u);
}

TEST(Waiting, ALimitOfNothingAnswersNothing) {
    Waiting waiting;
    waiting.add(1, 7, 100);
    EXPECT_TRUE(waiting.of(7, 0, 0).empty());
}

TEST(Waiting, ItAgreesWithSetsOverManyRandomSteps) {
    std::mt19937 random(11);
    Waiting waiting;
    std::map<HookId, std::set<DeliveryId>> model;
    std::set<DeliveryId> all;
    DeliveryId next = 1;
    for (int step = 0; step < 60'000; ++step) {
        if (random() % 100 < (step < 30'000 ? 60U : 40U)) {
            const HookId hook = random() % 5;
            waiting.add(next, hook, static_cast<std::int64_t>(next));
            model[hook].insert(next);
            all.insert(next++);
        } else if (!all.empty()) {
            auto id = all.lower_bound(random() % next);
            if (id == all.end()) id = all.begin();
            waiting.remove(*id);
            for (auto& [_, ids] : model) ids.erase(*id);
            all.erase(id);
        }
        if (step % 1000 == 0) {
            ASSERT_EQ(waiting.size(), all.size());
            ASSERT_TRUE(all.empty() || waiting.oldest()->place.id() == *all.begin());
            for (const auto& [hook, ids] : model) {
                const DeliveryId after = random() % next;
                std::vector<DeliveryId> expected;
                for (auto id = ids.upper_bound(after); id != ids.end() && expected.size() < 20; ++id)
                    expected.push_back(*id);
                ASSERT_EQ(waiting.of(hook, after, 20), expected);
            }
        }
    }
}

}  // namespace
}  // namespace switchhook::store_sqlite
