// The log of an outbox: listing and one delivery with its attempts.
#pragma once

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <switchhook/testkit/outbox_driver.hpp>
#include <switchhook/testkit/outbox_keeping.hpp>

namespace switchhook::testkit {

inline Settled died(DeliveryId id, std::string_view code = "status_400", const Attempt* attempt = nullptr) {
    return {.id = id, .state = DeliveryState::dead, .attempts = 1, .code = code, .attempt = attempt};
}

// Event `number` of room `room`, whose call is that of call_event(room).
inline Sent room_event(int number, int room, std::vector<Match> matches = {kTenantA}) {
    Sent sent = call_event(room, std::move(matches));
    sent.event.id = "EV_" + std::to_string(number);
    sent.event.body = "body " + std::to_string(number);
    return sent;
}

class OutboxLog : public OutboxDriver {
public:
    using OutboxDriver::OutboxDriver;

    // Every page, with that limit.
    std::vector<LoggedDelivery> listed(const LogFilter& wanted = {}, std::size_t limit = 7) {
        std::vector<LoggedDelivery> all;
        LogQuery query{.filter = wanted, .limit = limit};
        for (int pages = 0; pages < 100'000; ++pages) {
            auto page = outbox().list(query);
            EXPECT_TRUE(page) << page.status().message();
            if (!page) return all;
            EXPECT_LE(page->deliveries.size(), limit);
            for (auto& each : page->deliveries) all.push_back(std::move(each));
            if (page->next == 0) return all;
            EXPECT_TRUE(query.before == 0 || page->next < query.before) << "the pages do not go on";
            query.before = page->next;
        }
        ADD_FAILURE() << "the pages never end";
        return all;
    }
    std::vector<std::string> events(const LogFilter& wanted = {}) {
        std::vector<std::string> ids;
        for (const auto& each : listed(wanted)) ids.push_back(each.event_id);
        return ids;
    }
    std::vector<DeliveryId> append(int from, int to, std::vector<Match> matches = {kTenantA}) {
        std::vector<DeliveryId> ids;
        for (int i = from; i < to; ++i)
            for (const auto& each : commit({call_event(i, matches)}).ready) ids.push_back(each.id);
        return ids;
    }
    void settle(const std::vector<DeliveryId>& ids, bool dead) {
        std::vector<Settled> settled;
        for (const DeliveryId id : ids) settled.push_back(dead ? died(id) : delivered(id));
        commit({}, settled);
    }
    // Until that job has ended; what it made ready.
    std::vector<WaitingDelivery> finish(JobId id) {
        std::vector<WaitingDelivery> ready;
        for (int i = 0; i < 100'000; ++i) {
            auto done = maintain();
            for (auto& each : done.ready) ready.push_back(std::move(each));
            const auto job = outbox().requeue_job(id, {});
            EXPECT_TRUE(job) << job.status().message();
            if (!job || job.value().state != RequeueJob::State::running) return ready;
        }
        ADD_FAILURE() << "the job never ends";
        return ready;
    }
};

inline LogFilter with_state(DeliveryState state) {
    LogFilter filter;
    filter.state = state;
    return filter;
}

TEST_P(OutboxSuite, AnEmptyLogIsOneEmptyPage) {
    OutboxLog driver(GetParam());
    const auto page = driver.outbox().list({});
    ASSERT_TRUE(page);
    EXPECT_TRUE(page.value().deliveries.empty());
    EXPECT_EQ(page.value().next, 0u);
    EXPECT_EQ(driver.outbox().look_up(1, {}).status().code(), Code::not_found);
    EXPECT_EQ(driver.outbox().look_up(std::numeric_limits<DeliveryId>::max(), {}).status().code(), Code::not_found);
    EXPECT_EQ(driver.outbox().requeue_job(1, {}).status().code(), Code::not_found);
}

TEST_P(OutboxSuite, TheLogAnswersAStatusBeforeStartAndAfterStop) {
    const auto place = GetParam().place();
    FakeHost host;
    const auto outbox = place->make(host, {});
    EXPECT_FALSE(outbox->list({}));
    EXPECT_FALSE(outbox->look_up(1, {}));
    EXPECT_FALSE(outbox->requeue(1, {}, 1));
    EXPECT_FALSE(outbox->begin_requeue({}, 1));
    EXPECT_FALSE(outbox->paused());
    ASSERT_TRUE(outbox->start());
    outbox->stop();
    EXPECT_FALSE(outbox->list({}));
    EXPECT_FALSE(outbox->back_up("/nowhere/copy"));
}

TEST_P(OutboxSuite, TheLogIsNewestFirstAndItsPagesHoldEachDeliveryOnce) {
    OutboxLog driver(GetParam());
    driver.append(0, 20);
    for (const std::size_t limit : {1U, 3U, 19U, 20U, 21U, 500U}) {
        const auto all = driver.listed({}, limit);
        ASSERT_EQ(all.size(), 20u) << limit;
        for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].event_id, "EV_" + std::to_string(19 - i));
    }
}

