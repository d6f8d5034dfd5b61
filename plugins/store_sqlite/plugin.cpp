// The door of store_sqlite: `storage: { use: sqlite, path: ... }`.
#include <switchhook/plugin.hpp>

#include "hook_table.hpp"
#include "outbox.hpp"

namespace {

using namespace switchhook;

// Both components take all of them, so that one storage block serves both.
constexpr Setting kSettings[] = {
    {"path", SettingType::path, nullptr, "The database file; its log, lock and reserve lie beside it."},
    {"park", SettingType::duration, "30s", "How long events of an unknown call are kept after their room finished.", 0,
     24 * 3'600'000},
    {"park_events", SettingType::integer, "100000", "How many events of unknown calls are kept; the oldest go first.",
     1, 10'000'000},
    {"keep", SettingType::duration, "24h", "How long delivered events are kept.", 0, INT64_C(366) * 24 * 3'600'000},
    {"keep_bytes", SettingType::bytes, "1GiB", "Above this size of the database delivered events go, oldest first.",
     1 << 20},
    {"dead_letters", SettingType::integer, "100000",
     "How many dead letters of one tenant are kept; the oldest go first.", 0, 100'000'000},
    {"dead_keep", SettingType::duration, "30d", "How long dead letters are kept.", 0, INT64_C(366) * 24 * 3'600'000},
    {"reserve_bytes", SettingType::bytes, "64MiB",
     "Disk space set aside for settling and deleting on a full disk; at most an eighth of the file system.", 0,
     INT64_C(1) << 40},
};

}  // namespace

SWITCHHOOK_PLUGIN("store_sqlite", SWITCHHOOK_VERSION,
                  component<store_sqlite::SqliteOutbox>("sqlite", "Events and deliveries in one SQLite file.",
                                                        kSettings),
                  component<store_sqlite::SqliteHookStore>("sqlite", "Hooks in a table of the same SQLite file.",
                                                           kSettings))
