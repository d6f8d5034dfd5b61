#include <store_sqlite/facets.hpp>

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace switchhook::store_sqlite {
namespace {

TEST(Facets, WithoutASummaryEverythingMayBeThere) {
    EXPECT_TRUE(may_hold("", Facet::call, 5));
    EXPECT_TRUE(may_hold("odd", Facet::call, 5)) << "bytes that no summary has";
}

TEST(Facets, AnEmptySummaryHoldsNothing) {
    const std::string packed = Facets().packed();
    for (std::int64_t value = 0; value < 100; ++value) EXPECT_FALSE(may_hold(packed, Facet::hook, value));
}

TEST(Facets, WhatWasAddedIsFoundAndOfTheRestOneInAHundredAtMost) {
    for (const int count : {1, 10, 300, 4096}) {
        Facets facets;
        for (int i = 0; i < count; ++i) {
            facets.add(Facet::call, call_key("SCL_" + std::to_string(i)));
            facets.add(Facet::tenant, i % 7);
        }
        const std::string packed = facets.packed();
        int wrong = 0;
        for (int i = 0; i < count; ++i) {
            EXPECT_TRUE(may_hold(packed, Facet::call, call_key("SCL_" + std::to_string(i))));
            EXPECT_TRUE(may_hold(packed, Facet::tenant, i % 7));
        }
        for (int i = 0; i < 10'000; ++i) {
            if (may_hold(packed, Facet::call, call_key("other " + std::to_string(i)))) ++wrong;
        }
        EXPECT_LE(wrong, 100) << count;
        EXPECT_FALSE(may_hold(packed, Facet::name, 3)) << "another facet's value";
    }
}

TEST(Facets, AKeyIsNeverZeroAndThatOfNothingIs) {
    EXPECT_EQ(name_key(""), 0);
    EXPECT_EQ(call_key(""), 0);
    std::set<std::int64_t> keys;
    for (int i = 0; i < 10'000; ++i) {
        EXPECT_GT(name_key("name " + std::to_string(i)), 0);
        EXPECT_GT(call_key("SCL_" + std::to_string(i)), 0);
        keys.insert(call_key("SCL_" + std::to_string(i)));
    }
    EXPECT_EQ(keys.size(), 10'000u);
}

}  // namespace
}  // namespace switchhook::store_sqlite