TEST_P(OutboxSuite, ACursorStaysWhereItIsWhileNewOnesCome) {
    OutboxLog driver(GetParam());
    driver.append(0, 6);
    const auto first = driver.outbox().list({.limit = 2});
    ASSERT_TRUE(first);
    driver.append(6, 9);
    const auto second = driver.outbox().list({.before = first.value().next, .limit = 2});
    ASSERT_TRUE(second);
    ASSERT_EQ(second.value().deliveries.size(), 2u);
    EXPECT_EQ(second.value().deliveries[0].event_id, "EV_3");
    EXPECT_EQ(second.value().deliveries[1].event_id, "EV_2");
}

TEST_P(OutboxSuite, ALoggedDeliverySaysWhoseItIsAndWhatBecameOfIt) {
    OutboxLog driver(GetParam());
    const auto done = driver.commit({call_event(1, {kTenantA, kTenantB})});
    ASSERT_EQ(done.ready.size(), 2u);
    driver.now_ms += 10;
    driver.commit({}, {{.id = done.ready[0].id, .attempts = 3, .due_ms = driver.now_ms + 500, .code = "status_503"},
                       died(done.ready[1].id, "hook_removed")});
    driver.restart();
    const auto all = driver.listed();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].tenant, "tenant-b");
    EXPECT_EQ(all[0].hook, 22u);
    EXPECT_EQ(all[0].state, DeliveryState::dead);
    EXPECT_EQ(all[0].code, "hook_removed");
    EXPECT_EQ(all[0].due_ms, 0);
    EXPECT_EQ(all[1].tenant, "tenant-a");
    EXPECT_EQ(all[1].state, DeliveryState::waiting);
    EXPECT_EQ(all[1].attempts, 3u);
    EXPECT_EQ(all[1].due_ms, driver.now_ms + 500);
    EXPECT_EQ(all[1].settled_ms, driver.now_ms);
    EXPECT_EQ(all[1].appended_ms, driver.now_ms - 10);
    EXPECT_EQ(all[1].call, "SCL_1");
    EXPECT_EQ(all[1].event, "participant_joined");
    EXPECT_EQ(all[1].event_id, "EV_1");
    EXPECT_EQ(all[1].id, done.ready[0].id);
}

TEST_P(OutboxSuite, EventsOfARoomCountAsItsCalls) {
    OutboxLog driver(GetParam());
    driver.send({{.id = "EV_0", .name = "room_started", .room = "sip-1", .sid = "RM_1"}});
    driver.send(call_event(1));
    driver.send({{.id = "EV_2", .name = "room_finished", .room = "sip-1", .sid = "RM_1"}});
    driver.send(call_event(3));
    driver.restart();
    driver.send({{.id = "EV_4", .name = "egress_ended", .room = "sip-1", .sid = "RM_1"}});
    LogFilter filter;
    filter.call = "SCL_1";
    EXPECT_EQ(driver.events(filter), (std::vector<std::string>{"EV_4", "EV_2", "EV_1", "EV_0"}));
    filter.call = "SCL_";
    EXPECT_TRUE(driver.events(filter).empty());
}

