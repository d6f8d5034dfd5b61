// Migration: takes a store of an older schema to this one, whole or not at all.
#pragma once

#include <switchhook/result.hpp>

#include "database.hpp"

namespace switchhook::store_sqlite {

// Does nothing on a store of this schema. Killed at any instant, or out of space, it leaves the older one.
Status migrate(Database& database);

// The tables of the log and the number of the schema; within the caller's transaction.
Status add_log_tables(Database& database);

}  // namespace switchhook::store_sqlite
