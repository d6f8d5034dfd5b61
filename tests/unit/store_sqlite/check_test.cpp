// What stands in the file: schema, versions, other people's files, damage; and a check that leaves no trace.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include <sqlite3.h>

#include <store_sqlite/hook_table.hpp>
#include <store_sqlite/schema.hpp>

#include "place.hpp"

namespace switchhook::store_sqlite {
namespace {

using testkit::OutboxDriver;
using testkit::TemporaryFolder;

std::map<std::string, std::string> contents(const TemporaryFolder& folder) {
    std::map<std::string, std::string> files;
    for (const auto& each : std::filesystem::directory_iterator(folder.path())) {
        std::ifstream in(each.path(), std::ios::binary);
        files[each.path().filename()] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    return files;
}

void sql(const std::string& file, const char* text) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, text, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
}

class Store : public testing::Test {
protected:
    Status start() {
        SqliteOutbox outbox({.path = file_}, host_);
        return outbox.start();
    }
    void fill() {
        OutboxDriver driver(maker_at(file_, 0));
        for (int i = 0; i < 20; ++i) driver.commit({event_of(i)});
    }
    void write(const std::string& bytes) const { std::ofstream(file_, std::ios::binary) << bytes; }
    TemporaryFolder folder_;
    std::string file_ = folder_.file("store.db");
    testkit::FakeHost host_;
};

TEST_F(Store, CheckOfAStoreThatDoesNotExistPassesAndCreatesNothing) {
    EXPECT_TRUE(check_store(file_));
    EXPECT_TRUE(check_store(folder_.file("no/such/folder/store.db")));
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(Store, CheckOfAStoppedStorePassesAndChangesNothing) {
    fill();
    const auto before = contents(folder_);
    EXPECT_TRUE(check_store(file_));
    EXPECT_EQ(contents(folder_), before);
}

TEST_F(Store, CheckOfARunningStorePassesAndCreatesNothing) {
    OutboxDriver driver(maker_at(file_, 0));
    driver.commit({event_of(1)});
    const auto before = contents(folder_);
    EXPECT_TRUE(driver.outbox().check());
    EXPECT_EQ(contents(folder_), before);
    EXPECT_EQ(driver.send(event_of(2)), Disposition::stored);
}

TEST_F(Store, CheckAfterAKillPassesAndChangesNothing) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        SqliteOutbox outbox({.path = file_, .reserve_bytes = 0}, host_);
        (void)outbox.start();
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const auto before = contents(folder_);
    ASSERT_TRUE(before.contains("store.db-wal"));
    EXPECT_TRUE(check_store(file_));
    EXPECT_EQ(contents(folder_), before);
    EXPECT_TRUE(start());
}

TEST_F(Store, ANewerSchemaIsRefusedAndLeftAsItIs) {
    fill();
    sql(file_, "PRAGMA user_version = 3");
    const Status status = start();
    EXPECT_EQ(status.code(), Code::invalid);
    EXPECT_NE(status.message().find("newer version"), std::string::npos) << status.message();
    EXPECT_EQ(check_store(file_).code(), Code::invalid);
    sql(file_, "PRAGMA user_version = 2");
    EXPECT_TRUE(start());
}

TEST_F(Store, ADatabaseOfAnotherProgramIsRefusedAndLeftAsItIs) {
    sql(file_, "CREATE TABLE theirs(a); INSERT INTO theirs VALUES(1)");
    const auto before = contents(folder_).at("store.db");
    EXPECT_EQ(check_store(file_).code(), Code::corrupt);
    EXPECT_EQ(start().code(), Code::corrupt);
    SqliteHookStore hooks(file_);
    EXPECT_EQ(hooks.start().code(), Code::corrupt);
    EXPECT_EQ(contents(folder_).at("store.db"), before);
}

TEST_F(Store, AFileThatIsNoDatabaseIsCorruptAndLeftAsItIs) {
    const std::string text = "this is somebody's diary, not a database; " + std::string(5000, '.');
    write(text);
    EXPECT_EQ(check_store(file_).code(), Code::corrupt);
    const Status status = start();
    EXPECT_EQ(status.code(), Code::corrupt);
    EXPECT_NE(status.message().find(file_), std::string::npos) << status.message();
    EXPECT_EQ(contents(folder_).at("store.db"), text);
}

TEST_F(Store, AFolderInItsPlaceIsRefused) {
    std::filesystem::create_directory(file_);
    EXPECT_FALSE(check_store(file_));
    EXPECT_FALSE(start());
}

TEST_F(Store, CheckFindsDamageInTheMiddleOfTheFile) {
    fill();
    auto bytes = contents(folder_).at("store.db");
    ASSERT_GT(bytes.size(), 40'960u);
    for (std::size_t page = 2; page < bytes.size() / 4096; ++page)
        bytes.replace(page * 4096, 64, std::string(64, '\xff'));
    write(bytes);
    EXPECT_EQ(check_store(file_).code(), Code::corrupt);
    const Status status = start();
    EXPECT_EQ(status.code(), Code::corrupt) << status.message();
}

TEST_F(Store, ATruncatedFileIsCorrupt) {
    fill();
    auto bytes = contents(folder_).at("store.db");
    write(bytes.substr(0, bytes.size() / 2));
    EXPECT_EQ(check_store(file_).code(), Code::corrupt);
}

TEST_F(Store, AnEmptyFileIsANewStore) {
    write("");
    EXPECT_TRUE(check_store(file_));
    EXPECT_TRUE(start());
}

TEST_F(Store, OddFileNamesWork) {
    file_ = folder_.file("st%6Fre?mode=memory #1\n.db");
    fill();
    EXPECT_TRUE(check_store(file_));
    EXPECT_TRUE(std::filesystem::exists(file_));
}

TEST_F(Store, OthersCannotReadIt) {
    fill();
    EXPECT_EQ(std::filesystem::status(file_).permissions() & std::filesystem::perms::others_all,
              std::filesystem::perms::none);
}

TEST_F(Store, HooksAndOutboxShareAFileAndWriteAtTheSameTime) {
    OutboxDriver driver(maker_at(file_));
    SqliteHookStore hooks(file_);
    ASSERT_TRUE(hooks.start());
    std::thread writer([&] {
        for (int i = 0; i < 50; ++i) {
            Hook hook;
            hook.host = std::to_string(i) + ".example.com";
            hook.url = "https://example.com";
            EXPECT_TRUE(hooks.apply({.put = {hook}, .remove = {}}));
        }
    });
    for (int i = 0; i < 200; ++i) driver.commit({event_of(i)});
    writer.join();
    EXPECT_EQ(hooks.load().value().size(), 50u);
    EXPECT_EQ(driver.waiting(11).size(), 200u);
    hooks.stop();
}

TEST_F(Store, ASecondHookStoreOnTheSameFileIsRefused) {
    SqliteHookStore first(file_);
    ASSERT_TRUE(first.start());
    SqliteHookStore second(file_);
    EXPECT_EQ(second.start().code(), Code::unavailable);
}

TEST_F(Store, TheLockEndsWithItsProcess) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        SqliteOutbox outbox({.path = file_, .reserve_bytes = 0}, host_);
        if (!outbox.start() || ::write(ends[1], "x", 1) != 1) ::_exit(1);
        ::pause();
    }
    char byte = 0;
    ASSERT_EQ(::read(ends[0], &byte, 1), 1);
    const Status status = start();
    EXPECT_EQ(status.code(), Code::unavailable);
    EXPECT_NE(status.message().find(std::to_string(child)), std::string::npos) << status.message();
    ::kill(child, SIGKILL);
    int ended = 0;
    ASSERT_EQ(::waitpid(child, &ended, 0), child);
    EXPECT_TRUE(start());
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace
}  // namespace switchhook::store_sqlite
