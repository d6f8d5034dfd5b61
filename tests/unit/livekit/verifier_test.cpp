#include "core/livekit/verifier.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <switchhook/testkit/fake_host.hpp>

#include "tests/unit/livekit/signing.hpp"

namespace switchhook::livekit {
namespace {

using test::base64;
using test::base64url;
using test::claims_for;
using test::sha256;
using test::sign;

constexpr std::int64_t kNow = 1'795'329'482;
const std::string kBody = R"({"event":"room_started","id":"EV_1"})";

class VerifierTest : public testing::Test {
protected:
    Verdict verify(std::string_view authorization, std::string_view body = kBody) const {
        return verifier_.verify(authorization, body);
    }
    // The token over these claims, signed as it should be.
    Verdict verify_claims(const std::string& claims) const { return verify(sign(claims, "secret")); }
    Verdict verify_header(const std::string& header) const {
        return verify(sign(claims_for(kBody, "devkey", kNow), "secret", header));
    }
    // LiveKit's claims with one of them written otherwise.
    static std::string with(const std::string& name, const std::string& value) {
        const auto digest = base64(sha256(kBody));
        const auto member = [&](const std::string& each, const std::string& usual) {
            return '"' + each + "\":" + (each == name ? value : usual);
        };
        return "{" + member("iss", "\"devkey\"") + "," + member("exp", std::to_string(kNow + 300)) + "," +
               member("nbf", std::to_string(kNow)) + "," + member("sha256", '"' + digest + '"') + "}";
    }
    static std::string token() { return sign(claims_for(kBody, "devkey", kNow), "secret"); }

