// Memory: what the outbox keeps beside its file to decide without an index, and how it is read at start.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database.hpp"
#include "id_window.hpp"
#include "registry.hpp"
#include "waiting.hpp"

namespace switchhook::store_sqlite {

// Whose deliveries there are. A tenant's place is its number in the file; the first has no name.
class Tenants final {
public:
    struct Tenant {
        std::string name;
        std::int64_t dead = 0;       // letters
        std::int64_t oldest_ms = 0;  // when the first of them died; 0: not looked at
    };

    std::optional<std::int64_t> number(std::string_view name) const;
    std::int64_t add(std::string name, std::int64_t dead = 0);
    void take_back();  // the one that was added last
    std::vector<Tenant>& all() { return all_; }
    const std::vector<Tenant>& all() const { return all_; }

private:
    std::vector<Tenant> all_;
    std::map<std::string, std::int64_t, std::less<>> numbers_;
};

// What new events are decided by: as much as there is in the file.
struct Loaded {
    explicit Loaded(const Registry::Limits& limits) : registry(limits) {}

    Registry registry;
    IdWindow ids;
    Waiting waiting;
    std::int64_t latest_ms = 0;  // the largest time of any call or row: shows that the clock went back
};

struct Memory : Loaded {
    using Loaded::Loaded;

    RowId next_event = 1;
    DeliveryId next_delivery = 1;
    DeliveryId settled_below = 1;  // as written down
    Tenants tenants;
    std::int64_t dead = 0;         // letters of all
    std::int64_t next_block = 0;   // those before have their summary
    std::vector<RequeueJob> jobs;  // that run
};

// The numbers, tenants and jobs: a few rows, whatever the store holds. The rest is empty.
Result<Memory> load_numbers(Database& database, const Registry::Limits& limits);
// Given up when `stops` is set.
Result<Loaded> load_rest(Database& database, const Registry::Limits& limits, const std::atomic<bool>& stops);

}  // namespace switchhook::store_sqlite
