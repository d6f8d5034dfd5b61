#include "log_rows.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "facets.hpp"

namespace switchhook::store_sqlite {

namespace {

std::int64_t column(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

}  // namespace

RequeueJob read_job(const Statement& row) {
    RequeueJob job;
    job.id = static_cast<JobId>(row.integer_at(0));
    job.state = static_cast<RequeueJob::State>(row.integer_at(1));
    job.began_ms = row.integer_at(2);
    job.ended_ms = row.integer_at(3);
    job.requeued = static_cast<std::uint64_t>(row.integer_at(4));
    job.reached = static_cast<DeliveryId>(row.integer_at(5));
    job.end = static_cast<DeliveryId>(row.integer_at(6));
    if (!row.null_at(7)) job.filter.tenant = std::string(row.bytes_at(7));
    job.filter.hook = static_cast<HookId>(row.integer_at(8));
    job.filter.call = row.bytes_at(9);
    job.filter.event = row.bytes_at(10);
    job.filter.state = static_cast<DeliveryState>(row.integer_at(11));
    job.filter.since_ms = row.integer_at(12);
    job.filter.until_ms = row.integer_at(13);
    return job;
}

Result<LogRows> LogRows::prepare(Database& database) {
    LogRows log;
    const std::string put_job =
        std::string("REPLACE INTO job(") + kJobColumns + ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
    const std::pair<Statement*, const char*> statements[] = {
        {&log.add_tenant_, "INSERT INTO tenant(id,name,dead) VALUES(?,?,0)"},
        {&log.set_dead_, "UPDATE tenant SET dead=? WHERE id=?"},
        {&log.owner_, "SELECT tenant FROM owner WHERE hook=?"},
        {&log.add_dead_, "REPLACE INTO dead(tenant,id,at) VALUES(?,?,?)"},
        {&log.remove_dead_, "DELETE FROM dead WHERE tenant=? AND id=?"},
        {&log.oldest_dead_, "SELECT id,at FROM dead WHERE tenant=? ORDER BY id LIMIT ?"},
        {&log.copy_,
         "INSERT INTO delivery(id,event,hook,stream,at,state,attempts,due,settled,tenant,name,call) "
         "VALUES(?,?,?,?,?,1,0,0,0,?,?,?)"},
        {&log.requeued_, "UPDATE delivery SET state=4,due=? WHERE id=?"},
        {&log.block_rows_, "SELECT event,hook,at,tenant,name,call FROM delivery WHERE id>=? AND id<? ORDER BY id"},
        {&log.event_name_, "SELECT name FROM event WHERE seq=?"},
        {&log.put_block_, "REPLACE INTO block(id,low,high,facets) VALUES(?,?,?,?)"},
        {&log.next_, "SELECT id FROM delivery WHERE id>=? ORDER BY id LIMIT 1"},
        {&log.put_job_, put_job.c_str()},
        {&log.remove_job_, "DELETE FROM job WHERE id=?"},
        {&log.pause_, "REPLACE INTO paused(hook,since,reason) VALUES(?,?,?)"},
        {&log.resume_, "DELETE FROM paused WHERE hook=?"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = database.prepare(sql);
        if (!prepared) return prepared.status();
        *statement = std::move(*prepared);
    }
    return log;
}

void LogRows::add_tenant(Rows& rows, std::int64_t number, std::string_view name) {
    rows.run(add_tenant_.integer(1, number).bytes(2, name));
}

void LogRows::set_dead(Rows& rows, std::int64_t tenant, std::int64_t letters) {
    rows.run(set_dead_.integer(1, letters).integer(2, tenant));
}

std::int64_t LogRows::tenant_of(Rows& rows, const StoredDelivery& delivery) {
    if (delivery.tenant != 0) return delivery.tenant;
    owner_.integer(1, column(delivery.hook));
    const std::int64_t tenant = rows.step(owner_) ? owner_.integer_at(0) : 0;
    owner_.done();
    return tenant;
}

void LogRows::add_dead(Rows& rows, std::int64_t tenant, DeliveryId id, std::int64_t at_ms) {
    rows.run(add_dead_.integer(1, tenant).integer(2, column(id)).integer(3, at_ms));
}

void LogRows::remove_dead(Rows& rows, std::int64_t tenant, DeliveryId id) {
    rows.run(remove_dead_.integer(1, tenant).integer(2, column(id)));
}

std::vector<std::pair<DeliveryId, std::int64_t>> LogRows::oldest_dead(Rows& rows, std::int64_t tenant,
                                                                      std::size_t limit) {
    std::vector<std::pair<DeliveryId, std::int64_t>> letters;
    oldest_dead_.integer(1, tenant).integer(2, static_cast<std::int64_t>(limit));
    while (rows.step(oldest_dead_))
        letters.emplace_back(static_cast<DeliveryId>(oldest_dead_.integer_at(0)), oldest_dead_.integer_at(1));
    oldest_dead_.done();
    return letters;
}

void LogRows::requeue(Rows& rows, const StoredDelivery& old, DeliveryId id, std::int64_t now_ms) {
    rows.run(copy_.integer(1, column(id))
                 .integer(2, old.event)
                 .integer(3, column(old.hook))
                 .integer(4, column(old.stream))
                 .integer(5, now_ms)
                 .integer(6, old.tenant)
                 .integer(7, old.name)
                 .integer(8, old.call));
    rows.run(requeued_.integer(1, column(id)).integer(2, column(old.id)));
}

void LogRows::sum_up(Rows& rows, std::int64_t block) {
    Facets facets;
    std::int64_t low = std::numeric_limits<std::int64_t>::max();
    std::int64_t high = std::numeric_limits<std::int64_t>::min();
    const std::int64_t first = block << kBlockBits;
    block_rows_.integer(1, first).integer(2, first + static_cast<std::int64_t>(kBlock));
    while (rows.step(block_rows_)) {
        StoredDelivery delivery;
        delivery.hook = static_cast<HookId>(block_rows_.integer_at(1));
        delivery.tenant = block_rows_.integer_at(3);
        low = std::min(low, block_rows_.integer_at(2));
        high = std::max(high, block_rows_.integer_at(2));
        std::int64_t name = block_rows_.integer_at(4);
        if (name == 0) {  // of schema 1
            event_name_.integer(1, block_rows_.integer_at(0));
            if (rows.step(event_name_)) name = name_key(event_name_.bytes_at(0));
            event_name_.done();
        }
        facets.add(Facet::tenant, tenant_of(rows, delivery));
        facets.add(Facet::hook, block_rows_.integer_at(1));
        facets.add(Facet::name, name);
        facets.add(Facet::call, block_rows_.integer_at(5));
    }
    block_rows_.done();
    if (low > high) return;
    const std::string packed = facets.packed();
    rows.run(put_block_.integer(1, block).integer(2, low).integer(3, high).bytes(4, packed));
}

DeliveryId LogRows::delivery_from(Rows& rows, DeliveryId id) {
    next_.integer(1, column(id));
    const DeliveryId found = rows.step(next_) ? static_cast<DeliveryId>(next_.integer_at(0)) : 0;
    next_.done();
    return found;
}

void LogRows::put(Rows& rows, const RequeueJob& job) {
    put_job_.integer(1, column(job.id))
        .integer(2, static_cast<std::int64_t>(job.state))
        .integer(3, job.began_ms)
        .integer(4, job.ended_ms)
        .integer(5, column(job.requeued))
        .integer(6, column(job.reached))
        .integer(7, column(job.end));
    if (job.filter.tenant)
        put_job_.bytes(8, *job.filter.tenant);
    else
        put_job_.null(8);
    rows.run(put_job_.integer(9, column(job.filter.hook))
                 .bytes(10, job.filter.call)
                 .bytes(11, job.filter.event)
                 .integer(12, static_cast<std::int64_t>(job.filter.state.value_or(DeliveryState::dead)))
                 .integer(13, job.filter.since_ms)
                 .integer(14, job.filter.until_ms));
}

void LogRows::remove_job(Rows& rows, JobId id) {
    rows.run(remove_job_.integer(1, column(id)));
}

void LogRows::pause(Rows& rows, const Paused& paused) {
    rows.run(pause_.integer(1, column(paused.hook)).integer(2, paused.since_ms).bytes(3, paused.reason));
}

void LogRows::resume(Rows& rows, HookId hook) {
    rows.run(resume_.integer(1, column(hook)));
}

}  // namespace switchhook::store_sqlite
