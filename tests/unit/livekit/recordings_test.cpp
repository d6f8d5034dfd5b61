// What a real LiveKit sent: each of the recorded webhooks is verified, read, and names the host that was dialled.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <simdjson.h>
#include <switchhook/sip_host.hpp>
#include <switchhook/testkit/fake_host.hpp>

#include "core/livekit/reader.hpp"
#include "core/livekit/verifier.hpp"
#include "tests/unit/livekit/signing.hpp"

namespace switchhook::livekit {
namespace {

struct Recorded {
    std::string scenario, event, token, body;
    std::int64_t not_before = 0;
};

std::string decode_claims(const std::string& token) {
    auto text = token.substr(token.find('.') + 1);
    text.resize(text.find('.'));
    std::string bits;
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned held = 0;
    unsigned count = 0;
    for (const char c : text) {
        held = held << 6U | static_cast<unsigned>(alphabet.find(c));
        if ((count += 6) < 8) continue;
        count -= 8;
        bits += static_cast<char>(held >> count & 255U);
    }
    return bits;
}

std::vector<Recorded> recordings() {
    std::vector<Recorded> all;
    simdjson::dom::parser parser;
    for (const auto& file : std::filesystem::directory_iterator(SWITCHHOOK_SOURCE_DIR "/tests/data/recordings")) {
        if (file.path().extension() != ".jsonl") continue;
        std::ifstream lines(file.path());
        for (std::string line; std::getline(lines, line);) {
            const simdjson::dom::element entry = parser.parse(line);
            Recorded recorded;
            recorded.scenario = file.path().stem();
            recorded.event = std::string_view(entry["event"]);
            recorded.body = std::string_view(entry["body"]);
            for (const simdjson::dom::element header : entry["headers"])
                if (std::string_view(header.at(0)) == "Authorization") recorded.token = std::string_view(header.at(1));
            recorded.not_before = std::int64_t(parser.parse(decode_claims(recorded.token))["nbf"]);
            all.push_back(std::move(recorded));
        }
    }
    return all;
}

TEST(Recordings, All788AreVerifiedOneSecondAfterTheyWereSigned) {
    testkit::ManualClock clock;
    const Verifier verifier({{"devkey", "secret"}}, clock);
    const auto all = recordings();
    EXPECT_EQ(all.size(), 788U);
    for (const auto& each : all) {
        clock.jump_to((each.not_before + 1) * 1000);
        EXPECT_EQ(verifier.verify(each.token, each.body), Verdict::ok) << each.scenario << " " << each.event;
        EXPECT_EQ(verifier.verify(each.token, each.body + "\n"), Verdict::bad_digest);
        EXPECT_EQ(test::sign(decode_claims(each.token), "secret"), each.token) << "the tests' own tokens are LiveKit's";
    }
}

TEST(Recordings, AllAreExpiredBy2100) {
    const testkit::ManualClock clock(4'102'444'800'000);
    const Verifier verifier({{"devkey", "secret"}}, clock);
    for (const auto& each : recordings()) EXPECT_EQ(verifier.verify(each.token, each.body), Verdict::expired);
}

TEST(Recordings, AllAreReadAndLoseTheirTurnPasswordAndNothingElse) {
    Reader reader;
    simdjson::dom::parser parser;
    std::size_t with_attributes = 0;
    for (const auto& each : recordings()) {
        SCOPED_TRACE(each.scenario + " " + each.event);
        const auto result = reader.read(each.body);
        ASSERT_TRUE(result.ok()) << result.status().message();
        const auto& event = (*result)->event();
        EXPECT_EQ(event.name, each.event);
        EXPECT_TRUE(event.id.starts_with("EV_"));
        EXPECT_GT(event.created_at, 1'700'000'000);
        EXPECT_TRUE(event.room_sid.starts_with("RM_"));
        EXPECT_NE(event.room_name, "");
        with_attributes += event.call_id().empty() ? 0 : 1;

        auto expected = each.body;
        const std::string key = "\"turnPassword\":\"";
        if (const auto at = expected.find(key); at != std::string::npos) {
            const auto begin = at + key.size();
            expected.erase(begin, expected.find('"', begin) - begin);
        }
        EXPECT_EQ(event.body, expected);
        std::string_view password;
        const simdjson::dom::element after = parser.parse(std::string(event.body));
        EXPECT_TRUE(after["room"]["turnPassword"].get(password) != simdjson::SUCCESS || password.empty());
    }
    EXPECT_EQ(with_attributes, 205U);
}

// The table of `To` as dialled and as it arrives, of the recordings' description.
TEST(Recordings, TheHostIsTheOneThatWasDialled) {
    const std::map<std::string, std::set<std::string>> expected{
        {"simple_call", {"customer-a.com"}},
        {"to_bare", {"customer-a.com"}},
        {"to_display_at_sign", {"customer-a.com"}},
        {"to_header_params", {"customer-a.com"}},
        {"to_invalid_utf8", {"customer-a.com"}},
        {"to_ipv6", {"[2001:db8::1]"}},
        {"to_no_user", {"customer-a.com"}},
        {"to_no_user_port", {"customer-a.com"}},
        {"to_quoted_display", {"sales.customer-a.com"}},
        {"to_sips", {"customer-a.com"}},
        {"to_tel", {""}},
        {"to_token_display", {"customer-a.com"}},
        {"to_upper_scheme", {"customer-a.com"}},
        {"to_user_params", {"customer-a.com"}},
        {"to_utf8_display", {"customer-a.com"}},
        {"x_to_ip", {"customer-b.com"}},
        {"x_headers_only", {"customer-b.com"}},
        {"hidden_number", {"customer-a.com"}},
        {"over_tcp", {"customer-a.com"}},
        // X-To-IP lists two hosts there: it names none, To does.
        {"compact_headers", {"customer-a.com"}}};
    Reader reader;
    std::map<std::string, std::set<std::string>> seen;
    for (const auto& each : recordings()) {
        const auto result = reader.read(each.body);
        ASSERT_TRUE(result.ok());
        if (!(*result)->event().call_id().empty()) seen[each.scenario].insert(host_of((*result)->event()));
    }
    for (const auto& [scenario, hosts] : expected) EXPECT_EQ(seen[scenario], hosts) << scenario;
}

}  // namespace
}  // namespace switchhook::livekit
