#include "migration.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "id_window.hpp"
#include "registry.hpp"
#include "rows.hpp"
#include "schema.hpp"

namespace switchhook::store_sqlite {

namespace {

// tenant 0 is the one without a name; its rows of schema 1 may belong to the one that `owner` says.
constexpr char kLogTables[] = R"(
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
INSERT INTO tenant(id,name,dead) VALUES(0,x'',0);
)";

// The index holds what waits and nothing else: a page or two, unless there is a backlog. `state` is in it so that it
// answers alone. A row of ids is a group's: its ids, packed, numbered from `first`.
constexpr char kStartTables[] = R"(
CREATE INDEX waiting ON delivery(hook, state) WHERE state=1;
CREATE TABLE ids(first INTEGER PRIMARY KEY, at INTEGER NOT NULL, hashes BLOB NOT NULL);
)";

// Added at the end of a row that stands: no row is written anew, whatever their number.
constexpr char kWiden[] = R"(
ALTER TABLE event ADD COLUMN call BLOB;
ALTER TABLE delivery ADD COLUMN tenant INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN name INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN call INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hook ADD COLUMN retry BLOB NOT NULL DEFAULT x'';
ALTER TABLE hook ADD COLUMN concurrency INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hook ADD COLUMN per_second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hook ADD COLUMN burst INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hook ADD COLUMN max_age BLOB NOT NULL DEFAULT x'';
)";

constexpr char kMoveDeadLetters[] = R"(
INSERT INTO dead(tenant,id,at) SELECT coalesce((SELECT tenant FROM owner WHERE owner.hook=delivery.hook),0),id,settled
    FROM delivery WHERE state=3 ORDER BY 1,2;
UPDATE tenant SET dead=(SELECT count(*) FROM dead WHERE dead.tenant=tenant.id);
DELETE FROM meta WHERE key=4;
)";

// Schema 1 knew a delivery's hook alone; rooms and calls remember whose hooks they were.
Result<std::map<HookId, std::string>> known_owners(Database& database) {
    std::map<HookId, std::string> owners;
    for (const char* sql : {"SELECT hooks FROM room ORDER BY id", "SELECT hooks FROM call ORDER BY id"}) {
        auto rows = database.prepare(sql);
        if (!rows) return rows.status();
        while (true) {
            const auto row = rows->step();
            if (!row) return row.status();
            if (!*row) break;
            const auto targets = unpack(rows->bytes_at(0));
            if (!targets || *targets == nullptr) continue;
            for (const auto& target : **targets) owners[target.hook] = target.tenant;
        }
    }
    return owners;
}

Status write_owners(Database& database, const std::map<HookId, std::string>& owners) {
    auto tenant = database.prepare("INSERT INTO tenant(id,name,dead) VALUES(?,?,0)");
    if (!tenant) return tenant.status();
    auto owner = database.prepare("INSERT INTO owner(hook,tenant) VALUES(?,?)");
    if (!owner) return owner.status();
    std::map<std::string, std::int64_t> numbers{{"", 0}};
    for (const auto& [hook, name] : owners) {
        const auto [known, is_new] = numbers.try_emplace(name, static_cast<std::int64_t>(numbers.size()));
        if (is_new)
            if (Status status = tenant->integer(1, known->second).bytes(2, name).run(); !status) return status;
        if (known->second == 0) continue;
        if (Status status = owner->integer(1, static_cast<std::int64_t>(hook)).integer(2, known->second).run(); !status)
            return status;
    }
    return {};
}

Status to_2(Database& database) {
    if (Status status = database.run(kWiden); !status) return status;
    if (Status status = database.run(kLogTables); !status) return status;
    const auto owners = known_owners(database);
    if (!owners) return owners.status();
    if (Status status = write_owners(database, *owners); !status) return status;
    return database.run(kMoveDeadLetters);
}

// Ids were those of the events, and of table seen when there is no event any more.
Status move_ids(Database& database) {
    struct Id {
        std::int64_t seq;
        std::int64_t at_ms;
        IdHash hash;
    };
    std::vector<Id> ids;
    std::int64_t latest_ms = 0;
    const auto read = [&](const char* sql, auto hash) -> Status {
        auto rows = database.prepare(sql);
        if (!rows) return rows.status();
        while (true) {
            const auto row = rows->step();
            if (!row) return row.status();
            if (!*row) return {};
            ids.push_back({rows->integer_at(0), rows->integer_at(1), hash(*rows)});
            latest_ms = std::max(latest_ms, ids.back().at_ms);
            if (ids.back().at_ms <= latest_ms - IdWindow::kRememberMs) return {};
        }
    };
    Status status = read("SELECT seq,at,id FROM event ORDER BY seq DESC",
                         [](const Statement& row) { return hash_id(row.bytes_at(2)); });
    if (status)
        status = read("SELECT seq,at,high,low FROM seen ORDER BY seq DESC", [](const Statement& row) {
            return IdHash{static_cast<std::uint64_t>(row.integer_at(2)), static_cast<std::uint64_t>(row.integer_at(3))};
        });
    if (!status) return status;
    std::ranges::sort(ids, {}, &Id::seq);
    auto insert = database.prepare("INSERT INTO ids(first,at,hashes) VALUES(?,?,?)");
    if (!insert) return insert.status();
    for (auto id = ids.begin(); id != ids.end();) {  // those of one commit have one time
        const Id first = *id;
        std::string hashes;
        for (; id != ids.end() && id->at_ms == first.at_ms; ++id) pack_id(hashes, id->hash);
        status = insert->integer(1, first.seq).integer(2, first.at_ms).bytes(3, hashes).run();
        if (!status) return status;
    }
    return {};
}

Status to_3(Database& database) {
    if (Status status = database.run(kStartTables); !status) return status;
    if (Status status = move_ids(database); !status) return status;
    return database.run("DROP TABLE seen");
}

Status set_version(Database& database) {
    return database.run(("PRAGMA user_version = " + std::to_string(kSchemaVersion)).c_str());
}

}  // namespace

Status complete_schema(Database& database) {
    if (Status status = database.run(kLogTables); !status) return status;
    if (Status status = database.run(kStartTables); !status) return status;
    return set_version(database);
}

Status migrate(Database& database) {
    auto version = database.number("PRAGMA user_version");
    if (!version) return version.status();
    if (*version == kSchemaVersion) return {};
    // Outbox and hook table open the same file: whoever holds the write lock looks again.
    Status status = database.run("BEGIN IMMEDIATE");
    if (!status) return status;
    version = database.number("PRAGMA user_version");
    status = version.status();
    if (status && *version < 2) status = to_2(database);
    if (status && *version < 3) status = to_3(database);
    if (status) status = set_version(database);
    if (status) status = database.run("COMMIT");
    if (!status) database.roll_back();
    return status;
}

}  // namespace switchhook::store_sqlite
