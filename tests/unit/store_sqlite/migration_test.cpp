// A store of schema 1 or 2, made by their own statements, is opened with everything in it, whatever happens on the way.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <set>

#include <sqlite3.h>

#include <store_sqlite/hook_table.hpp>
#include <store_sqlite/id_window.hpp>
#include <store_sqlite/schema.hpp>

#include "faulty_vfs.hpp"
#include "place.hpp"

namespace switchhook::store_sqlite {
namespace {

using testkit::OutboxDriver;
using testkit::TemporaryFolder;

// The statements of the first version, as they were.
constexpr char kSchema1[] = R"(
PRAGMA auto_vacuum=INCREMENTAL;
PRAGMA journal_mode=WAL;
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
PRAGMA application_id = 0x53774873;
PRAGMA user_version = 1;
)";

// What the second version added, as it did.
constexpr char kSchema2[] = R"(
ALTER TABLE event ADD COLUMN call BLOB;
ALTER TABLE delivery ADD COLUMN tenant INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN name INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN call INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hook ADD COLUMN retry BLOB NOT NULL DEFAULT x'';
ALTER TABLE hook ADD COLUMN concurrency INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hook ADD COLUMN per_second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hook ADD COLUMN burst INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hook ADD COLUMN max_age BLOB NOT NULL DEFAULT x'';
CREATE TABLE attempt(id INTEGER PRIMARY KEY, number INTEGER NOT NULL, at INTEGER NOT NULL, resolved INTEGER NOT NULL,
    connected INTEGER NOT NULL, secured INTEGER NOT NULL, answered INTEGER NOT NULL, took INTEGER NOT NULL,
    status INTEGER NOT NULL, code BLOB NOT NULL, address BLOB NOT NULL, answer BLOB NOT NULL);
CREATE TABLE tenant(id INTEGER PRIMARY KEY, name BLOB NOT NULL, dead INTEGER NOT NULL);
CREATE TABLE dead(tenant INTEGER NOT NULL, id INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(tenant, id)) WITHOUT ROWID;
CREATE TABLE owner(hook INTEGER PRIMARY KEY, tenant INTEGER NOT NULL);
CREATE TABLE block(id INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL, facets BLOB NOT NULL);
CREATE TABLE job(id INTEGER PRIMARY KEY, state INTEGER NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL,
    requeued INTEGER NOT NULL, reached INTEGER NOT NULL, last INTEGER NOT NULL, tenant BLOB, hook INTEGER NOT NULL,
    call BLOB NOT NULL, name BLOB NOT NULL, wanted INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL);
CREATE TABLE paused(hook INTEGER PRIMARY KEY, since INTEGER NOT NULL, reason BLOB NOT NULL);
INSERT INTO tenant(id,name,dead) VALUES(0,x'',0),(1,CAST('tenant-a' AS BLOB),0),(2,CAST('tenant-b' AS BLOB),1);
INSERT INTO owner(hook,tenant) VALUES(11,1),(22,2);
INSERT INTO dead(tenant,id,at) SELECT coalesce((SELECT tenant FROM owner WHERE owner.hook=delivery.hook),0),id,settled
    FROM delivery WHERE state=3 ORDER BY 1,2;
UPDATE tenant SET dead=(SELECT count(*) FROM dead WHERE dead.tenant=tenant.id);
PRAGMA user_version = 2;
)";

constexpr std::int64_t kNow = 1'795'329'482'000;  // OutboxDriver's

void sql(const std::string& file, const std::string& text) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
}

