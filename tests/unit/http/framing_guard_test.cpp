#include "core/http/framing_guard.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/http/request_reader.hpp"
#include "tests/unit/http/malformed.hpp"

namespace switchhook::http {
namespace {

using test::head;
using Verdict = FramingGuard::Verdict;

constexpr FramingLimits kLimits;

// Feeds pieces of that size until a verdict.
struct Fed {
    FramingGuard guard{kLimits};
    std::size_t used = 0;
    Fed(std::string_view bytes, std::size_t piece) {
        while (used < bytes.size() && guard.verdict() == Verdict::need_more)
            used += guard.feed(bytes.substr(used, piece));
    }
};

const std::string kWebhook =
    head("Content-Type: application/webhook+json\r\nAuthorization: =?utf-8?q?a=20b?=\r\nContent-Length: 5\r\n") +
    "hello";

TEST(FramingGuard, RefusesEachMalformedRequestWithItsStatus) {
    for (const auto& [name, bytes, status] : test::malformed_requests()) {
        const Fed fed(bytes, bytes.size());
        EXPECT_EQ(fed.guard.verdict(), Verdict::refused) << name;
        EXPECT_EQ(fed.guard.status(), status) << name;
    }
}

TEST(FramingGuard, SaysTheSameHoweverTheInputIsCut) {
    for (const auto& [name, bytes, status] : test::malformed_requests()) {
        for (const std::size_t piece : {1U, 2U, 7U, 100U}) {
            const Fed fed(bytes, piece);
            EXPECT_EQ(fed.guard.verdict(), Verdict::refused) << name << " in pieces of " << piece;
            EXPECT_EQ(fed.guard.status(), status) << name << " in pieces of " << piece;
        }
    }
}

TEST(FramingGuard, TakesARequestCutAtEachByte) {
    for (std::size_t cut = 0; cut <= kWebhook.size(); ++cut) {
        FramingGuard guard(kLimits);
        const std::string_view all(kWebhook);
        ASSERT_EQ(guard.feed(all.substr(0, cut)), cut);
        EXPECT_EQ(guard.verdict(), cut == kWebhook.size() ? Verdict::complete : Verdict::need_more) << cut;
        if (cut < kWebhook.size()) guard.feed(all.substr(cut));
        ASSERT_EQ(guard.verdict(), Verdict::complete) << cut;
        EXPECT_EQ(guard.take().body, "hello");
    }
}

TEST(FramingGuard, LeavesWhatComesBehindTheRequest) {
    FramingGuard guard(kLimits);
    EXPECT_EQ(guard.feed(kWebhook + "GET"), kWebhook.size());
    EXPECT_EQ(guard.verdict(), Verdict::complete);
    guard.take();
    EXPECT_EQ(guard.verdict(), Verdict::need_more);
    EXPECT_FALSE(guard.started());
}

TEST(FramingGuard, RefusesAControlByteBeforeTheLineIsComplete) {
    FramingGuard guard(kLimits);
    guard.feed("GET /a\x01");
    EXPECT_EQ(guard.verdict(), Verdict::refused);
}

TEST(FramingGuard, SkipsOneEmptyLineBeforeARequestAndDoesNotCountItAsBegun) {
    FramingGuard guard(kLimits);
    guard.feed("\r\n");
    EXPECT_FALSE(guard.started());
    guard.feed(kWebhook);
    EXPECT_EQ(guard.verdict(), Verdict::complete);
}

TEST(FramingGuard, TakesWhatIsAtItsLimits) {
    std::string headers;
    for (int i = 0; i < 98; ++i) headers += "X: y\r\n";
    EXPECT_EQ(Fed(head(headers + "Content-Length: 0\r\n"), 16'384).guard.verdict(), Verdict::complete);
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(8'190, 'a') + "\r\nB: ";
    const std::string full = start + std::string(16'384 - start.size() - 4, 'b') + "\r\n\r\n";
    EXPECT_EQ(full.size(), 16'384U);
    EXPECT_EQ(Fed(full, full.size()).guard.verdict(), Verdict::complete);
    const std::string line = "GET /" + std::string(8'192 - 14, 'a') + " HTTP/1.1";
    EXPECT_EQ(Fed(line + "\r\nHost: a\r\n\r\n", 16'384).guard.verdict(), Verdict::complete);
    EXPECT_EQ(Fed(head("Content-Length: 2097152\r\n"), 16'384).guard.verdict(), Verdict::need_more);
}

TEST(FramingGuard, TakesTargetsAndHostsThatAreUnusualButPlain) {
    for (const char* target :
         {"/", "/a?b=c&d=%2F..%2f", "/...", "/.a/b.", "/a//b", "/%41", "/~a;b=c,d@e:f!$&'()*+", "/?api_key=a/b+c=="})
        EXPECT_EQ(Fed("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n", 999).guard.verdict(),
                  Verdict::complete)
            << target;
    for (const char* host : {"a", "a:3001", "127.0.0.1:1", "[::1]", "[::1]:3001", "a.example."})
        EXPECT_EQ(Fed("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n", 999).guard.verdict(),
                  Verdict::complete)
            << host;
}

TEST(FramingGuard, KnowsWhetherTheConnectionIsToBeKept) {
    const auto kept = [](const std::string& version, const std::string& headers) {
        return Fed("GET / " + version + "\r\nHost: a\r\n" + headers + "\r\n", 999).guard.take().keep_alive;
    };
    EXPECT_TRUE(kept("HTTP/1.1", ""));
    EXPECT_FALSE(kept("HTTP/1.1", "Connection: close\r\n"));
    EXPECT_FALSE(kept("HTTP/1.1", "Connection: x , CLOSE\r\n"));
    EXPECT_FALSE(kept("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
    EXPECT_TRUE(kept("HTTP/1.1", "Connection: closer\r\n"));
    EXPECT_FALSE(kept("HTTP/1.0", ""));
    EXPECT_TRUE(kept("HTTP/1.0", "Connection: Keep-Alive\r\n"));
}

TEST(FramingGuard, AsksForContinueOnlyWhileTheBodyIsAwaited) {
    FramingGuard guard(kLimits);
    guard.feed(head("Expect: 100-Continue\r\nContent-Length: 2\r\n"));
    EXPECT_TRUE(guard.wants_continue());
    guard.feed("a");
    EXPECT_FALSE(guard.wants_continue());
    FramingGuard old(kLimits);
    old.feed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_FALSE(old.wants_continue());
}

TEST(RequestReader, GivesTheVeryBytesOfEachValueWherePocoWouldDecodeThem) {
    RequestReader reader;
    const auto request = reader.read(Fed(kWebhook, 999).guard.take());
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method, "POST");
    EXPECT_EQ(request->path, "/livekit/webhook");
    EXPECT_EQ(request->header("authorization"), "=?utf-8?q?a=20b?=");
    EXPECT_EQ(request->header("CONTENT-TYPE"), "application/webhook+json");
    EXPECT_TRUE(request->has_header("host"));
    EXPECT_FALSE(request->has_header("hos"));
    EXPECT_EQ(request->header("absent"), "");
    EXPECT_EQ(request->body, "hello");
}

TEST(RequestReader, TellsPathFromQuery) {
    RequestReader reader;
    const auto request = reader.read(
        Fed("GET /sip/hooks?api_key=a?b HTTP/1.1\r\nHost: a\r\nA: 1\r\nA: 2\r\nEmpty:\r\n\r\n", 999).guard.take());
    ASSERT_TRUE(request);
    EXPECT_EQ(request->path, "/sip/hooks");
    EXPECT_EQ(request->query, "api_key=a?b");
    EXPECT_EQ(request->header("a"), "1");
    EXPECT_EQ(request->headers.size(), 4U);
    EXPECT_TRUE(request->has_header("empty"));
}

TEST(RequestReader, AgreesWithPocoAtTheLimitsOfTheGuard) {
    RequestReader reader;
    std::string headers = "N" + std::string(255, 'n') + ": " + std::string(8'190, 'v') + "\r\n";
    for (int i = 0; i < 97; ++i) headers += "X: y\r\n";
    EXPECT_TRUE(reader.read(Fed(head(headers + "Content-Length: 0\r\n"), 16'384).guard.take()));
    EXPECT_TRUE(
        reader.read(Fed("GET /" + std::string(8'178, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 16'384).guard.take()));
    EXPECT_TRUE(reader.read(Fed(test::line(std::string(32, 'A') + " / HTTP/1.1"), 999).guard.take()));
}

}  // namespace
}  // namespace switchhook::http
