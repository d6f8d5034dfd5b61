// What every dialect promises, as a function to call from a test of your own:
//
//     TEST(Acme, KeepsTheContract) { switchhook::testkit::keeps_the_dialect_contract(dialect); }
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <switchhook/dialect.hpp>

namespace switchhook::testkit {

// An event as a call's first join looks, with what strangers like to put into SIP headers. `body` is not the JSON of
// it.
class SampleEvent {
public:
    SampleEvent()
        : attributes_{{"sip.callID", "SCL_1"},
                      {"sip.h.x-note",
                       "a\"quote\" \\ \x01 \n line, gr\xc3\xbc\xc3\x9f"
                       "e \xf0\x9f\x93\x9e"},
                      {"sip.h.to", "\"Bob\" <sip:+15551230001@Customer-A.com:5060;transport=tcp>;tag=1"},
                      {"sip.phoneNumber", "+15557654321"},
                      {"sip.trunkPhoneNumber", "+15551230001"}} {
        event_.id = "EV_test123";
        event_.name = "participant_joined";
        event_.created_at = 1'700'000'000;
        event_.room_name = "sip-_+15557654321_x";
        event_.room_sid = "RM_1";
        event_.participant_sid = "PA_1";
        event_.participant_identity = "sip_+15557654321";
        event_.participant_name = "Phone +15557654321";
        event_.participant_kind = "SIP";
        event_.attributes = attributes_;
        event_.body = R"({"event":"participant_joined","id":"EV_test123"})";
        hook_.id = 1;
        hook_.host = "customer-a.com";
        hook_.url = "https://customer-a.example/events";
        hook_.auth_id = "tenant-a";
    }
    SampleEvent(const SampleEvent&) = delete;
    SampleEvent& operator=(const SampleEvent&) = delete;

    Event& event() { return event_; }
    std::vector<Attribute>& attributes() { return attributes_; }
    // After attributes() changed.
    Event& refresh() {
        event_.attributes = attributes_;
        return event_;
    }
    Delivery delivery() const { return {event_, hook_, "sip-"}; }
    static Signing signing() {
        return {.secret = "test-secret-key", .auth_id = "tenant-a", .unix_seconds = 1'700'000'000, .other_secrets = {}};
    }

private:
    std::vector<Attribute> attributes_;
    Event event_;
    Hook hook_;
};

inline bool same_written(const Written& a, const Written& b) {
    return a.body == b.body &&
           std::equal(a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end(),
                      [](const Header& x, const Header& y) { return x.name == y.name && x.value == y.value; });
}

inline void keeps_the_dialect_contract(const Dialect& dialect) {
    const SampleEvent sample;
    const auto first = dialect.write(sample.delivery(), SampleEvent::signing());
    ASSERT_TRUE(first.ok()) << first.status().message();

    std::set<std::string> names;
    for (const auto& [name, value] : first->headers) {
        std::string lower = name;
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        EXPECT_TRUE(names.insert(lower).second) << name << " is sent twice";
        EXPECT_EQ(value.find_first_of(std::string("\r\n\0", 3)), std::string::npos)
            << name << " could start another header";
        EXPECT_EQ(value.find("test-secret-key"), std::string::npos) << name << " shows the secret";
    }
    EXPECT_TRUE(names.contains("content-type"));
    EXPECT_FALSE(names.contains("webhook-id")) << "the host adds webhook-id";
    EXPECT_EQ(first->body.value_or("").find("test-secret-key"), std::string::npos) << "the body shows the secret";

    const auto again = dialect.write(sample.delivery(), SampleEvent::signing());
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(same_written(*first, *again)) << "the same event at the same second must be the same bytes";

    Signing other = SampleEvent::signing();
    other.secret = "another-secret";
    const auto resigned = dialect.write(sample.delivery(), other);
    ASSERT_TRUE(resigned.ok());
    EXPECT_FALSE(same_written(*first, *resigned)) << "the secret must matter";

    other = SampleEvent::signing();
    other.unix_seconds += 60;
    const auto later = dialect.write(sample.delivery(), other);
    ASSERT_TRUE(later.ok());
    EXPECT_FALSE(same_written(*first, *later)) << "every attempt is signed anew";

    const std::vector<std::string_view> older{"an-older-secret", "a-secret-that-is-older-still"};
    other = SampleEvent::signing();
    other.other_secrets = older;
    const auto rotating = dialect.write(sample.delivery(), other);
    ASSERT_TRUE(rotating.ok()) << "a secret that rotates stops nothing";
    EXPECT_EQ(rotating->body, first->body);
    for (const auto& [name, value] : rotating->headers)
        for (const auto secret : older) EXPECT_EQ(value.find(secret), std::string::npos) << name << " shows a secret";

    Signing none = SampleEvent::signing();
    none.secret = {};
    EXPECT_FALSE(dialect.write(sample.delivery(), none).ok()) << "nothing leaves unsigned";

    std::vector<int> wrong(4, 0);
    std::vector<std::thread> threads;
    for (auto& count : wrong)
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) {
                const auto one = dialect.write(sample.delivery(), SampleEvent::signing());
                if (!one.ok() || !same_written(*first, *one)) ++count;
            }
        });
    for (auto& thread : threads) thread.join();
    for (const int count : wrong) EXPECT_EQ(count, 0) << "write is called by many threads at once";
}

}  // namespace switchhook::testkit
