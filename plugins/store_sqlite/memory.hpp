// Memory: what the outbox keeps beside its file to decide without an index, and how it is read at start.
#pragma once

#include <cstdint>

#include "database.hpp"
#include "id_window.hpp"
#include "registry.hpp"
#include "waiting.hpp"

namespace switchhook::store_sqlite {

struct Memory {
    explicit Memory(const Registry::Limits& limits) : registry(limits) {}

    Registry registry;
    IdWindow ids;
    Waiting waiting;
    RowId next_event = 1;
    DeliveryId next_delivery = 1;
    DeliveryId settled_below = 1;  // as written down
    std::int64_t dead = 0;
    std::int64_t latest_ms = 0;  // the largest time of any call or row: shows that the clock went back
};

Result<Memory> load(Database& database, const Registry::Limits& limits);

}  // namespace switchhook::store_sqlite
