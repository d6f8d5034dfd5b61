// Random calls, rooms, legs, repeats, restarts and ends against the independent model.
#pragma once

#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <switchhook/testkit/outbox_model.hpp>

namespace switchhook::testkit {

TEST_P(OutboxSuite, RandomCallsGoWhereAnIndependentModelSendsThem) {
    const char* given = std::getenv("SWITCHHOOK_TEST_SEED");
    const std::uint32_t seed =
        given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device()();
    SCOPED_TRACE("SWITCHHOOK_TEST_SEED=" + std::to_string(seed));
    OutboxDriver driver(GetParam());
    OutboxModel model;
    RandomCalls calls(seed);
    std::map<HookId, std::vector<std::string>> expected;
    for (int step = 0; step < 400 && !testing::Test::HasFailure(); ++step) {
        std::vector<Sent> group(1 + calls.below(8));
        OutboxModel::Deliveries deliveries;
        std::vector<Appended> appended;
        for (auto& sent : group) {
            sent = calls.next();
            appended.push_back(model.append(sent, driver.now_ms, deliveries));
        }
        const auto done = driver.commit(group);
        ASSERT_EQ(done.appended.size(), group.size());
        for (std::size_t i = 0; i < group.size(); ++i) {
            SCOPED_TRACE("step " + std::to_string(step) + ", event " + group[i].event.id);
            EXPECT_EQ(done.appended[i].disposition, appended[i].disposition);
            EXPECT_EQ(done.appended[i].tenant_conflict, appended[i].tenant_conflict);
            EXPECT_EQ(done.appended[i].room_hook, appended[i].room_hook);
            EXPECT_EQ(done.appended[i].dropped_from_parking, appended[i].dropped_from_parking);
        }
        OutboxModel::Deliveries ready;
        for (const auto& each : done.ready)
            ready.emplace_back(each.hook,
                               each.source == WaitingDelivery::kStored ? each.event_id : group[each.source].event.id);
        EXPECT_EQ(ready, deliveries) << "step " << step;
        for (const auto& [hook, id] : deliveries) expected[hook].push_back(id);
        EXPECT_EQ(driver.outbox().figures().parked, model.parked());

        if (calls.once_in(20)) driver.restart();
        // A restart may remember a room up to a minute longer: long pauses are longer than that, and all short ones
        // together are less than the hour after which a room is forgotten.
        driver.now_ms += static_cast<std::int64_t>(calls.below(8'000));
        if (calls.once_in(40)) driver.now_ms += 3'600'000 + 70'000;
        if (calls.once_in(10)) {
            EXPECT_EQ(driver.maintain_all().parked_dropped, model.pass_time(driver.now_ms));
        }
    }
    for (const auto& [hook, ids] : expected) EXPECT_EQ(driver.waiting(hook), ids) << "hook " << hook;
}

}  // namespace switchhook::testkit
