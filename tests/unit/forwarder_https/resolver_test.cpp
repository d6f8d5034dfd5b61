#include "resolver.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace switchhook::https {
namespace {

TEST(LookUp, FindsLocalhostAndNothingElseThanItsAddresses) {
    const auto answer = look_up("localhost");
    ASSERT_FALSE(answer.addresses.empty()) << answer.error;
    for (const auto& address : answer.addresses)
        EXPECT_STREQ(AddressRules().refusal(address), "loopback") << address.text();
}

TEST(LookUp, SaysWhyANameHasNoAddress) {
    const auto answer = look_up("nowhere.invalid");
    EXPECT_TRUE(answer.addresses.empty());
    EXPECT_NE(answer.error, "");
}

TEST(Resolver, BoundsTheQuestionsThatWait) {
    auto release = std::make_shared<std::atomic<bool>>(false);
    std::atomic<int> answered{0};
    Resolver resolver(
        [release](const std::string& host) {
            while (!*release) std::this_thread::yield();
            return Answer{host, {}, "none"};
        },
        [&](Answer) { ++answered; });
    int accepted = 0;
    while (accepted < 100'000 && resolver.ask("a" + std::to_string(accepted) + ".test")) ++accepted;
    EXPECT_GE(accepted, 1000);
    EXPECT_LT(accepted, 100'000);
    *release = true;
    while (answered < accepted) std::this_thread::yield();
    EXPECT_TRUE(resolver.ask("a.test")) << "there is room again";
}

// A resolver whose look-ups hang for names that hold "hang", until they are let go.
class HangingNames : public testing::Test {
protected:
    struct Held {
        std::mutex mutex;
        std::condition_variable changed;
        bool hangs = true;
        std::set<std::string> under_way;
        std::multiset<std::string> answered;
    };

    ~HangingNames() override { let_go(); }
    Lookup lookup() {
        return [held = held_](const std::string& host) {
            std::unique_lock lock(held->mutex);
            held->under_way.insert(host);
            held->changed.notify_all();
            if (host.find("hang") != std::string::npos) held->changed.wait(lock, [&] { return !held->hangs; });
            held->under_way.erase(host);
            return Answer{host, {}, "none"};
        };
    }
    std::function<void(Answer)> note() {
        return [held = held_](const Answer& answer) {
            const std::lock_guard lock(held->mutex);
            held->answered.insert(answer.host);
            held->changed.notify_all();
        };
    }
    template <typename Condition>
    bool wait(Condition condition) {
        std::unique_lock lock(held_->mutex);
        return held_->changed.wait_for(lock, std::chrono::seconds(60), [&] { return condition(*held_); });
    }
    bool wait_answer(const std::string& host) {
        return wait([&](const Held& held) { return held.answered.contains(host); });
    }
    void let_go() { set_hangs(false); }
    void set_hangs(bool hangs) {
        const std::lock_guard lock(held_->mutex);
        held_->hangs = hangs;
        held_->changed.notify_all();
    }

    std::shared_ptr<Held> held_ = std::make_shared<Held>();
};

TEST_F(HangingNames, OfOneDomainLeaveThreadsForTheNamesOfOthers) {
    Resolver resolver(lookup(), note());
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(resolver.ask("n" + std::to_string(i) + ".hang.test"));
    ASSERT_TRUE(wait([](const Held& held) { return held.under_way.size() == Resolver::kOfOneDomain; }));
    for (const char* host : {"fresh.other.test", "another.test", "test", "a.b.c.d.third.test"}) {
        ASSERT_TRUE(resolver.ask(host));
        EXPECT_TRUE(wait_answer(host)) << host;
    }
    let_go();
    EXPECT_TRUE(wait([](const Held& held) { return held.answered.size() == 24; })) << "all are answered in the end";
}

TEST_F(HangingNames, ThatHungBeforeHoldHalfOfTheThreadsWhateverTheirDomains) {
    Resolver resolver(lookup(), note(), std::chrono::milliseconds(0));
    const auto host = [](int i) { return "hang" + std::to_string(i) + ".test"; };
    let_go();
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(resolver.ask(host(i)));
    ASSERT_TRUE(wait([](const Held& held) { return held.answered.size() == 40; }));
    set_hangs(true);
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(resolver.ask(host(i)));
    ASSERT_TRUE(wait([](const Held& held) { return held.under_way.size() == Resolver::kHanging; }));
    ASSERT_TRUE(resolver.ask("fresh.test"));
    EXPECT_TRUE(wait_answer("fresh.test"));
    let_go();
    EXPECT_TRUE(wait([](const Held& held) { return held.answered.size() == 81; }));
}

TEST_F(HangingNames, OfOneDomainDoNotFillTheQueueOfAll) {
    Resolver resolver(lookup(), note());
    std::size_t accepted = 0;
    while (accepted < 10'000 && resolver.ask("n" + std::to_string(accepted) + ".hang.test.")) ++accepted;
    EXPECT_GE(accepted, Resolver::kQueue / 2) << "a domain may be that of many hooks, such as co.uk";
    EXPECT_LE(accepted, Resolver::kQueue / 2 + Resolver::kOfOneDomain);
    ASSERT_TRUE(resolver.ask("fresh.other.test"));
    EXPECT_TRUE(wait_answer("fresh.other.test"));
}

TEST_F(HangingNames, SayWhenTheirLookUpBegan) {
    Resolver resolver(lookup(), note());
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(resolver.ask("n" + std::to_string(i) + ".hang.test"));
    ASSERT_TRUE(wait([](const Held& held) { return held.under_way.size() == Resolver::kOfOneDomain; }));
    ASSERT_TRUE(resolver.began("n0.hang.test"));
    EXPECT_GE(*resolver.began("n0.hang.test"), before);
    EXPECT_EQ(resolver.began("n9.hang.test"), std::nullopt) << "it waits";
    EXPECT_EQ(resolver.began("nobody.test"), std::nullopt);
}

TEST_F(HangingNames, AreNotAskedAnyMoreWhenNobodyWaits) {
    Resolver resolver(lookup(), note());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(resolver.ask("n" + std::to_string(i) + ".hang.test"));
    ASSERT_TRUE(wait([](const Held& held) { return held.under_way.size() == Resolver::kOfOneDomain; }));
    EXPECT_FALSE(resolver.forget("n0.hang.test")) << "it is asked already, and will be answered";
    EXPECT_TRUE(resolver.forget("n9.hang.test"));
    EXPECT_FALSE(resolver.forget("n9.hang.test"));
    let_go();
    ASSERT_TRUE(wait([](const Held& held) { return held.answered.size() == 9; }));
    ASSERT_TRUE(resolver.ask("n9.hang.test"));
    EXPECT_TRUE(wait_answer("n9.hang.test"));
}

TEST(Resolver, AfterItsStopNothingIsAskedOrAnswered) {
    std::atomic<int> answered{0};
    Resolver resolver([](const std::string& host) { return Answer{host, {}, "none"}; }, [&](Answer) { ++answered; });
    resolver.stop();
    resolver.stop();
    EXPECT_FALSE(resolver.ask("a.test"));
    EXPECT_EQ(answered, 0);
}

}  // namespace
}  // namespace switchhook::https
