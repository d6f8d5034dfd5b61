#include "core/config/values.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/config/addresses.hpp"

namespace switchhook::config {
namespace {

using namespace std::chrono_literals;

TEST(Durations, are_whole_numbers_with_a_unit) {
    EXPECT_EQ(parse_duration("0ms").value(), 0ms);
    EXPECT_EQ(parse_duration("500ms").value(), 500ms);
    EXPECT_EQ(parse_duration("10s").value(), 10s);
    EXPECT_EQ(parse_duration("5min").value(), 5min);
    EXPECT_EQ(parse_duration("24h").value(), 24h);
    EXPECT_EQ(parse_duration("7d").value(), 168h);
}

TEST(Durations, refuse_everything_else) {
    for (const char* text : {"", "10", "0", "s", "10 s", " 10s", "10s ", "-1s", "+1s", "1.5s", "10S", "10m", "10sec",
                             "1e3ms", "0x5s", "010s", "9223372036854775807s", "99999999999999999999ms"})
        EXPECT_FALSE(parse_duration(text).ok()) << text;
}

TEST(Sizes, are_whole_numbers_with_or_without_a_unit) {
    EXPECT_EQ(parse_bytes("0").value(), 0);
    EXPECT_EQ(parse_bytes("512").value(), 512);
    EXPECT_EQ(parse_bytes("64KiB").value(), 65'536);
    EXPECT_EQ(parse_bytes("2MiB").value(), 2'097'152);
    EXPECT_EQ(parse_bytes("1GiB").value(), 1'073'741'824);
    EXPECT_EQ(parse_bytes("1TiB").value(), 1'099'511'627'776);
}

TEST(Sizes, refuse_everything_else) {
    for (const char* text : {"", "KiB", "1KB", "1kib", "1 KiB", "-1", "1.5MiB", "01", "0x10", "9000000000TiB", "1B"})
        EXPECT_FALSE(parse_bytes(text).ok()) << text;
}

TEST(Integers, are_decimal) {
    EXPECT_EQ(parse_integer("0").value(), 0);
    EXPECT_EQ(parse_integer("-12").value(), -12);
    EXPECT_EQ(parse_integer("9223372036854775807").value(), INT64_MAX);
    for (const char* text :
         {"", "-", "+1", "1.0", "1e3", "0x1F", "010", "-01", "1_000", " 1", "1 ", "one", "9223372036854775808"})
        EXPECT_FALSE(parse_integer(text).ok()) << text;
}

TEST(Booleans, are_true_or_false_and_nothing_that_yaml_1_1_and_1_2_read_differently) {
    EXPECT_TRUE(parse_boolean("true").value());
    EXPECT_TRUE(parse_boolean("TRUE").value());
    EXPECT_FALSE(parse_boolean("False").value());
    for (const char* text : {"", "yes", "no", "on", "off", "1", "0", "tRUE", "true ", "maybe"})
        EXPECT_FALSE(parse_boolean(text).ok()) << text;
}

TEST(ValueFaults, show_the_beginning_of_a_long_text_only) {
    const auto message = parse_integer(std::string(100'000, 'x')).status().message();
    EXPECT_LT(message.size(), 200U);
}

class Secrets : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "switchhook-secrets-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name, const std::string& content, ::mode_t mode = 0600) const {
        const auto path = folder_ / name;
        std::ofstream(path, std::ios::binary) << content;
        ::chmod(path.c_str(), mode);
        return path.string();
    }
    Result<std::string> resolve(const std::string& text) {
        Node node;
        node.kind = NodeKind::scalar;
        node.text = text;
        node.place = "switchhook.yaml:9";
        return resolve_secret(node, warnings_);
    }

    std::filesystem::path folder_;
    std::vector<Problem> warnings_;
};

TEST_F(Secrets, written_out_are_themselves) {
    EXPECT_EQ(resolve("plain secret").value(), "plain secret");
    EXPECT_EQ(resolve("").value(), "");
    EXPECT_EQ(resolve("environment:X").value(), "environment:X");
    EXPECT_TRUE(warnings_.empty());
}

TEST_F(Secrets, come_from_the_environment_by_name) {
    ::setenv("SWITCHHOOK_TEST_SECRET", "from the environment", 1);
    EXPECT_EQ(resolve("env:SWITCHHOOK_TEST_SECRET").value(), "from the environment");
    ::unsetenv("SWITCHHOOK_TEST_SECRET");
    const auto missing = resolve("env:SWITCHHOOK_TEST_SECRET");
    EXPECT_EQ(missing.status().code(), Code::invalid);
    EXPECT_NE(missing.status().message().find("SWITCHHOOK_TEST_SECRET"), std::string::npos);
    EXPECT_FALSE(resolve("env:").ok());
}

TEST_F(Secrets, of_a_file_lose_one_line_end_and_nothing_else) {
    EXPECT_EQ(resolve("file:" + file("a", " s3cret \n")).value(), " s3cret ");
    EXPECT_EQ(resolve("file:" + file("b", "two\n\n")).value(), "two\n");
    EXPECT_EQ(resolve("file:" + file("c", "windows\r\n")).value(), "windows");
    EXPECT_EQ(resolve("file:" + file("d", "none")).value(), "none");
    EXPECT_TRUE(warnings_.empty());
}

TEST_F(Secrets, in_a_file_that_others_can_read_are_a_warning_with_the_place) {
    EXPECT_TRUE(resolve("file:" + file("open", "s3cret", 0644)).ok());
    ASSERT_EQ(warnings_.size(), 1U);
    EXPECT_EQ(warnings_.front().place, "switchhook.yaml:9");
    EXPECT_EQ(warnings_.front().text.find("s3cret"), std::string::npos);
    EXPECT_TRUE(resolve("file:" + file("group", "s3cret", 0640)).ok());
    EXPECT_EQ(warnings_.size(), 1U);
}

TEST_F(Secrets, that_cannot_be_read_say_why) {
    EXPECT_NE(resolve("file:/nonexistent/secret").status().message().find("No such file"), std::string::npos);
    EXPECT_NE(resolve("file:" + folder_.string()).status().message().find("regular"), std::string::npos);
    EXPECT_NE(resolve("file:relative").status().message().find("absolute"), std::string::npos);
    EXPECT_NE(resolve("file:" + file("big", std::string(70'000, 'x'))).status().message().find("64 KiB"),
              std::string::npos);
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    EXPECT_FALSE(resolve("file:" + (folder_ / "pipe").string()).ok());  // and does not hang
}

TEST_F(Secrets, of_systemd_are_files_in_the_credentials_directory) {
    file("hook", "credential text\n", 0400);
    ::setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1);
    EXPECT_EQ(resolve("credential:hook").value(), "credential text");
    EXPECT_FALSE(resolve("credential:absent").ok());
    for (const char* name : {"credential:", "credential:../hook", "credential:..", "credential:/etc/passwd"})
        EXPECT_FALSE(resolve(name).ok()) << name;
    ::unsetenv("CREDENTIALS_DIRECTORY");
    EXPECT_NE(resolve("credential:hook").status().message().find("CREDENTIALS_DIRECTORY"), std::string::npos);
}

TEST_F(Secrets, are_a_single_text) {
    Node list;
    list.kind = NodeKind::list;
    EXPECT_FALSE(resolve_secret(list, warnings_).ok());
}

TEST(Durations, are_written_in_the_largest_unit_that_fits) {
    const std::vector<std::pair<std::int64_t, const char*>> cases{
        {0, "0ms"},        {1, "1ms"},          {1'500, "1500ms"},
        {5'000, "5s"},     {90'000, "90s"},     {120'000, "2min"},
        {3'600'000, "1h"}, {172'800'000, "2d"}, {172'800'001, "172800001ms"}};
    for (const auto& [count, text] : cases) {
        EXPECT_EQ(duration_text(std::chrono::milliseconds(count)), text);
        EXPECT_EQ(parse_duration(text).value().count(), count);
    }
}

TEST(SecretForms, of_standard_webhooks_are_base64_of_sixteen_bytes_or_more) {
    for (const char* good : {"", "anything", "WHSEC_x", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                             "whsec_AAAAAAAAAAAAAAAAAAAAAA==", "whsec_AAAAAAAAAAAAAAAAAAAAAAA="})
        EXPECT_TRUE(check_secret_form(good)) << good;
    for (const char* bad : {"whsec_", "whsec_AAAA", "whsec_AAAAAAAAAAAAAAAAAAAA", "whsec_AAAAAAAAAAAAAAAAAAAAAA",
                            "whsec_AAAAAAAAAAAAAAAAAAAAAA=", "whsec_AAAAAAAAAAAAAAAAAAAAA===",
                            "whsec_AAAAAAAAAAA=AAAAAAAAAAAA", "whsec_AAAAAAAAAAAAAAAAAAAAAA- "})
        EXPECT_FALSE(check_secret_form(bad)) << bad;
}

TEST(KnownNames, are_listed_when_the_name_is_none_of_them) {
    constexpr std::array<std::string_view, 2> known{"call", "standard"};
    EXPECT_TRUE(known_name("call", known));
    EXPECT_EQ(known_name("standart", known).message(), "must be one of call, standard; did you mean 'standard'?");
    EXPECT_FALSE(known_name("", known));
    EXPECT_FALSE(known_name("Call", known));
    EXPECT_EQ(known_name("call", {}).message(), "is not known: there is none to choose from");
}

TEST(Nearest, is_the_word_that_was_meant) {
    constexpr std::array<std::string_view, 5> known{"room_prefix", "allowed_addresses", "hook_secret", "hooks", "url"};
    EXPECT_EQ(nearest("rom_prefix", known), "room_prefix");
    EXPECT_EQ(nearest("hook", known), "hooks");
    EXPECT_EQ(nearest("allowed_adresses", known), "allowed_addresses");
    EXPECT_EQ(nearest("Hook_Secret", known), "hook_secret");
    EXPECT_EQ(nearest("ulr", known), "url");
}

TEST(Nearest, is_empty_when_nothing_is_near) {
    constexpr std::array<std::string_view, 2> known{"url", "host"};
    EXPECT_EQ(nearest("telephone", known), "");
    EXPECT_EQ(nearest("", known), "");
    EXPECT_EQ(nearest("x", known), "");
    EXPECT_EQ(nearest(std::string(100'000, 'u'), known), "");
    EXPECT_EQ(nearest("url", {}), "");
}

TEST(Addresses, are_ipv4_ipv6_and_networks_of_both) {
    for (const char* text : {"54.172.60.0/30", "0.0.0.0", "0.0.0.0/0", "255.255.255.255/32", "10.0.0.1/8",
                             "2001:db8::/32", "::1", "::/0", "fe80::1/128"})
        EXPECT_TRUE(is_address_or_network(text)) << text;
}

TEST(Addresses, are_refused_when_they_only_look_like_one) {
    for (const char* text : {"",
                             "/",
                             "/8",
                             "999.999.999.999/99",
                             "256.1.1.1",
                             "1.2.3",
                             "1.2.3.4.5",
                             "1.2.3.",
                             ".1.2.3.4",
                             "01.2.3.4",
                             "1.2.3.004",
                             "1.2.3.4/33",
                             "1.2.3.4/",
                             "1.2.3.4/08",
                             "1.2.3.4/-1",
                             "1.2.3.4/8/8",
                             "1.2.3.4:5060",
                             "1.2.3.4 ",
                             "0x7f.0.0.1",
                             "1.2.3.+4",
                             "example.com",
                             "::1/129",
                             "fe80::1%eth0",
                             "[::1]",
                             ":::",
                             "1:2:3:4:5:6:7:8:9",
                             "::1/",
                             "12345::"})
        EXPECT_FALSE(is_address_or_network(text)) << text;
    EXPECT_FALSE(is_address_or_network(std::string_view("::1\0", 4)));
    EXPECT_FALSE(is_address_or_network("::ffff:10.0.0.1")) << "LiveKit never matches it";
}

}  // namespace
}  // namespace switchhook::config
