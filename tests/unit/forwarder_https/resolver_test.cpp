#include "resolver.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
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
    while (accepted < 100'000 && resolver.ask("a.test")) ++accepted;
    EXPECT_GE(accepted, 1000);
    EXPECT_LT(accepted, 100'000);
    *release = true;
    while (answered < accepted) std::this_thread::yield();
    EXPECT_TRUE(resolver.ask("a.test")) << "there is room again";
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
