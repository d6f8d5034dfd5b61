#include "target.hpp"

#include <gtest/gtest.h>

#include <string>

namespace switchhook::https {
namespace {

std::string refusal(std::string_view url) {
    const auto target = read_target(url, AddressRules());
    return target.ok() ? "" : target.status().message();
}

TEST(Target, AnOrdinaryUrlIsReadWhole) {
    const auto target = read_target("https://Hooks.Example.com:8443/a/../b%20c?x=1&y=%2F", AddressRules());
    ASSERT_TRUE(target.ok()) << target.status().message();
    EXPECT_EQ(target->host, "hooks.example.com");
    EXPECT_EQ(target->port, 8443);
    EXPECT_EQ(target->url, "https://hooks.example.com:8443/a/../b%20c?x=1&y=%2F");
    EXPECT_FALSE(target->literal.has_value());
}

TEST(Target, HarmlessVariantsAreAccepted) {
    for (const char* url : {"https://a.example", "HTTPS://a.example/", "https://a.example?x", "https://a.example:443/",
                            "https://a_b.example/", "https://xn--bcher-kva.example/", "https://8.8.8.8/",
                            "https://[2606:4700::1111]:8443/x", "https://localhost/x", "https://a.example:1/",
                            "https://a.example:65535/", "https://a.example/x@y:z", "https://a.example/[x]",
                            "https://[::ffff:8.8.8.8]/", "https://1.example/", "https://0x.example/"})
        EXPECT_EQ(refusal(url), "") << url;
}

TEST(Target, ATrailingDotIsTheSameHost) {
    const auto target = read_target("https://a.example.:8443/", AddressRules());
    ASSERT_TRUE(target.ok()) << target.status().message();
    EXPECT_EQ(target->host, "a.example");
    EXPECT_EQ(target->url, "https://a.example:8443/");
}

TEST(Target, AnotherSchemeIsAnsweredWithTheDocumentedText) {
    for (const char* url :
         {"http://a.example/", "ftp://a.example/", "file:///etc/passwd", "gopher://a.example/", "a.example",
          "//a.example/", "httpss://a.example/", "https", "javascript:alert(1)", "unix:///run/x.sock", "://a.example"})
        EXPECT_EQ(refusal(url), "SIP hook URL must be HTTPS") << url;
}

TEST(Target, WithoutAHostItIsNoUrl) {
    for (const char* url : {"https://", "https:///p", "https:////p", "https://?x", "https://:443/", "https://./",
                            "https:a.example", "https:/a.example"})
        EXPECT_EQ(refusal(url), "SIP hook URL has no host") << url;
}

TEST(Target, UserNamesAndPasswordsAreRefusedInEveryDisguise) {
    for (const char* url :
         {"https://user@a.example/", "https://user:hunter2@a.example/", "https://good.example@127.0.0.1/",
          "https://@a.example/", "https://a.example:443@b.example/", "https://:@a.example/", "https://a@b@c.example/"})
        EXPECT_EQ(refusal(url), "SIP hook URL must not contain a user name or password") << url;
}

class HostileUrl : public ::testing::TestWithParam<const char*> {};

TEST_P(HostileUrl, IsRefusedWithoutRepeatingIt) {
    const auto message = refusal(GetParam());
    EXPECT_NE(message, "");
    EXPECT_TRUE(message.starts_with("SIP hook URL ")) << message;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, HostileUrl,
    ::testing::Values("https://127.0.0.1/", "https://127.0.0.1./", "https://2130706433/", "https://0177.0.0.1/",
                      "https://0x7f.1/", "https://0x7f000001/", "https://0X7F000001/", "https://127.1/",
                      "https://127.0.1/", "https://017700000001/", "https://0/", "https://1.2.3.4.5/",
                      "https://256.256.256.256/", "https://10.0.0.1:8443/x?token=hunter2",
                      "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://[::]/",
                      "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[0:0:0:0:0:0:0:1]/",
                      "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[fd00:ec2::254]/",
                      "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[2001:0:1::]/",
                      "https://[::127.0.0.1]/", "https://[v1.fe80]/", "https://[127.0.0.1]/", "https://[a.example]/",
                      "https://[]/", "https://::1/", "https://[::1/", "https://[::1]x/", "https://::1]/",
                      "https://a.1/", "https://a.0x1f/"));

INSTANTIATE_TEST_SUITE_P(
    Texts, HostileUrl,
    ::testing::Values(
        "", " https://a.example/", "https://a.example/ ", "https://a.example/\r\nX: y", "https://a.example/\t",
        "https://a\texample/", "https://a.example\\@b.example/", "https://a.example/\x01", "https://a.example/\x7f",
        "https://b\xc3\xbc"
        "cher.example/",
        "https://a\xe3\x80\x82"
        "example/",
        "https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", "https://a.example/\xc3\xbc", "https://%31%32%37.0.0.1/",
        "https://a%2eexample/", "https://a..example/", "https://.a.example/", "https://a.example../",
        "https://-a.example/", "https://a-.example/", "https://a,b.example/", "https://a;b/", "https://a$b/",
        "https://*.example/", "https://a.example:/", "https://a.example:0/", "https://a.example:65536/",
        "https://a.example:99999999999/", "https://a.example:-1/", "https://a.example:+1/", "https://a.example:4 43/",
        "https://a.example:443a/", "https://a.example:443:443/", "https://a.example#hunter2", "https://a.example/#x"));

TEST(Target, AUrlOrANameThatIsTooLongIsRefused) {
    EXPECT_EQ(refusal("https://a.example/" + std::string(kMaxUrlBytes - 18, 'x')), "");
    EXPECT_NE(refusal("https://a.example/" + std::string(kMaxUrlBytes - 17, 'x')), "");
    EXPECT_NE(refusal("https://" + std::string(64, 'x') + ".example/"), "");
    std::string name;
    for (int i = 0; i < 130; ++i) name += "a.";
    EXPECT_NE(refusal("https://" + name + "example/"), "");
    EXPECT_NE(refusal(std::string_view("https://a.example/\0", 19)), "");
}

TEST(Target, AnOpenedNetworkOpensItsLiteralAddresses) {
    const AddressRules rules({*Network::parse("127.0.0.0/8")});
    const auto target = read_target("https://127.0.0.1:8443/x", rules);
    ASSERT_TRUE(target.ok()) << target.status().message();
    EXPECT_EQ(target->literal, Address::parse("127.0.0.1"));
    EXPECT_FALSE(read_target("https://2130706433/", rules).ok())
        << "forms that only some readers understand stay refused";
    EXPECT_FALSE(read_target("https://10.0.0.1/", rules).ok());
}

TEST(Target, ARefusedAddressSaysHowToOpenIt) {
    EXPECT_EQ(refusal("https://10.0.0.1/"),
              "SIP hook URL names the address 10.0.0.1, which is private; forwarder.allow opens networks");
}

}  // namespace
}  // namespace switchhook::https
