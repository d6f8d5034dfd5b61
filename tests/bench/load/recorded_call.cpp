#include "recorded_call.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <utility>

namespace bench {
namespace {

std::string base64(const unsigned char* data, std::size_t size) {
    std::string text(4 * ((size + 2) / 3) + 1, '\0');
    text.resize(static_cast<std::size_t>(
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data, static_cast<int>(size))));
    return text;
}

std::string base64url(const std::string& bytes) {
    std::string text = base64(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

std::string token(const std::string& body, std::time_t now) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest);
    const std::string second = std::to_string(now);
    const std::string claims = R"({"iss":"devkey","exp":)" + std::to_string(now + 300) + R"(,"nbf":)" + second +
                               R"(,"iat":)" + second + R"(,"sha256":")" + base64(digest, sizeof digest) + R"("})";
    const std::string text = base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url(claims);
    unsigned char mac[SHA256_DIGEST_LENGTH];
    unsigned int size = sizeof mac;
    HMAC(EVP_sha256(), "secret", 6, reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
    return text + "." + base64url(std::string(reinterpret_cast<const char*>(mac), size));
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
}

}  // namespace

// The "body" of each line: a JSON string, of which only \" and \\ escapes occur in simple_call.
RecordedCall::RecordedCall(const char* file) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        std::string body;
        for (std::size_t at = line.find("\"body\": \"") + 9; line[at] != '"'; ++at) {
            if (line[at] == '\\') ++at;
            body += line[at];
        }
        bodies_.push_back(std::move(body));
    }
}

WebhookRequest RecordedCall::request(std::size_t call, std::size_t event, const std::string& host,
                                     std::time_t now) const {
    char id[16];
    std::snprintf(id, sizeof id, "%012zu", call % 1'000'000'000'000);
    std::string body = bodies_[event];
    for (const char* recorded : {"maV8trZ57rtx", "QtA7n7hfK6Tu", "Eri7eSMnuA7P", "t32N8TijRqZ2", "i4BCHSuAtSoi"})
        replace_all(body, recorded, id);
    replace_all(body, "customer-a.com", host);
    const std::string event_id = "EV_" + std::string(id).substr(2) + std::to_string(10 + event);
    body.replace(body.find("\"id\":\"EV_") + 6, 15, event_id);
    return {event_id,
            "POST /livekit/webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Go-http-client/1.1\r\n"
            "Content-Length: " +
                std::to_string(body.size()) + "\r\nAuthorization: " + token(body, now) +
                "\r\nContent-Type: application/webhook+json\r\nAccept-Encoding: gzip\r\n\r\n" + body};
}

}  // namespace bench
