// A backup is a store: whole, of one instant, and as private as the first.
#include <filesystem>
#include <thread>

#include <store_sqlite/hook_table.hpp>
#include <store_sqlite/schema.hpp>

#include "faulty_vfs.hpp"
#include "place.hpp"

namespace switchhook::store_sqlite {
namespace {

using testkit::delivered;
using testkit::OutboxDriver;
using testkit::TemporaryFolder;

class Backup : public testing::Test {
protected:
    TemporaryFolder folder_;
    std::string file_ = folder_.file("store.db");
    std::string copy_ = folder_.file("copy.db");
    testkit::FakeHost host_;
};

TEST_F(Backup, HoldsOutboxLogAndHooks) {
    {
        SqliteHookStore hooks(file_);
        ASSERT_TRUE(hooks.start());
        HookChange change;
        change.put.emplace_back();
        change.put.back().host = "a.example";
        change.put.back().url = "https://a.example/";
        ASSERT_TRUE(hooks.apply(change));
        OutboxDriver driver(maker_at(file_, 0));
        const auto done = driver.commit({event_of(1), event_of(2), event_of(3)});
        driver.commit({},
                      {delivered(done.ready[0].id),
                       {.id = done.ready[1].id, .state = DeliveryState::dead, .attempts = 1, .code = "status_400"}});
        const Status status = driver.outbox().back_up(copy_);
        ASSERT_TRUE(status) << status.message();
        driver.commit({event_of(4)});  // later: not in it
        hooks.stop();
    }
    EXPECT_TRUE(check_store(copy_));
    OutboxDriver driver(maker_at(copy_, 0));
    EXPECT_EQ(driver.waiting(11), (std::vector<std::string>{"EV_3"}));
    EXPECT_EQ(driver.outbox().figures().dead, 1u);
    EXPECT_EQ(driver.send(event_of(2)), Disposition::duplicate);
    EXPECT_EQ(driver.outbox().list({}).value().deliveries.size(), 3u);
    SqliteHookStore hooks(copy_);
    ASSERT_TRUE(hooks.start());
    EXPECT_EQ(hooks.load().value().size(), 1u);
    hooks.stop();
}

TEST_F(Backup, IsOfOneInstantWhileEventsComeIn) {
    OutboxDriver driver(maker_at(file_, 0));
    for (int i = 0; i < 2000; ++i) driver.commit({event_of(i, 4000)});
    Status status;
    std::thread copying([&] { status = driver.outbox().back_up(copy_); });
    int last = 2000;
    for (; last < 2300; ++last) driver.commit({event_of(last, 4000)});
    copying.join();
    ASSERT_TRUE(status) << status.message();
    OutboxDriver other(maker_at(copy_, 0));
    const auto waiting = other.waiting(11);
    ASSERT_GE(waiting.size(), 2000u);
    for (std::size_t i = 0; i < waiting.size(); ++i) ASSERT_EQ(waiting[i], "EV_" + std::to_string(i));
}

TEST_F(Backup, ThatDoesNotFitLeavesNothingBehind) {
    OutboxDriver driver(maker_at(file_, 0));
    for (int i = 0; i < 100; ++i) driver.commit({event_of(i)});
    FaultyDisk disk;
    disk.fill();
    EXPECT_FALSE(driver.outbox().back_up(copy_));
    disk.heal();
    for (const auto& each : std::filesystem::directory_iterator(folder_.path()))
        EXPECT_FALSE(each.path().filename().string().starts_with("copy")) << each.path();
    EXPECT_TRUE(driver.outbox().back_up(copy_));
}

TEST_F(Backup, OfAStoppedStoreIsRefused) {
    OutboxDriver driver(maker_at(file_, 0));
    driver.outbox().stop();
    EXPECT_EQ(driver.outbox().back_up(copy_).code(), Code::unavailable);
    EXPECT_FALSE(std::filesystem::exists(copy_));
}

}  // namespace
}  // namespace switchhook::store_sqlite
