// LogScan: searches the log over one connection. Ids are walked in their order; blocks whose summary says that nothing
// of theirs can match are passed over, dead and waiting deliveries are found by their own lists, and the work of one
// call is bounded, so that a page answers in milliseconds whatever the filter. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <switchhook/delivery_log.hpp>

#include "database.hpp"

namespace switchhook::store_sqlite {

class LogScan final {
public:
    static Result<LogScan> prepare(Database& database);

    enum class Direction : std::uint8_t { down = 1, up };
    // At most `count` ids of what waits, of whatever hook, beyond `from`, walking down. Empty: nobody knows them yet,
    // and the rows are walked.
    using WaitingIds = std::function<std::vector<DeliveryId>(DeliveryId from, std::size_t count)>;
    struct Course {
        Direction direction = Direction::down;
        DeliveryId from = 0;  // not this one and none on its other side
        DeliveryId last = 0;  // up: none above
        std::size_t limit = 0;
        std::size_t work = kWork;
    };
    struct Found {
        std::vector<LoggedDelivery> deliveries;
        DeliveryId reached = 0;  // where to go on
        bool whole = false;      // there is nothing behind
    };
    static constexpr DeliveryId kNewest = std::numeric_limits<std::int64_t>::max();
    static constexpr std::size_t kWork = 20'000;  // rows; measured: 1 us each, and 3 for a block passed over

    // Within one read transaction, if that is to see one state.
    Result<Found> scan(const LogFilter& filter, const Course& course, const WaitingIds& waiting_ids);
    Result<DeliveryDetail> look_up(DeliveryId id, const TenantScope& scope);
    Result<RequeueJob> job(JobId id, const TenantScope& scope);

private:
    struct Wanted;
    struct Walk;

    bool step(Statement& statement);
    bool next(Walk& walk);
    bool is_listed(const Walk& walk) const;
    bool next_listed(Walk& walk);
    std::vector<DeliveryId> waiting_ids(const Walk& walk);
    std::vector<DeliveryId> dead_ids(const Wanted& wanted, const Walk& walk);
    bool may_match(const Wanted& wanted, std::int64_t block);
    bool matches(const Wanted& wanted, const Statement& row);
    std::optional<LoggedDelivery> logged(const Wanted& wanted, const Statement& row);
    std::optional<std::int64_t> number_of(std::string_view tenant);
    std::int64_t tenant_of(const Statement& row);
    const std::string& name_of(std::int64_t tenant);
    Status take_status();

    Status status_;
    std::map<std::int64_t, std::string> names_;  // of tenants, as far as asked; a number's name never changes
    Statement down_, up_, one_, block_, event_, body_, attempts_, tenants_, tenant_name_, tenants_dead_, dead_down_,
        dead_up_, owner_, job_, waiting_down_;
};

}  // namespace switchhook::store_sqlite