TEST_P(OutboxSuite, EachFilterOfTheLogLeavesOutWhatDoesNotFit) {
    OutboxLog driver(GetParam());
    const auto start_ms = driver.now_ms;
    std::vector<DeliveryId> ids;
    for (int i = 0; i < 12; ++i) {
        auto sent = room_event(i, i / 3, {i % 2 == 0 ? kTenantA : kTenantB});
        sent.event.call += i % 2 == 0 ? "a" : "b";
        sent.event.room += i % 2 == 0 ? "a" : "b";
        sent.event.sid += i % 2 == 0 ? "a" : "b";
        if (i % 4 == 0) sent.event.name = "participant_left";
        ids.push_back(driver.commit({sent}).ready.at(0).id);
        driver.now_ms += 1000;
    }
    driver.commit({}, {delivered(ids[1]), died(ids[2]), died(ids[3]), delivered(ids[10])});
    const auto only = [&](auto change) {
        LogFilter filter;
        change(filter);
        std::vector<int> numbers;
        for (const auto& id : driver.events(filter)) numbers.push_back(std::stoi(id.substr(3)));
        return numbers;
    };
    using Numbers = std::vector<int>;
    EXPECT_EQ(only([](auto& f) { f.tenant = "tenant-b"; }), (Numbers{11, 9, 7, 5, 3, 1}));
    EXPECT_EQ(only([](auto& f) { f.tenant = "tenant-c"; }), Numbers());
    EXPECT_EQ(only([](auto& f) { f.tenant = ""; }), Numbers());
    EXPECT_EQ(only([](auto& f) { f.hook = 11; }), (Numbers{10, 8, 6, 4, 2, 0}));
    EXPECT_EQ(only([](auto& f) { f.hook = 5; }), Numbers());
    EXPECT_EQ(only([](auto& f) { f.call = "SCL_1b"; }), (Numbers{5, 3}));
    EXPECT_EQ(only([](auto& f) { f.event = "participant_left"; }), (Numbers{8, 4, 0}));
    EXPECT_EQ(only([](auto& f) { f.event = "nothing_like_it"; }), Numbers());
    EXPECT_EQ(only([](auto& f) { f.state = DeliveryState::dead; }), (Numbers{3, 2}));
    EXPECT_EQ(only([](auto& f) { f.state = DeliveryState::delivered; }), (Numbers{10, 1}));
    EXPECT_EQ(only([](auto& f) { f.state = DeliveryState::waiting; }), (Numbers{11, 9, 8, 7, 6, 5, 4, 0}));
    EXPECT_EQ(only([](auto& f) { f.state = DeliveryState::requeued; }), Numbers());
    EXPECT_EQ(only([&](auto& f) { f.since_ms = start_ms + 9000; }), (Numbers{11, 10, 9}));
    EXPECT_EQ(only([&](auto& f) { f.until_ms = start_ms + 2000; }), (Numbers{1, 0}));
    EXPECT_EQ(only([](auto& f) { f.tenant = "tenant-a", f.state = DeliveryState::dead; }), (Numbers{2}));
    EXPECT_EQ(only([](auto& f) { f.hook = 22, f.state = DeliveryState::waiting, f.call = "SCL_3b"; }),
              (Numbers{11, 9}));
}

