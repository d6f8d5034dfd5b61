// The write-ahead log stays bounded, although no committing call checkpoints below the bound.
#include <filesystem>

#include <sqlite3.h>

#include "place.hpp"

namespace switchhook::store_sqlite {
namespace {

using testkit::delivered;
using testkit::TemporaryFolder;

TEST(Log, ItStaysBoundedUnderSteadyLoad) {
    const TemporaryFolder folder;
    const std::string file = folder.file("store.db");
    testkit::FakeHost host;
    SqliteOutbox outbox({.path = file, .reserve_bytes = 2 << 20}, host);
    ASSERT_TRUE(outbox.start());
    const auto limit = static_cast<std::uintmax_t>(outbox.log_limit());
    ASSERT_GT(limit, 0u);
    std::vector<Settled> settled;
    for (int i = 0; i < 2000; ++i) {
        const auto sent = event_of(i, 4000);
        const Event event = sent.event.event();
        const Append append{&event, sent.matches, true};
        const auto done = outbox.commit({&append, 1}, settled, testkit::TestFilter(), 1'795'329'482'000 + i);
        ASSERT_TRUE(done) << done.status().message();
        settled = {delivered(done.value().ready.at(0).id)};
        ASSERT_LE(std::filesystem::file_size(file + "-wal"), 2 * limit + 1'000'000) << "after commit " << i;
    }
    EXPECT_GT(std::filesystem::file_size(file), 4'000'000u);
}

TEST(Log, AReaderThatHoldsItMakesItGrowAndLoosesNothing) {
    const TemporaryFolder folder;
    const std::string file = folder.file("store.db");
    testkit::OutboxDriver driver(maker_at(file, 1 << 20));
    driver.commit({event_of(0)});
    sqlite3* reader = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &reader), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM event", nullptr, nullptr, nullptr), SQLITE_OK);
    for (int i = 1; i < 300; ++i) driver.commit({event_of(i, 4000)});
    EXPECT_GT(std::filesystem::file_size(file + "-wal"), 1'000'000u);
    sqlite3_close(reader);
    for (int i = 300; i < 310; ++i) driver.commit({event_of(i, 4000)});
    driver.restart();
    EXPECT_EQ(driver.waiting(11).size(), 310u);
    EXPECT_FALSE(std::filesystem::exists(file + "-wal") && std::filesystem::file_size(file + "-wal") > 1'000'000);
}

TEST(Log, AStoppedStoreIsOneFile) {
    const TemporaryFolder folder;
    const std::string file = folder.file("store.db");
    {
        testkit::OutboxDriver driver(maker_at(file));
        driver.commit({event_of(0)});
    }
    EXPECT_FALSE(std::filesystem::exists(file + "-wal"));
    EXPECT_FALSE(std::filesystem::exists(file + "-shm"));
}

}  // namespace
}  // namespace switchhook::store_sqlite
