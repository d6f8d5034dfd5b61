// Migration: takes a store of an older schema to this one, whole or not at all.
#pragma once

#include <switchhook/result.hpp>

#include "database.hpp"

namespace switchhook::store_sqlite {

// Does nothing on a store of this schema. Killed at any instant, or out of space, it leaves the older one.
Status migrate(Database& database);

// What the versions after the first have added, and the number of the schema; within the caller's transaction, which
// has made the tables of schema 1 without those that are gone.
Status complete_schema(Database& database);

}  // namespace switchhook::store_sqlite