// Against a plain model, over enough deliveries for whatever a store summarises.
TEST_P(OutboxSuite, TheLogAgreesWithAModelOverThousandsOfDeliveries) {
    OutboxLog driver(GetParam());
    struct Known {
        DeliveryId id;
        Match match;
        std::string call, name;
        DeliveryState state;
        std::int64_t at_ms;
    };
    std::vector<Known> model;
    std::mt19937 random(5);
    const Match matches[] = {kTenantA, kTenantB, kTenantA2};
    for (int group = 0; group < 60; ++group) {
        std::vector<Sent> sent;
        for (int i = 0; i < 50; ++i) {
            const int number = group * 50 + i;
            auto each = room_event(number, number / 5, {matches[number / 5 % 17 == 0 ? 1 : (number / 5 % 2) * 2]});
            if (number % 7 == 0) each.event.name = "track_published";
            if (number == 1234) each.event.name = "once";
            sent.push_back(each);
        }
        if (group % 20 == 10) driver.now_ms -= 120'000;  // clocks jump
        const auto done = driver.commit(sent);
        std::vector<Settled> settled;
        for (const auto& ready : done.ready) {
            const auto& each = sent[ready.source];
            auto state = DeliveryState::waiting;
            if (group < 57) state = random() % 40 == 0 ? DeliveryState::dead : DeliveryState::delivered;
            if (random() % 300 == 0) state = DeliveryState::waiting;
            if (state != DeliveryState::waiting)
                settled.push_back(state == DeliveryState::dead ? died(ready.id) : delivered(ready.id));
            model.push_back({ready.id, each.matches[0], each.event.call, each.event.name, state, driver.now_ms});
        }
        driver.commit({}, settled);
        driver.maintain();
        driver.now_ms += 1000;
        if (group == 30) driver.restart();
    }
    driver.maintain_all();
    ASSERT_EQ(model.size(), 3000u);
    for (int trial = 0; trial < 60; ++trial) {
        LogFilter filter;
        const auto& like = model[random() % model.size()];
        if (random() % 3 == 0) filter.tenant = std::string(like.match.tenant);
        if (random() % 4 == 0) filter.hook = like.match.hook;
        if (random() % 4 == 0) filter.call = like.call;
        if (random() % 4 == 0) filter.event = like.name;
        if (random() % 2 == 0) filter.state = like.state;
        if (random() % 4 == 0) filter.since_ms = like.at_ms;
        if (random() % 4 == 0) filter.until_ms = like.at_ms;
        std::vector<DeliveryId> expected;
        for (auto each = model.rbegin(); each != model.rend(); ++each)
            if ((!filter.tenant || *filter.tenant == each->match.tenant) &&
                (filter.hook == 0 || filter.hook == each->match.hook) &&
                (filter.call.empty() || filter.call == each->call) &&
                (filter.event.empty() || filter.event == each->name) &&
                (!filter.state || *filter.state == each->state) &&
                (filter.since_ms == 0 || each->at_ms >= filter.since_ms) &&
                (filter.until_ms == 0 || each->at_ms < filter.until_ms))
                expected.push_back(each->id);
        std::vector<DeliveryId> got;
        for (const auto& each : driver.listed(filter, 1 + random() % 200)) got.push_back(each.id);
        ASSERT_EQ(got, expected) << "trial " << trial;
    }
}

