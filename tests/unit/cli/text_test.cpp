// What the commands write and how they read small things.
#include <gtest/gtest.h>

#include "core/cli/api_client.hpp"
#include "core/cli/server_url.hpp"
#include "core/cli/text_table.hpp"

namespace switchhook::cli {
namespace {

TEST(TextTable, AlignsItsColumnsByCharacters) {
    EXPECT_EQ(text_table({"HOST", "TENANT"}, {{"a.com", "t"},
                                              {"b\xc3\xbc"
                                               "ch.example",
                                               "u"}}),
              "HOST          TENANT\n"
              "a.com         t\n"
              "b\xc3\xbc"
              "ch.example  u\n");
}

TEST(TextTable, LeavesOutAColumnWithoutAnyValue) {
    EXPECT_EQ(text_table({"A", "B", "C"}, {{"1", "", "3"}, {"4", "", ""}}), "A  C\n1  3\n4\n");
}

TEST(TextTable, WithoutRowsIsItsTitles) {
    EXPECT_EQ(text_table({"A", "B"}, {}), "A  B\n");
}

TEST(TextTable, ShowsNoControlCharacter) {
    EXPECT_EQ(text_table({"A"}, {{"x\x1b[2J\r\ny\x7f"}}), "A\nx?[2J??y?\n");
}

TEST(ServerUrl, IsReadWithItsDefaultPortsAndAPath) {
    EXPECT_EQ(*server_url("http://127.0.0.1:3001"), (ServerUrl{false, "127.0.0.1", 3001, ""}));
    EXPECT_EQ(*server_url("https://api.example"), (ServerUrl{true, "api.example", 443, ""}));
    EXPECT_EQ(*server_url("http://a.example/"), (ServerUrl{false, "a.example", 80, ""}));
    EXPECT_EQ(*server_url("https://a.example/switch//"), (ServerUrl{true, "a.example", 443, "/switch"}));
    EXPECT_EQ(server_url("http://[::1]:3001")->host, "::1");
    EXPECT_EQ(server_url("http://[::1]:3001")->text(), "http://[::1]:3001");
}

TEST(ServerUrl, IsRefusedWhenItIsNone) {
    for (const char* text : {"",
                             " ",
                             "localhost",
                             "localhost:3001",
                             "127.0.0.1:3001",
                             "ftp://a.example",
                             "http://",
                             "http:///x",
                             "https://:3001",
                             "http://a.example:0",
                             "http://a.example:70000",
                             "http://a.example:x",
                             "http://user@a.example",
                             "http://user:secret@a.example",
                             "http://a.example/?token=x",
                             "http://a.example/#x",
                             "http://a b.example",
                             "http://a.example\r\nX: y",
                             "//a.example",
                             "http//a.example"}) {
        const auto url = server_url(text);
        EXPECT_FALSE(url.ok()) << text << " is " << (url ? url->text() : "");
        EXPECT_EQ(url.status().message().find("secret"), std::string::npos) << "a secret in an error";
    }
}

TEST(Encoded, LeavesOnlyWhatMeansNothingInAPathOrAQuery) {
    EXPECT_EQ(encoded("a-b._~Z9"), "a-b._~Z9");
    EXPECT_EQ(encoded("*.a.com"), "%2A.a.com");
    EXPECT_EQ(encoded("[2001:db8::1]"), "%5B2001%3Adb8%3A%3A1%5D");
    EXPECT_EQ(encoded("a/../b?c=d&e #%\xc3\xbc"), "a%2F..%2Fb%3Fc%3Dd%26e%20%23%25%C3%BC");
}

}  // namespace
}  // namespace switchhook::cli
