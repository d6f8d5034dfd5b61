#include "migration.hpp"

#include <map>
#include <string>

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
PRAGMA user_version = 2;
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
    if (Status status = add_log_tables(database); !status) return status;
    const auto owners = known_owners(database);
    if (!owners) return owners.status();
    if (Status status = write_owners(database, *owners); !status) return status;
    return database.run(kMoveDeadLetters);
}

}  // namespace

Status add_log_tables(Database& database) {
    return database.run(kLogTables);
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
    if (status && *version == 1) status = to_2(database);
    if (status) status = database.run("COMMIT");
    if (!status) database.roll_back();
    return status;
}

}  // namespace switchhook::store_sqlite
