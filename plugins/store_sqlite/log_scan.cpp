#include "log_scan.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "facets.hpp"
#include "log_rows.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr char kColumns[] = "id,event,hook,stream,at,state,attempts,due,settled,code,tenant,name,call";
enum Column : std::uint8_t {
    kId,
    kEvent,
    kHook,
    kStream,
    kAt,
    kState,
    kAttempts,
    kDue,
    kSettled,
    kCode,
    kTenant,
    kName,
    kCall
};

constexpr std::size_t kBlockWork = 4;  // of a block that is passed over, in rows
constexpr std::size_t kListed = 512;   // ids of a list that are read at once

std::int64_t column(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

DeliveryId id_at(const Statement& row) {
    return static_cast<DeliveryId>(row.integer_at(kId));
}

}  // namespace

struct LogScan::Wanted {
    const LogFilter& filter;
    std::optional<std::int64_t> tenant;
    std::int64_t name = 0;
    std::int64_t call = 0;
};

struct LogScan::Walk {
    const Course& course;
    const Wanted& wanted;
    const WaitingIds& waiting_ids;
    DeliveryId at = 0;
    Statement* row = nullptr;       // the statement that stands on the current row
    DeliveryId standing = 0;        // rows in order: the id it stands on
    std::deque<DeliveryId> listed;  // lists: ids read and not looked at
    bool list_ends = false;

    bool down() const { return course.direction == Direction::down; }
    bool beyond(DeliveryId id) const { return down() ? id < at : id > at; }
};

Result<LogScan> LogScan::prepare(Database& database) {
    LogScan scan;
    const std::string select = std::string("SELECT ") + kColumns + " FROM delivery WHERE ";
    const std::string down = select + "id<? ORDER BY id DESC";
    const std::string up = select + "id>? ORDER BY id";
    const std::string one = select + "id=?";
    const std::string job = std::string("SELECT ") + kJobColumns + " FROM job WHERE id=?";
    const std::pair<Statement*, const char*> statements[] = {
        {&scan.down_, down.c_str()},
        {&scan.up_, up.c_str()},
        {&scan.one_, one.c_str()},
        {&scan.block_, "SELECT low,high,facets FROM block WHERE id=?"},
        {&scan.event_, "SELECT name,id,call FROM event WHERE seq=?"},
        {&scan.body_, "SELECT body FROM event WHERE seq=?"},
        {&scan.attempts_,
         "SELECT number,at,resolved,connected,secured,answered,took,status,code,address,answer FROM attempt "
         "WHERE id>=? AND id<? ORDER BY id"},
        {&scan.tenants_, "SELECT id FROM tenant WHERE name=?"},
        {&scan.tenant_name_, "SELECT name FROM tenant WHERE id=?"},
        {&scan.tenants_dead_, "SELECT id FROM tenant WHERE dead>0"},
        {&scan.dead_down_, "SELECT id FROM dead WHERE tenant=? AND id<? ORDER BY id DESC LIMIT ?"},
        {&scan.dead_up_, "SELECT id FROM dead WHERE tenant=? AND id>? ORDER BY id LIMIT ?"},
        {&scan.owner_, "SELECT tenant FROM owner WHERE hook=?"},
        {&scan.waiting_down_,
         "SELECT id FROM delivery INDEXED BY waiting WHERE hook=? AND state=1 AND id<? ORDER BY id DESC LIMIT ?"},
        {&scan.job_, job.c_str()},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = database.prepare(sql);
        if (!prepared) return prepared.status();
        *statement = std::move(*prepared);
    }
    return scan;
}

bool LogScan::step(Statement& statement) {
    if (!status_) return false;
    const auto row = statement.step();
    if (!row) status_ = row.status();
    return row && *row;
}

Status LogScan::take_status() {
    return std::exchange(status_, Status{});
}

