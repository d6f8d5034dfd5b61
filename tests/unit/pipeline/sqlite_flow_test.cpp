// The same flow over the real SQLite outbox, whose plain classes are linked in.
#include <stdlib.h>
#include <filesystem>

#include "store_sqlite/outbox.hpp"
#include "tests/unit/pipeline/flow.hpp"

namespace switchhook::pipeline {
namespace {

class SqliteFlowTest : public FlowTest {
protected:
    SqliteFlowTest() {
        std::string name = std::filesystem::temp_directory_path() / "switchhook-flow-XXXXXX";
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        folder = name;
    }
    ~SqliteFlowTest() override { std::filesystem::remove_all(folder); }
    std::unique_ptr<store_sqlite::SqliteOutbox> open() {
        store_sqlite::OutboxSettings settings;
        settings.path = folder / "switchhook.db";
        settings.reserve_bytes = 1 << 20;
        auto outbox = std::make_unique<store_sqlite::SqliteOutbox>(settings, host);
        const Status status = outbox->start();
        EXPECT_TRUE(status.ok()) << status.message();
        return outbox;
    }

    std::filesystem::path folder;
};

TEST_F(SqliteFlowTest, ParallelCallsArriveEachInOrderAndAtItsTenant) {
    const auto outbox = open();
    Run run(*this, *outbox);
    std::atomic<int> not_taken = 0;
    std::vector<std::thread> senders;
    for (int s = 0; s < 4; ++s)
        senders.emplace_back([&, s] {
            for (int call = 0; call < 4; ++call) {
                const std::string name = call % 2 == 0 ? "a" : "b";
                not_taken += play(run, name + std::to_string(s) + "-" + std::to_string(call), name, 10);
            }
        });
    for (auto& sender : senders) sender.join();
    EXPECT_EQ(not_taken, 0);
    EXPECT_TRUE(soon([&] { return delivered() == 4 * 4 * 10; }));
    run.stop();
    expect_order(10);
    EXPECT_EQ(outbox->figures().waiting, 0U);
    outbox->stop();
}

TEST_F(SqliteFlowTest, WhatWasNotDeliveredBeforeARestartIsDeliveredAfterIt) {
    forwarder.status = 0;  // every attempt is cut off
    {
        const auto outbox = open();
        Run run(*this, *outbox);
        EXPECT_EQ(play(run, "a1", "a", 40), 0);
        EXPECT_EQ(play(run, "b1", "b", 40), 0);
        run.stop();
        EXPECT_EQ(outbox->figures().waiting, 80U);
        outbox->stop();
    }
    forwarder.status = 200;
    const auto outbox = open();
    Run run(*this, *outbox);
    EXPECT_TRUE(soon([&] { return delivered() == 80; }));
    run.stop();
    expect_order(40);
    EXPECT_EQ(outbox->figures().waiting, 0U);
    outbox->stop();
}

TEST_F(SqliteFlowTest, ARefusedEventIsADeadLetterAndItsStreamGoesOn) {
    const auto outbox = open();
    Run run(*this, *outbox);
    EXPECT_EQ(play(run, "a1", "a", 5), 0);
    EXPECT_TRUE(soon([&] { return delivered() == 5; }));
    forwarder.status = 422;
    const auto refused = post(run, body_of("EV_refused", "sip-a1"));
    EXPECT_TRUE(soon([&] { return metrics.deliveries_dead.Value() == 1; }));
    forwarder.status = 200;
    const auto next = post(run, body_of("EV_a1_5", "sip-a1"));
    EXPECT_TRUE(soon([&] { return delivered() == 6; }));
    run.stop();
    expect_order(6);
    EXPECT_EQ(outbox->figures().dead, 1U);
    outbox->stop();
}

}  // namespace
}  // namespace switchhook::pipeline
