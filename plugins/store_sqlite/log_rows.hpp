// LogRows: the statements of what is beside the hot tables: tenants, dead letters, summaries of blocks, requeue jobs,
// pauses. They run in the transactions of Rows and share their first failure. One thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <switchhook/outbox.hpp>

#include "database.hpp"
#include "rows.hpp"

namespace switchhook::store_sqlite {

inline constexpr char kJobColumns[] =
    "id,state,began,ended,requeued,reached,last,tenant,hook,call,name,wanted,since,until";
// The current row of a query for these columns.
RequeueJob read_job(const Statement& row);

class LogRows final {
public:
    static Result<LogRows> prepare(Database& database);

    void add_tenant(Rows& rows, std::int64_t number, std::string_view name);
    void set_dead(Rows& rows, std::int64_t tenant, std::int64_t letters);
    // Whose a delivery is; those of schema 1 do not say it themselves.
    std::int64_t tenant_of(Rows& rows, const StoredDelivery& delivery);

    void add_dead(Rows& rows, std::int64_t tenant, DeliveryId id, std::int64_t at_ms);
    void remove_dead(Rows& rows, std::int64_t tenant, DeliveryId id);
    std::vector<std::pair<DeliveryId, std::int64_t>> oldest_dead(Rows& rows, std::int64_t tenant, std::size_t limit);

    // A new delivery of the same event, and the old one's word of it.
    void requeue(Rows& rows, const StoredDelivery& old, DeliveryId id, std::int64_t now_ms);

    // Writes the summary of that block; nothing when nothing is left of it.
    void sum_up(Rows& rows, std::int64_t block);
    // The first delivery at or behind `id`; 0: none.
    DeliveryId delivery_from(Rows& rows, DeliveryId id);

    void put(Rows& rows, const RequeueJob& job);
    void remove_job(Rows& rows, JobId id);
    void pause(Rows& rows, const Paused& paused);
    void resume(Rows& rows, HookId hook);

private:
    Statement add_tenant_, set_dead_, owner_, add_dead_, remove_dead_, oldest_dead_, copy_, requeued_, block_rows_,
        event_name_, put_block_, next_, put_job_, remove_job_, pause_, resume_;
};

}  // namespace switchhook::store_sqlite