Result<LogScan::Found> LogScan::scan(const LogFilter& filter, const Course& course, const WaitingIds& waiting_ids) {
    Wanted wanted{.filter = filter, .tenant = {}, .name = name_key(filter.event), .call = call_key(filter.call)};
    Found found{.deliveries = {}, .reached = course.from, .whole = false};
    if (filter.tenant) wanted.tenant = number_of(*filter.tenant);
    if (filter.tenant && !wanted.tenant) found.whole = true;  // it never had one
    Walk walk{.course = course, .wanted = wanted, .waiting_ids = waiting_ids, .at = course.from, .listed = {}};
    std::int64_t block = -1;
    for (std::size_t work = 0; !found.whole && work < course.work; ++work) {
        if (!next(walk) || (!walk.down() && id_at(*walk.row) > course.last)) {
            found.whole = true;
            break;
        }
        const DeliveryId id = id_at(*walk.row);
        if (const std::int64_t now = block_of(id); now != block) {
            block = now;
            if (!may_match(wanted, block)) {
                const auto first = static_cast<DeliveryId>(block) << kBlockBits;
                walk.at = walk.down() ? first : first + kBlock - 1;
                found.reached = walk.at;
                work += kBlockWork;
                continue;
            }
        }
        walk.at = id;
        auto one = matches(wanted, *walk.row) ? logged(wanted, *walk.row) : std::nullopt;
        if (one && found.deliveries.size() == course.limit) break;  // there is more; it comes with the next page
        found.reached = id;
        if (one) found.deliveries.push_back(std::move(*one));
    }
    down_.done();
    up_.done();
    one_.done();
    if (Status status = take_status(); !status) return status;
    return found;
}

// Moves to the next candidate beyond walk.at.
bool LogScan::next(Walk& walk) {
    if (is_listed(walk)) return next_listed(walk);
    Statement& rows = walk.down() ? down_ : up_;
    if (walk.row == nullptr || walk.standing != walk.at) {
        rows.done();
        rows.integer(1, column(walk.at));
        walk.row = &rows;
    }
    if (!step(rows)) return false;
    walk.standing = id_at(rows);
    return true;
}

bool LogScan::is_listed(const Walk& walk) const {
    const auto& filter = walk.wanted.filter;
    if (filter.state == DeliveryState::waiting) return walk.down() && (filter.hook != 0 || walk.waiting_ids);
    return filter.state == DeliveryState::dead;
}

std::vector<DeliveryId> LogScan::waiting_ids(const Walk& walk) {
    const HookId hook = walk.wanted.filter.hook;
    if (hook == 0) return walk.waiting_ids(walk.at, kListed);
    std::vector<DeliveryId> ids;
    waiting_down_.integer(1, column(hook)).integer(2, column(walk.at)).integer(3, kListed);
    while (step(waiting_down_)) ids.push_back(static_cast<DeliveryId>(waiting_down_.integer_at(0)));
    waiting_down_.done();
    return ids;
}

bool LogScan::next_listed(Walk& walk) {
    walk.row = &one_;
    while (status_) {
        while (!walk.listed.empty() && !walk.beyond(walk.listed.front())) walk.listed.pop_front();
        if (walk.listed.empty()) {
            if (walk.list_ends) return false;
            const auto ids =
                walk.wanted.filter.state == DeliveryState::dead ? dead_ids(walk.wanted, walk) : waiting_ids(walk);
            if (ids.empty()) return false;
            walk.list_ends = walk.wanted.filter.state != DeliveryState::dead && ids.size() < kListed;
            walk.listed.assign(ids.begin(), ids.end());
            continue;
        }
        one_.done();
        one_.integer(1, column(walk.listed.front()));
        walk.listed.pop_front();
        if (step(one_)) return true;  // else it is gone, or not in this snapshot
    }
    return false;
}

