// The schema: hot tables have integer keys and one index, of what waits: it is small whenever a commit is in a hurry (a
// unique index on the event's id alone would cost three quarters of the throughput). What is looked up by other keys is
// kept in memory and rebuilt at start.
#pragma once

#include <optional>
#include <string>

#include <switchhook/result.hpp>

#include "database.hpp"

namespace switchhook::store_sqlite {

inline constexpr std::int64_t kSchemaVersion = 3;  // PRAGMA user_version

// Numbers in table meta.
enum class Meta : std::int64_t {
    next_event = 1,     // event numbers below were given out, also those of rows that are gone
    next_delivery = 2,  // the same for deliveries
    settled_below = 3,  // no delivery below is waiting: where the search for the oldest begins
    dead = 4,           // dead letters, of schema 1
    next_block = 5,     // blocks of deliveries below have their summary
    marks = 100,        // and above: core's numbers (Mark)
};

// Opens for writing, with every durability setting, and creates or checks the schema.
Result<Database> open_store(const std::string& path);

// Looks without changing or creating anything. A missing or empty file is well.
Status check_store(const std::string& path);

// Opens a store that check_store finds well for reading, beside whoever writes it, changing and creating nothing;
// nothing when there is no store yet.
Result<std::optional<Database>> look_into_store(const std::string& path);

}  // namespace switchhook::store_sqlite