TEST_P(OutboxSuite, TheAttemptsOfADeliveryAreKeptWithAllTheySay) {
    OutboxLog driver(GetParam());
    const auto id = driver.append(1, 2).at(0);
    const std::string odd("\0\xff\n<", 4);
    const Attempt first{.at_ms = driver.now_ms + 1,
                        .resolved_us = 10,
                        .connected_us = 20,
                        .secured_us = 30,
                        .answered_us = 40,
                        .took_us = 50,
                        .status = 503,
                        .code = "status_503",
                        .address = "[2001:db8::1]:443",
                        .answer = odd};
    const Attempt second{.at_ms = driver.now_ms + 9, .took_us = UINT32_MAX, .status = 0, .code = "timeout_connect"};
    driver.commit({}, {{.id = id, .attempts = 1, .due_ms = 5, .code = "status_503", .attempt = &first}});
    driver.commit({}, {died(987'654, "x", &first)});  // unknown: leaves no trace
    driver.restart();
    driver.commit({}, {{.id = id, .state = DeliveryState::dead, .attempts = 2, .code = "expired", .attempt = &second}});
    const auto detail = driver.outbox().look_up(id, {});
    ASSERT_TRUE(detail) << detail.status().message();
    EXPECT_EQ(detail.value().body, "body 1");
    EXPECT_EQ(detail.value().delivery.code, "expired");
    EXPECT_EQ(detail.value().delivery.event_id, "EV_1");
    const auto& attempts = detail.value().attempts;
    ASSERT_EQ(attempts.size(), 2u);
    EXPECT_EQ(attempts[0].number, 1u);
    EXPECT_EQ(attempts[0].at_ms, first.at_ms);
    EXPECT_EQ(attempts[0].resolved_us, 10u);
    EXPECT_EQ(attempts[0].connected_us, 20u);
    EXPECT_EQ(attempts[0].secured_us, 30u);
    EXPECT_EQ(attempts[0].answered_us, 40u);
    EXPECT_EQ(attempts[0].took_us, 50u);
    EXPECT_EQ(attempts[0].status, 503);
    EXPECT_EQ(attempts[0].code, "status_503");
    EXPECT_EQ(attempts[0].address, "[2001:db8::1]:443");
    EXPECT_EQ(attempts[0].answer, odd);
    EXPECT_EQ(attempts[1].number, 2u);
    EXPECT_EQ(attempts[1].took_us, UINT32_MAX);
    EXPECT_EQ(attempts[1].code, "timeout_connect");
    EXPECT_EQ(attempts[1].answer, "");
}

TEST_P(OutboxSuite, OfThousandsOfAttemptsTheLatestAreKept) {
    OutboxLog driver(GetParam());
    const auto ids = driver.append(1, 3);
    const std::string answer(100'000, 'x');
    for (std::uint32_t number = 1; number <= 1000; ++number) {
        const Attempt attempt{.at_ms = number, .code = "status_500", .answer = answer};
        driver.commit({}, {{.id = ids[0], .attempts = number, .due_ms = 1, .code = "status_500", .attempt = &attempt}});
    }
    const auto detail = driver.outbox().look_up(ids[0], {});
    ASSERT_TRUE(detail);
    const auto& attempts = detail.value().attempts;
    ASSERT_GE(attempts.size(), 16u);
    EXPECT_LE(attempts.size(), 1000u);
    EXPECT_EQ(attempts.back().number, 1000u);
    EXPECT_EQ(attempts.front().number, 1001 - attempts.size());
    EXPECT_GE(attempts.back().answer.size(), 512u);
    EXPECT_LE(attempts.back().answer.size(), answer.size());
    const auto other = driver.outbox().look_up(ids[1], {});
    ASSERT_TRUE(other);
    EXPECT_TRUE(other.value().attempts.empty()) << "attempts of a neighbour";
}

TEST_P(OutboxSuite, AnotherTenantsDeliveryIsAsUnknownAsNone) {
    OutboxLog driver(GetParam());
    const auto id = driver.append(1, 2).at(0);
    driver.settle({id}, true);
    const auto unknown = driver.outbox().look_up(id + 1, TenantScope("tenant-b")).status();
    const auto foreign = driver.outbox().look_up(id, TenantScope("tenant-b")).status();
    EXPECT_EQ(foreign.code(), Code::not_found);
    EXPECT_EQ(foreign.message(), unknown.message());
    EXPECT_TRUE(driver.outbox().look_up(id, TenantScope("tenant-a")));
    const auto requeued = driver.outbox().requeue(id, TenantScope("tenant-b"), driver.now_ms);
    EXPECT_EQ(requeued.status().code(), Code::not_found);
    EXPECT_EQ(driver.outbox().requeue(id + 1, TenantScope("tenant-b"), driver.now_ms).status().message(),
              requeued.status().message());
    EXPECT_TRUE(driver.waiting(11).empty());
    EXPECT_EQ(driver.outbox().figures().dead, 1u);
}

}  // namespace switchhook::testkit