// Each tenant has its own list; of several, as far as all of them were read.
std::vector<DeliveryId> LogScan::dead_ids(const Wanted& wanted, const Walk& walk) {
    std::vector<std::int64_t> tenants;
    if (wanted.tenant) {
        tenants.push_back(*wanted.tenant);
    } else {
        while (step(tenants_dead_)) tenants.push_back(tenants_dead_.integer_at(0));
        tenants_dead_.done();
    }
    Statement& list = walk.down() ? dead_down_ : dead_up_;
    const std::size_t each = std::max<std::size_t>(kListed / std::max<std::size_t>(tenants.size(), 1), 16);
    std::vector<DeliveryId> ids;
    std::optional<DeliveryId> bound;
    for (const std::int64_t tenant : tenants) {
        std::size_t read = 0;
        list.integer(1, tenant).integer(2, column(walk.at)).integer(3, static_cast<std::int64_t>(each));
        for (; step(list); ++read) ids.push_back(id_at(list));
        list.done();
        if (read == each && (!bound || (walk.down() ? ids.back() > *bound : ids.back() < *bound))) bound = ids.back();
    }
    if (bound) std::erase_if(ids, [&](DeliveryId id) { return walk.down() ? id < *bound : id > *bound; });
    if (walk.down())
        std::ranges::sort(ids, std::greater<>());
    else
        std::ranges::sort(ids);
    return ids;
}

bool LogScan::may_match(const Wanted& wanted, std::int64_t block) {
    block_.integer(1, block);
    bool may = true;
    if (step(block_)) {
        const auto& filter = wanted.filter;
        const auto packed = block_.bytes_at(2);
        // A call of schema 1 was not written down: its block holds the value 0.
        may = (filter.since_ms == 0 || block_.integer_at(1) >= filter.since_ms) &&
              (filter.until_ms == 0 || block_.integer_at(0) < filter.until_ms) &&
              (!wanted.tenant || may_hold(packed, Facet::tenant, *wanted.tenant)) &&
              (filter.hook == 0 || may_hold(packed, Facet::hook, column(filter.hook))) &&
              (wanted.name == 0 || may_hold(packed, Facet::name, wanted.name)) &&
              (wanted.call == 0 || may_hold(packed, Facet::call, wanted.call));
    }
    block_.done();
    return may;
}

bool LogScan::matches(const Wanted& wanted, const Statement& row) {
    const auto& filter = wanted.filter;
    if (filter.state && row.integer_at(kState) != static_cast<std::int64_t>(*filter.state)) return false;
    if (filter.hook != 0 && row.integer_at(kHook) != column(filter.hook)) return false;
    if (wanted.call != 0 && row.integer_at(kCall) != wanted.call) return false;
    if (wanted.name != 0 && row.integer_at(kName) != wanted.name && row.integer_at(kName) != 0) return false;
    if (filter.since_ms != 0 && row.integer_at(kAt) < filter.since_ms) return false;
    if (filter.until_ms != 0 && row.integer_at(kAt) >= filter.until_ms) return false;
    return !wanted.tenant || tenant_of(row) == *wanted.tenant;
}

// With the texts of its event; nothing when these are others than the keys said.
std::optional<LoggedDelivery> LogScan::logged(const Wanted& wanted, const Statement& row) {
    LoggedDelivery out{.id = id_at(row),
                       .hook = static_cast<HookId>(row.integer_at(kHook)),
                       .stream = static_cast<StreamId>(row.integer_at(kStream)),
                       .state = static_cast<DeliveryState>(row.integer_at(kState)),
                       .attempts = static_cast<std::uint32_t>(row.integer_at(kAttempts)),
                       .appended_ms = row.integer_at(kAt),
                       .due_ms = 0,
                       .settled_ms = row.integer_at(kSettled),
                       .successor = 0,
                       .code = std::string(row.bytes_at(kCode)),
                       .tenant = name_of(tenant_of(row)),
                       .event_id = {},
                       .event = {},
                       .call = {}};
    if (out.state == DeliveryState::waiting) out.due_ms = row.integer_at(kDue);
    if (out.state == DeliveryState::requeued) out.successor = static_cast<DeliveryId>(row.integer_at(kDue));
    event_.integer(1, row.integer_at(kEvent));
    if (step(event_)) {
        out.event = event_.bytes_at(0);
        out.event_id = event_.bytes_at(1);
        out.call = event_.bytes_at(2);
    }
    event_.done();
    const auto& filter = wanted.filter;
    if (!filter.event.empty() && out.event != filter.event) return std::nullopt;
    if (!filter.call.empty() && out.call != filter.call) return std::nullopt;
    return out;
}

