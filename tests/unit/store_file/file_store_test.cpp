// What is particular to the file: its format, its damage, its mode, and writes that fail. The rest is in the contract
// suite.
#include <store_file/file_store.hpp>
#include <store_file/hook_file.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include <switchhook/testkit/temporary_folder.hpp>

namespace switchhook::store_file {
namespace {

Hook hook_of(std::string host, std::string auth_id = "default") {
    Hook hook;
    hook.host = std::move(host);
    hook.url = "https://example.com/hook";
    hook.auth_id = std::move(auth_id);
    return hook;
}

class File : public testing::Test {
protected:
    void put(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
    std::string text() const {
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::size_t files() const {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(folder_.path())) ++count;
        return count;
    }
    testkit::TemporaryFolder folder_;
    std::string path_ = folder_.file("sip_hooks.json");
    FileHookStore store_{path_};
};

// As the reference writes it (serde_json's pretty form).
constexpr char kReference[] = R"([
  {
    "host": "a.example.com",
    "url": "https://a.example/events",
    "auth_id": "tenant-a"
  },
  {
    "host": "b.example.com",
    "url": "https://b.example/events"
  }
])";

TEST_F(File, TheReferencesFileIsReadAndAMissingAuthIdIsDefault) {
    put(kReference);
    const auto table = store_.load();
    ASSERT_TRUE(table) << table.status().message();
    ASSERT_EQ(table.value().size(), 2u);
    EXPECT_EQ(table.value()[0].auth_id, "tenant-a");
    EXPECT_EQ(table.value()[1].auth_id, "default");
}

TEST_F(File, WhatIsWrittenIsInTheReferencesForm) {
    ASSERT_TRUE(store_.apply({.put = {hook_of("a.com", "tenant-a")}, .remove = {}}));
    EXPECT_EQ(text(),
              "[\n  {\n    \"host\": \"a.com\",\n    \"url\": \"https://example.com/hook\",\n    \"auth_id\": "
              "\"tenant-a\"\n  }\n]\n");
    ASSERT_TRUE(store_.apply({.put = {}, .remove = {"a.com"}}));
    EXPECT_EQ(text(), "[]\n");
}

TEST_F(File, WhatAHookChoosesIsWrittenWhereItIsSet) {
    Hook hook = hook_of("a.com", "tenant-a");
    hook.retry = "call";
    hook.concurrency = 3;
    hook.rate = Rate{.per_second = 10, .burst = 20};
    hook.max_age = {{"participant_joined", std::chrono::milliseconds(1'500)}};
    ASSERT_TRUE(store_.apply({.put = {hook}, .remove = {}}));
    EXPECT_NE(text().find("\"auth_id\": \"tenant-a\",\n    \"retry\": \"call\",\n    \"concurrency\": 3,\n    "
                          "\"rate\": {\n      \"per_second\": 10,\n      \"burst\": 20\n    },\n    \"max_age_ms\": {\n"
                          "      \"participant_joined\": 1500\n    }\n  }"),
              std::string::npos)
        << text();
}

TEST_F(File, AsManyAgesAsTheApiTakesAreReadBackAndMoreAreNot) {
    Hook hook = hook_of("a.com");
    for (int i = 0; i < 64; ++i) hook.max_age.emplace("event_" + std::to_string(i), std::chrono::seconds(1));
    ASSERT_TRUE(store_.apply({.put = {hook}, .remove = {}}));
    EXPECT_EQ(store_.load().value().at(0).max_age.size(), 64U);
    std::string more = text();
    more.insert(more.find("\"event_0\""), "\"one_more\": 1, ");
    put(more);
    EXPECT_EQ(store_.load().status().code(), Code::corrupt);
}

TEST_F(File, ABlankFileIsEmpty) {
    for (const char* blank : {"", " \r\n\t ", "[]", " [ ]\n"}) {
        put(blank);
        const auto table = store_.load();
        ASSERT_TRUE(table) << blank;
        EXPECT_TRUE(table.value().empty());
        EXPECT_TRUE(store_.check());
    }
}

TEST_F(File, AFileThatCannotBeUnderstoodIsCorruptNamesItAndIsNeverOverwritten) {
    const std::string row = R"({"host":"a.com","url":"https://a"})";
    const std::vector<std::string> damaged{
        "{",
        "null",
        "{}",
        "7",
        "\"a\"",
        "[1]",
        "[[]]",
        "[null]",
        "[" + row + ",]",
        "[" + row + "] x",
        "[" + row + "," + row + "]",
        "[{}]",
        R"([{"host":"a.com"}])",
        R"([{"url":"https://a"}])",
        R"([{"host":1,"url":"https://a"}])",
        R"([{"host":"a.com","url":null}])",
        R"([{"host":"a.com","url":"https://a","auth_id":7}])",
        R"([{"host":"","url":"https://a"}])",
        R"([{"host":"a.com","url":"https://a","secret":"s"}])",
        R"([{"host":"a.com","host":"b.com","url":"https://a"}])",
        R"([{"host":"a.com","url":"https://a","events":"x"}])",
        R"([{"host":"a.com","url":"https://a","events":[1]}])",
        R"([{"host":"a.com","url":"https://a","retry":1}])",
        R"([{"host":"a.com","url":"https://a","retry":null}])",
        R"([{"host":"a.com","url":"https://a","concurrency":0}])",
        R"([{"host":"a.com","url":"https://a","concurrency":-1}])",
        R"([{"host":"a.com","url":"https://a","concurrency":1.5}])",
        R"([{"host":"a.com","url":"https://a","concurrency":"8"}])",
        R"([{"host":"a.com","url":"https://a","concurrency":4294967296}])",
        R"([{"host":"a.com","url":"https://a","rate":5}])",
        R"([{"host":"a.com","url":"https://a","rate":{"per_second":5}}])",
        R"([{"host":"a.com","url":"https://a","rate":{"per_second":5,"burst":0}}])",
        R"([{"host":"a.com","url":"https://a","rate":{"per_second":5,"burst":5,"window":1}}])",
        R"([{"host":"a.com","url":"https://a","rate":{"per_second":5,"per_second":6,"burst":5}}])",
        R"([{"host":"a.com","url":"https://a","max_age_ms":"5s"}])",
        R"([{"host":"a.com","url":"https://a","max_age_ms":{"a":"5s"}}])",
        R"([{"host":"a.com","url":"https://a","max_age_ms":{"a":0}}])",
        R"([{"host":"a.com","url":"https://a","max_age_ms":{"a":-1}}])",
        R"([{"host":"a.com","url":"https://a","max_age_ms":{"a":18446744073709551615}}])",
        R"([{"host":"a.com","url":"https://a","max_age_ms":{"a":1,"a":2}}])",
        R"([{"host":"a.com","url":"https://a","max_age_ms":[1]}])",
        R"([{"host":"a.com","url":"https://a","max_age":{"a":1}}])",
        "[{\"host\":\"\xff\xfe\",\"url\":\"https://a\"}]",
        R"([{"host":"\ud800","url":"https://a"}])",
        "\xef\xbb\xbf[" + row.substr(0, 10),
        "[1e999]",
        std::string(4, '\0'),
        std::string(100'000, '['),
        "[" + row + ", // comment\n" + row + "]"};
    for (const auto& each : damaged) {
        SCOPED_TRACE(each.substr(0, 80));
        put(each);
        const auto table = store_.load();
        ASSERT_FALSE(table);
        EXPECT_EQ(table.status().code(), Code::corrupt);
        EXPECT_NE(table.status().message().find(path_), std::string::npos) << table.status().message();
        EXPECT_NE(table.status().message().find("move it away"), std::string::npos) << table.status().message();
        EXPECT_EQ(store_.check().code(), Code::corrupt);
        EXPECT_EQ(store_.apply({.put = {hook_of("b.com")}, .remove = {}}).status().code(), Code::corrupt);
        EXPECT_EQ(text(), each);
    }
    EXPECT_EQ(files(), 1u);
}

TEST_F(File, AFileThatIsTooLargeIsCorrupt) {
    put("[]");
    std::filesystem::resize_file(path_, kMaxBytes + 1);
    EXPECT_EQ(store_.load().status().code(), Code::corrupt);
}

TEST_F(File, AFolderOrPipeInItsPlaceIsRefused) {
    std::filesystem::create_directory(path_);
    EXPECT_FALSE(store_.load());
    std::filesystem::remove(path_);
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(store_.load().status().code(), Code::corrupt);
}

TEST_F(File, AnEditBehindItsBackIsNotLost) {
    ASSERT_TRUE(store_.apply({.put = {hook_of("a.com")}, .remove = {}}));
    put(R"([{"host":"edited.com","url":"https://example.com/hook"}])");
    const auto table = store_.apply({.put = {hook_of("b.com")}, .remove = {}});
    ASSERT_TRUE(table);
    ASSERT_EQ(table.value().size(), 2u);
    EXPECT_EQ(table.value()[1].host, "edited.com");
}

TEST_F(File, DamageBehindItsBackIsNotOverwritten) {
    ASSERT_TRUE(store_.apply({.put = {hook_of("a.com")}, .remove = {}}));
    put("[damaged");
    EXPECT_EQ(store_.apply({.put = {hook_of("b.com")}, .remove = {}}).status().code(), Code::corrupt);
    EXPECT_EQ(text(), "[damaged");
}

TEST_F(File, ItsModeIsKeptAndANewOneIsNotForOthers) {
    ASSERT_TRUE(store_.apply({.put = {hook_of("a.com")}, .remove = {}}));
    struct stat info {};
    ASSERT_EQ(::stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0640U);
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
    ASSERT_TRUE(store_.apply({.put = {hook_of("b.com")}, .remove = {}}));
    ASSERT_EQ(::stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

TEST_F(File, ALinkStaysALink) {
    std::filesystem::create_directory(folder_.path() / "real");
    const auto real = folder_.path() / "real" / "hooks.json";
    std::ofstream(real) << "[]";
    std::filesystem::create_symlink(real, path_);
    ASSERT_TRUE(store_.apply({.put = {hook_of("a.com")}, .remove = {}}));
    EXPECT_TRUE(std::filesystem::is_symlink(path_));
    EXPECT_NE(text().find("a.com"), std::string::npos);
}

TEST_F(File, AMissingFolderIsCreatedByTheFirstWriteAndNotByReading) {
    FileHookStore store(folder_.file("cache/deep/sip_hooks.json"));
    EXPECT_TRUE(store.load());
    EXPECT_TRUE(store.check());
    EXPECT_FALSE(std::filesystem::exists(folder_.file("cache")));
    EXPECT_TRUE(store.apply({.put = {hook_of("a.com")}, .remove = {}}));
    EXPECT_TRUE(std::filesystem::exists(folder_.file("cache/deep/sip_hooks.json")));
}

TEST_F(File, NoTemporaryFileIsLeft) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(store_.apply({.put = {hook_of(std::to_string(i))}, .remove = {}}));
    EXPECT_EQ(files(), 1u);
}

TEST_F(File, AHookThatIsNotUtf8IsRefusedAndChangesNothing) {
    ASSERT_TRUE(store_.apply({.put = {hook_of("a.com")}, .remove = {}}));
    const std::string before = text();
    EXPECT_EQ(store_.apply({.put = {hook_of("\xff\xfe")}, .remove = {}}).status().code(), Code::invalid);
    EXPECT_EQ(store_.apply({.put = {hook_of("")}, .remove = {}}).status().code(), Code::invalid);
    EXPECT_EQ(store_.apply({.put = {hook_of("b.com"), hook_of("b.com")}, .remove = {}}).status().code(), Code::invalid);
    EXPECT_EQ(text(), before);
    EXPECT_EQ(store_.load().value().size(), 1u);
}

// A disk that takes no more bytes, for this process only.
TEST_F(File, AWriteThatFailsLeavesFileAndMemoryAsTheyWere) {
    ASSERT_TRUE(store_.apply({.put = {hook_of("a.com")}, .remove = {}}));
    const std::string before = text();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{.rlim_cur = 50, .rlim_max = 50};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const auto failed = store_.apply({.put = {hook_of("b.com")}, .remove = {}});
        const auto table = store_.load();
        const bool well = !failed && failed.status().worth_retry() &&
                          failed.status().message().find("File too large") != std::string::npos && table &&
                          table.value().size() == 1;
        ::_exit(well ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_EQ(text(), before);
    EXPECT_EQ(files(), 1u);
    EXPECT_TRUE(store_.apply({.put = {hook_of("b.com")}, .remove = {}}));
}

TEST_F(File, AFolderThatCannotBeMadeAnswersItsError) {
    put("not a folder");
    FileHookStore store(path_ + "/sip_hooks.json");
    const auto failed = store.apply({.put = {hook_of("a.com")}, .remove = {}});
    ASSERT_FALSE(failed);
    EXPECT_FALSE(failed.status().message().empty());
    EXPECT_EQ(text(), "not a folder");
}

TEST_F(File, AnUnreadableFileIsUnavailableAndNotOverwritten) {
    if (::geteuid() == 0) GTEST_SKIP() << "NOT TESTED: root may read everything";
    put(kReference);
    ASSERT_EQ(::chmod(path_.c_str(), 0), 0);
    EXPECT_EQ(store_.load().status().code(), Code::unavailable);
    EXPECT_FALSE(store_.apply({.put = {hook_of("a.com")}, .remove = {}}));
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
    EXPECT_EQ(text(), kReference);
}

}  // namespace
}  // namespace switchhook::store_file