std::int64_t number(const std::string& file, const std::string& text) {
    sqlite3* handle = nullptr;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(handle, text.c_str(), -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const std::int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return value;
}

std::string text_of(const std::string& file, const std::string& query) {
    sqlite3* handle = nullptr;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(handle, query.c_str(), -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    std::string text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return text;
}

// X'..' of what rows.cpp's pack made: hook, length of the tenant's name, the name.
std::string packed(std::uint64_t hook, const std::string& tenant) {
    std::string bytes(reinterpret_cast<const char*>(&hook), sizeof hook);
    const auto length = static_cast<std::uint32_t>(tenant.size());
    bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
    bytes += tenant;
    static constexpr char kHex[] = "0123456789abcdef";
    std::string hex = "x'";
    for (const char each : bytes) {
        hex += kHex[static_cast<unsigned char>(each) >> 4U];
        hex += kHex[static_cast<unsigned char>(each) & 15U];
    }
    return hex + "'";
}

class Migration : public testing::Test {
protected:
    // Events 1 to 6 of rooms 1 and 2: 1 delivered, 2 dead, 3 with two attempts, 4 waiting, 5 dead of a hook that nobody
    // remembers, 6 parked.
    void make_schema_1() const {
        std::string text = kSchema1;
        const auto at = std::to_string(kNow);
        const auto event = [&](int seq, int first, const char* name) {
            const auto id = std::to_string(seq);
            text += "INSERT INTO event VALUES(" + id + "," + at + "," + std::to_string(first) + "," +
                    (first == 0 ? "0" : "1") + ",CAST('" + name + "' AS BLOB),CAST('EV_" + id +
                    "' AS BLOB),CAST('body " + id + "' AS BLOB));";
        };
        const auto delivery = [&](int id, int hook, int state, int attempts, const char* code) {
            const auto text_id = std::to_string(id);
            text += "INSERT INTO delivery VALUES(" + text_id + "," + text_id + "," + std::to_string(hook) + ",77," +
                    at + "," + std::to_string(state) + "," + std::to_string(attempts) + "," +
                    (attempts == 2 ? at : "0") + "," +
                    (code == nullptr ? "0,NULL" : at + ",CAST('" + code + "' AS BLOB)") + ");";
        };
        event(1, 1, "participant_joined");
        event(2, 2, "participant_joined");
        event(3, 3, "track_published");
        event(4, 4, "participant_left");
        event(5, 5, "participant_left");
        event(6, 0, "room_started");
        delivery(1, 11, 2, 1, "status_200");
        delivery(2, 22, 3, 1, "status_400");
        delivery(3, 11, 1, 2, "status_503");
        delivery(4, 11, 1, 0, nullptr);
        delivery(5, 99, 3, 1, "hook_removed");
        text += "INSERT INTO room VALUES(1,CAST('sip-1' AS BLOB),CAST('RM_1' AS BLOB),3," + packed(11, "tenant-a") +
                "," + at + ",0);";
        text += "INSERT INTO room VALUES(4,CAST('sip-2' AS BLOB),CAST('RM_2' AS BLOB),1,x''," + at + ",0);";
        text += "INSERT INTO call VALUES(2,1,CAST('SCL_1' AS BLOB)," + packed(11, "tenant-a") + ");";
        text += "INSERT INTO call VALUES(5,1,CAST('SCL_9' AS BLOB)," + packed(22, "tenant-b") + ");";
        text += "INSERT INTO participant VALUES(3,1,CAST('PA_1' AS BLOB),2);";
        text += "INSERT INTO parked VALUES(6,4);";
        text += "INSERT INTO meta VALUES(1,7),(2,6),(4,2),(101,12345);";
        text +=
            "INSERT INTO hook VALUES(CAST('a.example' AS BLOB),CAST('https://a.example/' AS BLOB),CAST('tenant-a' "
            "AS BLOB),x'',x'');";
        sql(file_, text);
        ASSERT_EQ(number(file_, "PRAGMA user_version"), 1);
    }

    void make_schema_2() const {
        make_schema_1();
        sql(file_, kSchema2);
        ASSERT_EQ(number(file_, "PRAGMA user_version"), 2);
    }

    void expect_everything(OutboxDriver& driver) const {
        const auto all = driver.all_of(11);
        ASSERT_EQ(all.size(), 2u);
        EXPECT_EQ(all[0].event_id, "EV_3");
        EXPECT_EQ(all[0].attempts, 2u);
        EXPECT_EQ(all[0].due_ms, kNow);
        EXPECT_EQ(all[1].event_id, "EV_4");
        EXPECT_EQ(all[1].body, "body 4");
        EXPECT_EQ(driver.outbox().figures().dead, 2u);
        EXPECT_EQ(driver.outbox().figures().parked, 1u);
        EXPECT_EQ(driver.outbox().mark(Mark::provisioned).value(), 12345);
        EXPECT_EQ(number(file_, "PRAGMA user_version"), kSchemaVersion);
    }

    TemporaryFolder folder_;
    std::string file_ = folder_.file("store.db");
    testkit::FakeHost host_;
};

TEST_F(Migration, KeepsBacklogRegistryMarksAndHooks) {
    make_schema_1();
    EXPECT_TRUE(check_store(file_));
    EXPECT_EQ(number(file_, "PRAGMA user_version"), 1) << "a look changed it";
    {
        OutboxDriver driver(maker_at(file_, 0));
        expect_everything(driver);
        driver.restart();
        expect_everything(driver);
        EXPECT_EQ(driver.send({{.id = "EV_1"}}), Disposition::duplicate);
        // The call, its participant and the parked event of the other room are remembered.
        const auto done = driver.commit(
            {{{.id = "EV_7", .name = "track_published", .room = "sip-1", .sid = "RM_1", .participant = "PA_1"}},
             {{.id = "EV_8", .room = "sip-2", .sid = "RM_2", .call = "SCL_2"}, {testkit::kTenantB}}});
        ASSERT_EQ(done.ready.size(), 3u);
        EXPECT_EQ(done.ready[0].hook, 11u);
        EXPECT_EQ(done.ready[0].id, 6u);
        EXPECT_EQ(done.ready[1].event_id, "EV_6");
        EXPECT_EQ(done.ready[2].hook, 22u);
        const auto released = driver.outbox().look_up(done.ready[1].id, {});
        ASSERT_TRUE(released);
        EXPECT_EQ(released.value().delivery.call, "SCL_2");
    }
    SqliteHookStore hooks(file_);
    ASSERT_TRUE(hooks.start());
    const auto table = hooks.load();
    ASSERT_TRUE(table);
    ASSERT_EQ(table.value().size(), 1u);
    EXPECT_EQ(table.value()[0].auth_id, "tenant-a");
    hooks.stop();
    EXPECT_TRUE(check_store(file_));
}

TEST_F(Migration, ASecondSchemaKeepsItsBacklogAndItsIds) {
    make_schema_2();
    EXPECT_TRUE(check_store(file_));
    // Unmatched ones are in a table of their own: one of now, one that is too old to count, one behind the last event.
    const auto at = [](std::int64_t minutes) { return std::to_string(kNow - minutes * 60'000); };
    const auto hash = [](const char* id) {
        const IdHash made = hash_id(id);
        return std::to_string(static_cast<std::int64_t>(made.high)) + "," +
               std::to_string(static_cast<std::int64_t>(made.low));
    };
    sql(file_, "UPDATE event SET at=" + at(20) + " WHERE seq=1; INSERT INTO seen VALUES(-2," + at(11) + "," +
                   hash("EV_old") + "),(7," + at(0) + "," + hash("EV_unmatched") + "),(8," + at(0) + "," +
                   hash("EV_last") + ")");
    OutboxDriver driver(maker_at(file_, 0));
    expect_everything(driver);
    for (const char* id : {"EV_2", "EV_6", "EV_unmatched", "EV_last"})
        EXPECT_EQ(driver.send({{.id = id}}), Disposition::duplicate) << id;
    for (const char* id : {"EV_1", "EV_old"}) EXPECT_NE(driver.send({{.id = id}}), Disposition::duplicate) << id;
    driver.restart();
    EXPECT_EQ(driver.all_of(11).size(), 2u);
    for (const char* id : {"EV_1", "EV_2", "EV_6", "EV_unmatched", "EV_last", "EV_old"})
        EXPECT_EQ(driver.send({{.id = id}}), Disposition::duplicate) << id;
    EXPECT_TRUE(check_store(file_));
}

TEST_F(Migration, ASecondSchemaOnAFullDiskStaysAsItWas) {
    make_schema_2();
    {
        FaultyDisk disk;
        disk.fill();
        SqliteOutbox outbox({.path = file_, .reserve_bytes = 0}, host_);
        EXPECT_EQ(outbox.start().code(), Code::unavailable);
        disk.heal();
    }
    EXPECT_EQ(number(file_, "PRAGMA user_version"), 2);
    OutboxDriver driver(maker_at(file_, 0));
    expect_everything(driver);
}

TEST_F(Migration, TheLogKnowsOldDeliveriesAndWhoseTheyAre) {
    make_schema_1();
    OutboxDriver driver(maker_at(file_, 0));
    const auto ids = [&](LogFilter filter) {
        std::vector<DeliveryId> found;
        const auto page = driver.outbox().list({.filter = std::move(filter), .before = 0, .limit = 50});
        EXPECT_TRUE(page);
        for (const auto& each : page.value().deliveries) found.push_back(each.id);
        return found;
    };
    using Ids = std::vector<DeliveryId>;
    EXPECT_EQ(ids({}), (Ids{5, 4, 3, 2, 1}));
    EXPECT_EQ(ids({.tenant = "tenant-a"}), (Ids{4, 3, 1}));
    EXPECT_EQ(ids({.tenant = "tenant-b"}), (Ids{2}));
    EXPECT_EQ(ids({.tenant = ""}), (Ids{5}));
    EXPECT_EQ(ids({.event = "participant_left"}), (Ids{5, 4}));
    EXPECT_EQ(ids({.state = DeliveryState::dead}), (Ids{5, 2}));
    EXPECT_EQ(ids({.tenant = "tenant-b", .state = DeliveryState::dead}), (Ids{2}));
    const auto again = driver.outbox().requeue(2, TenantScope("tenant-b"), kNow + 1);
    ASSERT_TRUE(again) << again.status().message();
    EXPECT_EQ(again.value().event_id, "EV_2");
    EXPECT_EQ(driver.outbox().look_up(again.value().id, TenantScope("tenant-b")).value().delivery.tenant, "tenant-b");
    EXPECT_EQ(driver.outbox().figures().dead, 1u);
    // Over summaries of blocks, too.
    for (int i = 100; i < 1300; ++i) driver.commit({event_of(i, 10)});
    driver.maintain_all();
    EXPECT_EQ(ids({.tenant = "tenant-b"}), (Ids{6, 2}));
    EXPECT_EQ(ids({.hook = 11, .event = "participant_left"}).back(), 4u);
}

TEST_F(Migration, HookTableAndOutboxOpeningAtOnceBothFindTheNewSchema) {
    make_schema_1();
    SqliteHookStore hooks(file_);
    ASSERT_TRUE(hooks.start());
    EXPECT_EQ(hooks.load().value().size(), 1u);
    OutboxDriver driver(maker_at(file_, 0));
    expect_everything(driver);
    hooks.stop();
}

TEST_F(Migration, AKillAnywhereLeavesOneSchemaOrTheOtherAndLosesNothing) {
    std::set<std::int64_t> seen;
    for (int delay_us = 0; delay_us < 12'000; delay_us += 400) {
        std::filesystem::remove(file_);
        std::filesystem::remove(file_ + "-wal");
        std::filesystem::remove(file_ + "-shm");
        make_schema_1();
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            SqliteOutbox outbox({.path = file_, .reserve_bytes = 0}, host_);
            static_cast<void>(outbox.start());
            while (true) ::pause();
        }
        ::usleep(static_cast<useconds_t>(delay_us));
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        seen.insert(number(file_, "PRAGMA user_version"));
        OutboxDriver driver(maker_at(file_, 0));
        expect_everything(driver);
    }
    for (const auto version : seen) EXPECT_TRUE(version == 1 || version == kSchemaVersion) << version;
}

TEST_F(Migration, AFullDiskLeavesTheOldSchemaAsItWas) {
    make_schema_1();
    {
        FaultyDisk disk;
        disk.fill();
        SqliteOutbox outbox({.path = file_, .reserve_bytes = 0}, host_);
        EXPECT_EQ(outbox.start().code(), Code::unavailable);
        disk.heal();
    }
    EXPECT_EQ(number(file_, "PRAGMA user_version"), 1);
    OutboxDriver driver(maker_at(file_, 0));
    expect_everything(driver);
}

TEST_F(Migration, OldAndNewFilesHaveTheSameTables) {
    make_schema_1();
    const std::string fresh = folder_.file("fresh.db");
    for (const auto& path : {file_, fresh}) {
        SqliteOutbox outbox({.path = path, .reserve_bytes = 0}, host_);
        ASSERT_TRUE(outbox.start());
        outbox.stop();
    }
    const std::string columns =
        "FROM (SELECT m.name||' '||p.name||' '||p.type||p.\"notnull\"||coalesce(p.dflt_value,'')||p.pk AS c "
        "FROM sqlite_master m, pragma_table_info(m.name) p UNION ALL SELECT sql FROM sqlite_master WHERE type='index')";
    EXPECT_EQ(text_of(file_, "SELECT group_concat(c,';') FROM (SELECT c " + columns + " ORDER BY c)"),
              text_of(fresh, "SELECT group_concat(c,';') FROM (SELECT c " + columns + " ORDER BY c)"));
}

}  // namespace
}  // namespace switchhook::store_sqlite
