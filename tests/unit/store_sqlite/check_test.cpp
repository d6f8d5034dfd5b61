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
    const auto version = std::to_string(kSchemaVersion);
    sql(file_, ("PRAGMA user_version = 1" + version).c_str());
    const Status status = start();
    EXPECT_EQ(status.code(), Code::invalid);
    EXPECT_NE(status.message().find("newer version"), std::string::npos) << status.message();
    EXPECT_EQ(check_store(file_).code(), Code::invalid);
    sql(file_, ("PRAGMA user_version = " + version).c_str());
    EXPECT_TRUE(start());
}

// What the first version of this program wrote, with one hook.
void write_version_1(const std::string& file) {
    sql(file, R"(
CREATE TABLE event(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
    name BLOB NOT NULL, id BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE delivery(id INTEGER PRIMARY KEY, event INTEGER NOT NULL, hook INTEGER NOT NULL, stream INTEGER NOT NULL,
    at INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL, settled INTEGER NOT NULL,
    code BLOB);
CREATE TABLE seen(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, high INTEGER NOT NULL, low INTEGER NOT NULL);
CREATE TABLE parked(seq INTEGER PRIMARY KEY, room INTEGER NOT NULL);
CREATE TABLE room(id INTEGER PRIMARY KEY, name BLOB NOT NULL, sid BLOB NOT NULL, state INTEGER NOT NULL, hooks BLOB,
    last INTEGER NOT NULL, finished INTEGER NOT NULL);
CREATE TABLE call(id INTEGER PRIMARY KEY, room INTEGER NOT NULL, call_id BLOB NOT NULL, hooks BLOB);
CREATE TABLE participant(id INTEGER PRIMARY KEY, room INTEGER NOT NULL, sid BLOB NOT NULL, call INTEGER NOT NULL);
CREATE TABLE meta(key INTEGER PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE hook(host BLOB PRIMARY KEY, url BLOB NOT NULL, auth_id BLOB NOT NULL, dialect BLOB NOT NULL,
    events BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO hook VALUES(CAST('a.example' AS BLOB), CAST('https://a.example/' AS BLOB), CAST('tenant-a' AS BLOB),
    CAST('sayna' AS BLOB), x'726f6f6d5f7374617274656400');
PRAGMA application_id = 0x53774873;
PRAGMA user_version = 1;
)");
}

TEST_F(Store, TheHooksOfTheFirstSchemaAreReadAndKeptWithTheirNewChoices) {
    write_version_1(file_);
    EXPECT_TRUE(check_store(file_)) << "an older schema is no fault";
    Hook old;
    old.host = "a.example";
    old.url = "https://a.example/";
    old.auth_id = "tenant-a";
    old.dialect = "sayna";
    old.events = {"room_started"};
    Hook young = old;
    young.host = "b.example";
    young.rate = Rate{.per_second = 5, .burst = 7};
    {
        SqliteHookStore hooks(file_);
        ASSERT_TRUE(hooks.start());
        EXPECT_EQ(hooks.load().value(), HookTable{old});
        EXPECT_EQ(hooks.apply({.put = {young}, .remove = {}}).value(), (HookTable{old, young}));
        hooks.stop();
    }
    EXPECT_TRUE(start()) << "the outbox opens the same file";
    SqliteHookStore again(file_);
    ASSERT_TRUE(again.start());
    EXPECT_EQ(again.load().value(), (HookTable{old, young}));
}

TEST_F(Store, ARowOfAHookThatCannotBeUnderstoodIsCorrupt) {
    for (const char* damage : {"concurrency = -1", "concurrency = 4294967296", "per_second = 5", "burst = 5",
                               "per_second = -5, burst = -5", "max_age = CAST('joined' AS BLOB)",
                               "max_age = x'61003000'", "max_age = x'61003500620000'", "max_age = x'610035730000'"}) {
        std::filesystem::remove(file_);
        write_version_1(file_);
        SqliteHookStore hooks(file_);
        ASSERT_TRUE(hooks.start());
        sql(file_, (std::string("UPDATE hook SET ") + damage).c_str());
        const auto table = hooks.load();
        EXPECT_EQ(table.status().code(), Code::corrupt) << damage;
        EXPECT_NE(table.status().message().find("a.example"), std::string::npos) << table.status().message();
        hooks.stop();
    }
}

TEST_F(Store, AnEventNameThatHoldsTheSeparatorIsRefused) {
    SqliteHookStore hooks(file_);
    ASSERT_TRUE(hooks.start());
    Hook hook;
    hook.host = "a.example";
    hook.max_age.emplace(std::string("a\0b", 3), std::chrono::seconds(1));
    EXPECT_EQ(hooks.apply({.put = {hook}, .remove = {}}).status().code(), Code::invalid);
    EXPECT_TRUE(hooks.load().value().empty());
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
