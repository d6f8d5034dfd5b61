// Names: looked up by us, judged whole, pinned.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "sender_fixture.hpp"

namespace switchhook::tests {
namespace {

const std::string kNoContent = "HTTP/1.1 204 No Content\r\n\r\n";

// Holds a look-up until it is opened. Shared with the look-up, whose thread may outlive the test.
struct Gate {
    std::atomic<bool> open{false};
    std::atomic<int> asked{0};
    void pass() {
        ++asked;
        while (!open) std::this_thread::yield();
    }
    void wait_until_asked() const {
        while (asked == 0) std::this_thread::yield();
    }
};

class NamesTest : public SenderTest {
protected:
    ~NamesTest() override { gate_->open = true; }
    const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
};

TEST_F(NamesTest, ANameThatDoesNotExistIsADnsFailure) {
    options_.lookup = [](const std::string& host) { return answer(host, {}); };
    const auto result = deliver("https://nowhere.test/");
    EXPECT_EQ(result.code, "dns_failed");
    EXPECT_EQ(result.detail, "Name or service not known");
}

TEST_F(NamesTest, ANameServerThatHangsCostsItsBudgetAndNoMore) {
    options_.lookup = [gate = gate_](const std::string& host) {
        if (host == "slow.test") gate->pass();
        return answer(host, {"127.0.0.1"});
    };
    options_.resolve_timeout = milliseconds(500);
    auto server = serve_always(kNoContent);
    const auto result = deliver("https://slow.test/");
    EXPECT_EQ(result.code, "dns_unavailable") << "nobody knows whether the name is at fault";
    EXPECT_EQ(result.detail, "no answer in time");
    EXPECT_GE(result.took, milliseconds(500));
    EXPECT_EQ(result.resolved.count(), 0);
    EXPECT_EQ(deliver(*server).code, "delivered") << "other names are looked up beside it";
}

TEST_F(NamesTest, ANameThatHangsWhileTheNameServerAnswersForOthersIsItsOwnersTrouble) {
    options_.lookup = [gate = gate_](const std::string& host) {
        if (host == "slow.test") gate->pass();
        return answer(host, {"127.0.0.1"});
    };
    options_.resolve_timeout = seconds(3);
    auto server = serve_always(kNoContent);
    testkit::Outcomes outcomes;
    sender().send(testkit::request_to("https://slow.test/"), kPatience, outcomes.next());
    gate_->wait_until_asked();
    EXPECT_EQ(deliver(*server).code, "delivered");
    ASSERT_TRUE(outcomes.wait_for(1));
    EXPECT_EQ(outcomes.all()[0].code, "dns_failed");
}

TEST_F(NamesTest, ANameThatNoThreadWasFreeForIsNotCharged) {
    options_.lookup = [gate = gate_](const std::string& host) {
        if (host.ends_with("slow.test")) gate->pass();
        return answer(host, {"127.0.0.1"});
    };
    options_.resolve_timeout = seconds(3);
    auto server = serve_always(kNoContent);
    testkit::Outcomes asked;
    testkit::Outcomes never_asked;
    const int threads = static_cast<int>(https::Resolver::kOfOneDomain);
    const auto send = [&](int name, testkit::Outcomes& outcomes) {
        sender().send(testkit::request_to("https://n" + std::to_string(name) + ".slow.test/"), kPatience,
                      outcomes.next());
    };
    for (int name = 0; name < threads; ++name) send(name, asked);
    for (int twice = 0; twice < 2; ++twice)
        for (int name = threads; name < threads + 5; ++name) send(name, never_asked);
    while (gate_->asked < threads) std::this_thread::yield();
    EXPECT_EQ(deliver(*server).code, "delivered") << "the name server speaks";
    ASSERT_TRUE(asked.wait_for(3));
    EXPECT_EQ(asked.count("dns_failed"), 3U);
    ASSERT_TRUE(never_asked.wait_for(10));
    EXPECT_EQ(never_asked.count("dns_unavailable"), 10U);
    EXPECT_EQ(never_asked.all()[0].detail, "no look-up was free in time");
    EXPECT_EQ(gate_->asked, threads);
}

TEST_F(NamesTest, ANameThatWasAskedOnlyWhenItsTimeWasAlmostOverIsNotCharged) {
    const auto late_gate = std::make_shared<Gate>();
    options_.lookup = [gate = gate_, late_gate](const std::string& host) {
        if (host == "late.slow.test")
            late_gate->pass();
        else if (host.ends_with("slow.test"))
            gate->pass();
        return answer(host, {"127.0.0.1"});
    };
    options_.resolve_timeout = seconds(3);
    testkit::Outcomes slow;
    for (std::size_t name = 0; name < https::Resolver::kOfOneDomain; ++name)
        sender().send(testkit::request_to("https://n" + std::to_string(name) + ".slow.test/"), kPatience, slow.next());
    while (gate_->asked < static_cast<int>(https::Resolver::kOfOneDomain)) std::this_thread::yield();
    testkit::Outcomes late;
    sender().send(testkit::request_to("https://late.slow.test/"), kPatience, late.next());
    EXPECT_EQ(deliver("https://never.slow.test/", seconds(2)).code, "dns_unavailable");  // two seconds are over
    gate_->open = true;  // the threads are free, and the name server has spoken
    ASSERT_TRUE(late.wait_for(1));
    EXPECT_EQ(late.all()[0].code, "dns_unavailable");
    late_gate->open = true;
}

TEST_F(NamesTest, ANameServerThatIsAwayIsNoFaultOfTheName) {
    options_.lookup = [](const std::string& host) {
        auto made = answer(host, {});
        made.unavailable = true;
        made.error = "Temporary failure in name resolution";
        return made;
    };
    const auto result = deliver("https://hook.test/");
    EXPECT_EQ(result.code, "dns_unavailable");
    EXPECT_EQ(result.detail, "Temporary failure in name resolution");
}

TEST_F(NamesTest, TheDeadlineBoundsTheLookUpToo) {
    options_.resolve_timeout = seconds(60);
    options_.lookup = [gate = gate_](const std::string& host) {
        gate->pass();
        return answer(host, {"127.0.0.1"});
    };
    EXPECT_EQ(deliver("https://slow.test/", milliseconds(100)).code, "dns_unavailable");
}

TEST_F(NamesTest, OneForbiddenAnswerRefusesTheNameWhole) {
    auto server = serve_always(kNoContent);
    options_.lookup = [](const std::string& host) { return answer(host, {"127.0.0.1", "10.0.0.1"}); };
    const auto result = deliver(*server);
    EXPECT_EQ(result.code, "forbidden_address");
    EXPECT_EQ(result.detail, "10.0.0.1 is private");
    EXPECT_EQ(server->connections(), 0);
}

TEST_F(NamesTest, ANameThatLeadsInsideIsRefused) {
    options_.rules = https::AddressRules();
    for (const char* inside :
         {"127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "fd00::1", "2001::1"}) {
        options_.lookup = [inside](const std::string& host) { return answer(host, {inside}); };
        https::Sender sender(options_);
        ASSERT_TRUE(sender.start().ok());
        testkit::Outcomes outcomes;
        sender.send(testkit::request_to("https://hook.test/"), kPatience, outcomes.next());
        ASSERT_TRUE(outcomes.wait_for(1));
        EXPECT_EQ(outcomes.all()[0].code, "forbidden_address") << inside;
    }
}

TEST_F(NamesTest, LocalhostIsJudgedByWhereItLeads) {
    options_.rules = https::AddressRules();
    options_.lookup = &https::look_up;
    EXPECT_TRUE(sender().check("https://localhost/").ok());
    EXPECT_EQ(deliver("https://localhost/").code, "forbidden_address");
}

TEST_F(NamesTest, ANameThatFlipsAfterItsCheckIsRefusedAtTheNextAttempt) {
    std::atomic<int> asked{0};
    options_.name_life = milliseconds(0);
    options_.lookup = [&](const std::string& host) {
        return answer(host, {asked++ == 0 ? "127.0.0.1" : "169.254.169.254"});
    };
    auto server = serve([](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
    EXPECT_EQ(deliver(*server).code, "delivered");
    EXPECT_EQ(deliver(*server).code, "forbidden_address");
    EXPECT_EQ(server->connections(), 1);
    EXPECT_EQ(asked, 2) << "the address that was checked is the one that is used: nobody else looks the name up";
}

TEST_F(NamesTest, AnAnswerIsUsedForAWhile) {
    std::atomic<int> asked{0};
    options_.lookup = [&](const std::string& host) {
        ++asked;
        return answer(host, {"127.0.0.1"});
    };
    auto server = serve_always(kNoContent);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(deliver(*server).code, "delivered");
    EXPECT_EQ(asked, 1);
}

TEST_F(NamesTest, AFailureIsNotRemembered) {
    std::atomic<int> asked{0};
    options_.lookup = [&](const std::string& host) {
        return asked++ == 0 ? answer(host, {}) : answer(host, {"127.0.0.1"});
    };
    auto server = serve_always(kNoContent);
    EXPECT_EQ(deliver(*server).code, "dns_failed");
    EXPECT_EQ(deliver(*server).code, "delivered");
}

TEST_F(NamesTest, ManyAttemptsToOneNameAskOnce) {
    options_.lookup = [gate = gate_](const std::string& host) {
        gate->pass();
        return answer(host, {"127.0.0.1"});
    };
    auto server = serve_always(kNoContent);
    testkit::Outcomes outcomes;
    for (int i = 0; i < 20; ++i) sender().send(testkit::request_to(url(*server)), kPatience, outcomes.next());
    gate_->wait_until_asked();
    gate_->open = true;
    ASSERT_TRUE(outcomes.wait_for(20));
    EXPECT_EQ(outcomes.count("delivered"), 20U);
    EXPECT_EQ(gate_->asked, 1);
}

TEST_F(NamesTest, AnAddressThatDoesNotAnswerYieldsToTheNext) {
    auto server = serve_always(kNoContent);
    options_.lookup = [](const std::string& host) {
        return answer(host, {"127.0.0.2", "127.0.0.1"});
    };  // only .1 listens
    const auto result = deliver(*server);
    EXPECT_EQ(result.code, "delivered") << result.detail;
    EXPECT_EQ(result.address, "127.0.0.1");
}

TEST_F(NamesTest, ALookUpThatThrowsIsNoFaultOfTheName) {
    options_.lookup = [](const std::string&) -> https::Answer { throw std::runtime_error("out of luck"); };
    EXPECT_EQ(deliver("https://hook.test/").code, "dns_unavailable");
}

TEST_F(NamesTest, AnAttemptDoesNotOutliveItsSenderWhileTheNameServerHangs) {
    options_.lookup = [gate = gate_](const std::string& host) {
        gate->pass();
        return answer(host, {"127.0.0.1"});
    };
    testkit::Outcomes outcomes;
    {
        https::Sender sender(options_);
        ASSERT_TRUE(sender.start().ok());
        sender.send(testkit::request_to("https://slow.test/"), kPatience, outcomes.next());
        gate_->wait_until_asked();
    }
    EXPECT_EQ(outcomes.count("stopped"), 1U);
}

}  // namespace
}  // namespace switchhook::tests
