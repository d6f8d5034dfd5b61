#include <switchhook/host_table.hpp>

#include <string>

#include <gtest/gtest.h>

namespace switchhook {
namespace {

TEST(HostTable, AnEmptyTableFindsNothing) {
    const HostTable table(0);
    EXPECT_EQ(table.find(""), 0U);
    EXPECT_EQ(table.find("example.com"), 0U);
}

TEST(HostTable, FindsEveryHostOfAFullTableAndNoOther) {
    HostTable table(5000);
    for (HookId i = 1; i <= 5000; ++i) table.add("host-" + std::to_string(i), i);
    for (HookId i = 1; i <= 5000; ++i) EXPECT_EQ(table.find("host-" + std::to_string(i)), i);
    for (HookId i = 5001; i <= 10'000; ++i) EXPECT_EQ(table.find("host-" + std::to_string(i)), 0U);
}

TEST(HostTable, TheFirstHookOfAHostStays) {
    HostTable table(2);
    table.add("a", 1);
    table.add("a", 2);
    EXPECT_EQ(table.find("a"), 1U);
}

TEST(HostTable, NamesOfEveryLengthAreKeptWhole) {
    HostTable table(301);
    for (std::size_t size = 0; size <= 300; ++size) table.add(std::string(size, 'x'), size + 1);
    for (std::size_t size = 0; size <= 300; ++size) EXPECT_EQ(table.find(std::string(size, 'x')), size + 1);
    EXPECT_EQ(table.find(std::string(100, 'x') + "y"), 0U);
    EXPECT_EQ(table.find(std::string("x\0", 2)), 0U);
}

}  // namespace
}  // namespace switchhook