Result<DeliveryDetail> LogScan::look_up(DeliveryId id, const TenantScope& scope) {
    const Status unknown(Code::not_found, "no such delivery");
    if (id > kNewest) return unknown;
    const LogFilter filter;
    std::optional<DeliveryDetail> detail;
    one_.integer(1, column(id));
    if (step(one_) && (!scope || name_of(tenant_of(one_)) == *scope)) {
        detail.emplace();
        detail->delivery = *logged({.filter = filter, .tenant = {}}, one_);
        body_.integer(1, one_.integer_at(kEvent));
        if (step(body_)) detail->body = body_.bytes_at(0);
        body_.done();
        attempts_.integer(1, column(id << kAttemptBits)).integer(2, column((id + 1) << kAttemptBits));
        while (step(attempts_))
            detail->attempts.push_back({.number = static_cast<std::uint32_t>(attempts_.integer_at(0)),
                                        .at_ms = attempts_.integer_at(1),
                                        .resolved_us = static_cast<std::uint32_t>(attempts_.integer_at(2)),
                                        .connected_us = static_cast<std::uint32_t>(attempts_.integer_at(3)),
                                        .secured_us = static_cast<std::uint32_t>(attempts_.integer_at(4)),
                                        .answered_us = static_cast<std::uint32_t>(attempts_.integer_at(5)),
                                        .took_us = static_cast<std::uint32_t>(attempts_.integer_at(6)),
                                        .status = static_cast<int>(attempts_.integer_at(7)),
                                        .code = std::string(attempts_.bytes_at(8)),
                                        .address = std::string(attempts_.bytes_at(9)),
                                        .answer = std::string(attempts_.bytes_at(10))});
        attempts_.done();
        std::ranges::sort(detail->attempts, {}, &LoggedAttempt::number);
    }
    one_.done();
    if (Status status = take_status(); !status) return status;
    if (!detail) return unknown;
    return std::move(*detail);
}

Result<RequeueJob> LogScan::job(JobId id, const TenantScope& scope) {
    std::optional<RequeueJob> found;
    if (id <= kNewest) job_.integer(1, column(id));
    if (id <= kNewest && step(job_)) found = read_job(job_);
    job_.done();
    if (Status status = take_status(); !status) return status;
    if (!found || (scope && found->filter.tenant != scope)) return Status(Code::not_found, "no such job");
    return std::move(*found);
}

std::optional<std::int64_t> LogScan::number_of(std::string_view tenant) {
    tenants_.bytes(1, tenant);
    const auto number = step(tenants_) ? std::optional(tenants_.integer_at(0)) : std::nullopt;
    tenants_.done();
    return number;
}

std::int64_t LogScan::tenant_of(const Statement& row) {
    if (const auto tenant = row.integer_at(kTenant); tenant != 0) return tenant;
    owner_.integer(1, row.integer_at(kHook));
    const std::int64_t tenant = step(owner_) ? owner_.integer_at(0) : 0;
    owner_.done();
    return tenant;
}

const std::string& LogScan::name_of(std::int64_t tenant) {
    auto& name = names_[tenant];
    if (!name.empty() || tenant == 0) return name;
    tenant_name_.integer(1, tenant);
    if (step(tenant_name_)) name = tenant_name_.bytes_at(0);
    tenant_name_.done();
    return name;
}

}  // namespace switchhook::store_sqlite