    testkit::ManualClock clock_{kNow * 1000};
    Verifier verifier_{{{"devkey", "secret"}, {"next", "another secret"}}, clock_};
};

TEST_F(VerifierTest, ATokenAsLiveKitMakesItIsAccepted) {
    EXPECT_EQ(verify(token()), Verdict::ok);
}

// The digest is that of `printf hello | openssl dgst -sha256 -binary | base64`.
TEST_F(VerifierTest, ADigestIsStandardBase64WithPaddingOverTheRawBytes) {
    const std::string body = "hello";
    EXPECT_EQ(base64(sha256(body)), "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
    EXPECT_EQ(verify(sign(claims_for(body, "devkey", kNow), "secret"), body), Verdict::ok);
}

TEST_F(VerifierTest, AnEmptyBodyHasADigestToo) {
    EXPECT_EQ(verify(sign(claims_for("", "devkey", kNow), "secret"), ""), Verdict::ok);
}

TEST_F(VerifierTest, EachOfSeveralKeysVerifiesItsOwnTokensOnly) {
    EXPECT_EQ(verify(sign(claims_for(kBody, "next", kNow), "another secret")), Verdict::ok);
    EXPECT_EQ(verify(sign(claims_for(kBody, "next", kNow), "secret")), Verdict::bad_signature);
    EXPECT_EQ(verify(sign(claims_for(kBody, "devkey", kNow), "another secret")), Verdict::bad_signature);
}

TEST_F(VerifierTest, BearerInAnyCaseIsAccepted) {
    for (const auto* scheme : {"Bearer ", "bearer ", "BEARER   ", " Bearer "})
        EXPECT_EQ(verify(scheme + token() + " "), Verdict::ok) << scheme;
}

TEST_F(VerifierTest, WithoutATokenThereIsNone) {
    for (const auto* text : {"", " ", "\t", "Bearer", "Bearer ", " bearer  "})
        EXPECT_EQ(verify(text), Verdict::no_token) << '"' << text << '"';
}

TEST_F(VerifierTest, AnotherSchemeIsMalformed) {
    EXPECT_EQ(verify("Basic " + token()), Verdict::malformed_token);
    EXPECT_EQ(verify("Bearer Bearer " + token()), Verdict::malformed_token);
}

TEST(Verifier, WithoutKeysEveryTokenMeetsNoKey) {
    const testkit::ManualClock clock(kNow * 1000);
    const Verifier verifier({}, clock);
    EXPECT_EQ(verifier.verify(sign(claims_for(kBody, "devkey", kNow), "secret"), kBody), Verdict::no_key_configured);
    EXPECT_EQ(verifier.verify("", kBody), Verdict::no_key_configured);
}

TEST(Verifier, AnEmptyKeyOrSecretIsNotTaken) {
    const testkit::ManualClock clock;
    EXPECT_THROW(Verifier({{"devkey", ""}}, clock), std::invalid_argument);
    EXPECT_THROW(Verifier({{"", "secret"}}, clock), std::invalid_argument);
}

TEST_F(VerifierTest, AnythingButThreePartsIsMalformed) {
    const auto good = token();
    const auto two = good.substr(0, good.rfind('.'));
    for (const auto& text : {std::string("x"), std::string("."), std::string(".."), std::string("..."), two, two + ".",
                             good + ".", "." + good, good + "." + good, good.substr(good.find('.')),
                             two.substr(0, two.find('.')) + ".." + good.substr(good.rfind('.') + 1)})
        EXPECT_EQ(verify(text), Verdict::malformed_token) << text;
}

TEST_F(VerifierTest, ATokenLongerThan8KibIsMalformedWhateverItSays) {
    auto claims = claims_for(kBody, "devkey", kNow);
    const auto padded = [&](std::size_t size) {
        return claims.substr(0, claims.size() - 1) + R"(,"x":")" + std::string(size, 'x') + "\"}";
    };
    EXPECT_EQ(verify_claims(padded(5000)), Verdict::ok);
    EXPECT_EQ(verify_claims(padded(6200)), Verdict::malformed_token);
    EXPECT_EQ(verify(std::string(1 << 20, 'a')), Verdict::malformed_token);
    EXPECT_EQ(verify(std::string(8192, '.')), Verdict::malformed_token);
}

TEST_F(VerifierTest, Base64UrlIsStrict) {
    const auto good = token();
    const auto last = good.rfind('.') + 1;
    EXPECT_EQ(verify(good + "="), Verdict::malformed_token);                       // padding
    EXPECT_EQ(verify(good + "AA"), Verdict::malformed_token);                      // 45 characters: no such length
    EXPECT_EQ(verify(good + "A"), Verdict::bad_signature);                         // 33 bytes
    EXPECT_EQ(verify(good.substr(0, good.size() - 1)), Verdict::malformed_token);  // 42 characters leave bits
    for (const char c : std::string("+/ \n%\x01\xff")) {
        auto bad = good;
        bad[last + 3] = c;
        EXPECT_EQ(verify(bad), Verdict::malformed_token) << c;
        bad = good;
        bad[3] = c;
        EXPECT_EQ(verify(bad), Verdict::malformed_token) << c;
    }
    EXPECT_EQ(verify(good + std::string(1, '\0')), Verdict::malformed_token);
}

TEST_F(VerifierTest, OneSpellingOfASignatureOnly) {
    // 43 characters hold 258 bits: the last two must be zero, else three more texts would decode to the same signature.
    auto other = token();
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    other.back() = alphabet[alphabet.find(other.back()) + 1];
    EXPECT_EQ(verify(other), Verdict::malformed_token);
}

TEST_F(VerifierTest, EveryFlippedSignatureCharacterIsRefused) {
    const auto good = token();
    for (auto i = good.rfind('.') + 1; i < good.size(); ++i) {
        auto bad = good;
        bad[i] = bad[i] == 'A' ? 'E' : 'A';
        EXPECT_NE(verify(bad), Verdict::ok) << i;
    }
}

TEST_F(VerifierTest, ASignatureOfAnotherSizeIsRefused) {
    const auto good = token();
    const auto signed_part = good.substr(0, good.rfind('.') + 1);
    for (const std::size_t size : {1U, 16U, 31U, 33U, 48U, 64U})
        EXPECT_EQ(verify(signed_part + base64url(std::string(size, '\0'))), Verdict::bad_signature) << size;
}

TEST_F(VerifierTest, OnlyHs256IsAnAlgorithm) {
    for (const auto* algorithm : {"none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256",
                                  "HS256 ", "", "HS256\\u0000"})
        EXPECT_EQ(verify_header(std::string(R"({"alg":")") + algorithm + R"(","typ":"JWT"})"), Verdict::wrong_algorithm)
            << algorithm;
    for (const auto* header :
         {"{}", R"({"typ":"JWT"})", R"({"alg":null})", R"({"alg":256})", R"({"alg":["HS256"]})", R"({"ALG":"HS256"})"})
        EXPECT_EQ(verify_header(header), Verdict::wrong_algorithm) << header;
}

TEST_F(VerifierTest, NoneWithoutASignatureIsRefused) {
    EXPECT_EQ(verify(base64url(R"({"alg":"none"})") + "." + base64url(claims_for(kBody, "devkey", kNow)) + "."),
              Verdict::wrong_algorithm);
}

TEST_F(VerifierTest, AHeaderThatBringsOrNamesAKeyIsRefused) {
    for (const auto* trick :
         {R"("jwk":{"kty":"oct","k":"c2VjcmV0"})", R"("kid":"devkey")", R"("kid":"../../dev/null")",
          R"("jku":"https://evil.example/jwks")", R"("x5u":"https://evil.example/c")", R"("x5c":[])", R"("x5t":"x")",
          R"("x5t#S256":"x")", R"("crit":["exp"])", R"("enc":"A128GCM")", R"("zip":"DEF")", R"("b64":false)"})
        EXPECT_EQ(verify_header(std::string(R"({"alg":"HS256",)") + trick + "}"), Verdict::wrong_algorithm) << trick;
}

TEST_F(VerifierTest, AHeaderInAnotherOrderOrWithUnknownMembersIsFine) {
    for (const auto* header : {R"({"typ":"JWT","alg":"HS256"})", R"({ "alg" : "HS256" })",
                               R"({"alg":"HS256","cty":"x"})", R"({"\u0061lg":"HS256"})"})
        EXPECT_EQ(verify_header(header), Verdict::ok) << header;
}

TEST_F(VerifierTest, AHeaderThatIsNoObjectOrHasANameTwiceIsMalformed) {
    for (const auto* header :
         {"null", "[]", "\"HS256\"", R"({"alg":"HS256")", R"({"alg":"none","alg":"HS256"})",
          R"({"alg":"HS256","\u0061lg":"none"})", "{\"alg\":\"HS256\"}{}", "{\"alg\":\"HS256\",\"x\":\"\xff\"}"})
        EXPECT_EQ(verify_header(header), Verdict::malformed_token) << header;
}

TEST_F(VerifierTest, ClaimsThatAreNoObjectAreMalformed) {
    for (const auto* claims :
         {"null", "[]", "1", "\"x\"", "{", "{}", "{}x", "{\"iss\":tru}", "{\"iss\":\"devkey\",}", "\xef\xbb\xbf{}"})
        EXPECT_EQ(verify_claims(claims), Verdict::malformed_token) << claims;
    EXPECT_EQ(verify_claims("{\"x\":" + std::string(2000, '[') + std::string(2000, ']') + "}"),
              Verdict::malformed_token);
}

TEST_F(VerifierTest, AClaimThatComesTwiceIsMalformed) {
    const auto good = claims_for(kBody, "devkey", kNow);
    for (const std::string claim : {R"("iss":"devkey")", R"("exp":9999999999)", R"("nbf":0)", R"("sha256":"x")",
                                    R"("iat":1)", R"("\u0069ss":"devkey")"})
        EXPECT_EQ(verify_claims("{" + claim + "," + good.substr(1)), Verdict::malformed_token) << claim;
}

TEST_F(VerifierTest, MoreThan64ClaimsAreMalformed) {
    auto claims = claims_for(kBody, "devkey", kNow);
    claims.pop_back();
    for (int i = 0; i < 59; ++i) claims += ",\"x" + std::to_string(i) + "\":0";
    EXPECT_EQ(verify_claims(claims + "}"), Verdict::ok);
    EXPECT_EQ(verify_claims(claims + ",\"y\":0}"), Verdict::malformed_token);
}

TEST_F(VerifierTest, AnIssuerThatIsNoKeyIsUnknown) {
    for (const auto* issuer : {R"("devke")", R"("devkey2")", R"("DEVKEY")", R"("devkey\u0000")", R"(" devkey")"})
        EXPECT_EQ(verify_claims(with("iss", issuer)), Verdict::unknown_key) << issuer;
    for (const auto* issuer : {R"("")", "null", "1", R"(["devkey"])", R"({"devkey":1})", R"("\udc00")"})
        EXPECT_EQ(verify_claims(with("iss", issuer)), Verdict::malformed_token) << issuer;
    EXPECT_EQ(verify_claims(with("iss", R"("\u0064evkey")")), Verdict::ok);
}

TEST_F(VerifierTest, ATokenWithoutExpIsRefused) {
    const auto claims = R"({"iss":"devkey","sha256":")" + base64(sha256(kBody)) + R"("})";
    EXPECT_EQ(verify_claims(claims), Verdict::malformed_token);
}

TEST_F(VerifierTest, ATokenWithoutNbfIsFine) {
    const auto claims =
        R"({"iss":"devkey","exp":)" + std::to_string(kNow + 1) + R"(,"sha256":")" + base64(sha256(kBody)) + R"("})";
    EXPECT_EQ(verify_claims(claims), Verdict::ok);
}

TEST_F(VerifierTest, TimesAreWholeSecondsBetween1970And9999) {
    for (const auto* claim : {"exp", "nbf"})
        for (const auto* value : {"1795329482.5", "1795329482.0", "1.8e9", "-1", "\"1795329482\"", "null", "true", "[]",
                                  "253402300800", "9223372036854775807", "18446744073709551615", "-9223372036854775808",
                                  "1e400", "99999999999999999999999"})
            EXPECT_EQ(verify_claims(with(claim, value)), Verdict::malformed_token) << claim << " " << value;
    EXPECT_EQ(verify_claims(with("exp", "253402300799")), Verdict::ok);
    EXPECT_EQ(verify_claims(with("nbf", "0")), Verdict::ok);
    EXPECT_EQ(verify_claims(with("nbf", "253402300799")), Verdict::not_yet_valid);
    EXPECT_EQ(verify_claims(with("exp", "0")), Verdict::expired);
}

TEST_F(VerifierTest, ExpHas60SecondsOfLeeway) {
    const auto good = token();
    clock_.jump_to((kNow + 300 + 60) * 1000);
    EXPECT_EQ(verify(good), Verdict::ok);
    clock_.jump_to((kNow + 300 + 60) * 1000 + 1);
    EXPECT_EQ(verify(good), Verdict::expired);
}

TEST_F(VerifierTest, NbfHas60SecondsOfLeeway) {
    const auto good = token();
    clock_.jump_to((kNow - 60) * 1000);
    EXPECT_EQ(verify(good), Verdict::ok);
    clock_.jump_to((kNow - 60) * 1000 - 1);
    EXPECT_EQ(verify(good), Verdict::not_yet_valid);
}

TEST_F(VerifierTest, AForgedTokenIsToldByItsSignatureBeforeItsTimes) {
    clock_.jump_to((kNow + 10'000) * 1000);
    EXPECT_EQ(verify(sign(claims_for(kBody, "devkey", kNow), "guess")), Verdict::bad_signature);
}

TEST_F(VerifierTest, AnAccessTokenOfTheSameKeyIsNoWebhook) {
    const auto claims = R"({"iss":"devkey","exp":)" + std::to_string(kNow + 21600) +
                        R"(,"sub":"web","video":{"roomJoin":true,"room":"sip-1"}})";
    EXPECT_EQ(verify_claims(claims), Verdict::bad_digest);
    EXPECT_EQ(verify(sign(claims, "secret"), ""), Verdict::bad_digest);
}

TEST_F(VerifierTest, AnotherSpellingOfTheDigestIsRefused) {
    const auto hash = sha256(kBody);
    std::string hexadecimal;
    for (const char c : hash) {
        hexadecimal += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
        hexadecimal += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
    }
    auto unpadded = base64(hash);
    unpadded.pop_back();
    for (const auto& digest : {std::string(), unpadded, base64url(hash), hexadecimal, base64(hash) + "=",
                               base64(hash) + " ", base64(sha256("other")), base64(hash).substr(0, 43) + "A"})
        EXPECT_EQ(verify_claims(with("sha256", '"' + digest + '"')), Verdict::bad_digest) << digest;
    EXPECT_EQ(verify_claims(with("sha256", "null")), Verdict::malformed_token);
    EXPECT_EQ(verify_claims(with("sha256", "1")), Verdict::malformed_token);
}

TEST_F(VerifierTest, AChangedBodyIsRefused) {
    for (std::size_t i = 0; i < kBody.size(); ++i) {
        auto changed = kBody;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_EQ(verify(token(), changed), Verdict::bad_digest) << i;
    }
    EXPECT_EQ(verify(token(), kBody + " "), Verdict::bad_digest);
    EXPECT_EQ(verify(token(), ""), Verdict::bad_digest);
}

TEST_F(VerifierTest, ManyThreadsVerifyWithOneVerifier) {
    const auto good = token();
    const auto forged = sign(claims_for(kBody, "devkey", kNow), "guess");
    std::vector<std::thread> threads;
    std::atomic<int> wrong = 0;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 500; ++n)
                if (verify(good) != Verdict::ok || verify(forged) != Verdict::bad_signature) ++wrong;
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

TEST(VerdictName, EachHasItsOwn) {
    EXPECT_EQ(verdict_name(Verdict::bad_digest), "bad_digest");
    EXPECT_EQ(verdict_name(Verdict::no_key_configured), "no_key_configured");
    EXPECT_EQ(verdict_name(Verdict::ok), "ok");
}

}  // namespace
}  // namespace switchhook::livekit
