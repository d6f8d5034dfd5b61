// SqliteOutbox: the bounds of dead letters, and the summaries of blocks that are written behind.
#include <algorithm>
#include <utility>

#include "facets.hpp"
#include "outbox.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr std::size_t kStep = 500;  // dead letters in one step

}  // namespace

// A time far in the future was written by a clock that was wrong.
bool SqliteOutbox::too_old(std::int64_t died_ms, std::int64_t now_ms) const {
    return died_ms + settings_.dead_keep_ms <= now_ms || died_ms > now_ms + settings_.dead_keep_ms;
}

bool SqliteOutbox::dead_due(std::int64_t now_ms) const {
    const auto due = dead_next_ms(now_ms);
    return due && *due <= now_ms;
}

std::optional<std::int64_t> SqliteOutbox::dead_next_ms(std::int64_t now_ms) const {
    std::optional<std::int64_t> next;
    for (const auto& tenant : memory_.tenants.all()) {
        if (tenant.dead <= 0) continue;
        const bool now =
            tenant.dead > settings_.dead_letters || tenant.oldest_ms == 0 || too_old(tenant.oldest_ms, now_ms);
        const std::int64_t at_ms = now ? now_ms : tenant.oldest_ms + settings_.dead_keep_ms;
        if (!next || at_ms < *next) next = at_ms;
    }
    return next;
}

// The first tenants whose turn it is; the oldest of their letters, as many as are over a bound.
std::size_t SqliteOutbox::drop_dead(std::int64_t now_ms, Group& group) {
    std::size_t dropped = 0;
    std::size_t looked = 0;
    auto& tenants = memory_.tenants.all();
    for (std::size_t i = 0; i < tenants.size() && looked < kStep; ++i) {
        auto& tenant = tenants[i];
        if (tenant.dead <= 0 ||
            (tenant.dead <= settings_.dead_letters && tenant.oldest_ms != 0 && !too_old(tenant.oldest_ms, now_ms)))
            continue;
        const auto number = static_cast<std::int64_t>(i);
        const auto letters = log_rows_->oldest_dead(*rows_, number, kStep - looked);
        looked += letters.size() + 1;
        std::int64_t left = tenant.dead;
        tenant.oldest_ms = 0;
        for (const auto& [id, died_ms] : letters) {
            if (left <= settings_.dead_letters && !too_old(died_ms, now_ms)) {
                tenant.oldest_ms = died_ms;
                break;
            }
            const auto delivery = rows_->delivery(id);
            rows_->remove_deliveries(id, 1);
            log_rows_->remove_dead(*rows_, number, id);
            if (delivery) group.watched.push_back(delivery->event);
            --left;
            ++dropped;
        }
        if (left != tenant.dead) group.dead[number] = left - tenant.dead;
        // Counted, but not there: a count that was wrong must not be looked at for ever.
        if (letters.empty()) group.dead[number] = -tenant.dead;
    }
    write_dead_counts(group);
    return dropped;
}

void SqliteOutbox::take_over_dead(const Group& group) {
    for (const auto& [number, more] : group.dead) {
        auto& tenant = memory_.tenants.all()[static_cast<std::size_t>(number)];
        tenant.dead += more;
        memory_.dead += more;
        if (tenant.dead == more) tenant.oldest_ms = 0;  // its first letters: looked at with the next step
    }
    if (!group.watched.empty()) pruning_.watch(group.watched);
}

bool SqliteOutbox::block_due() const {
    return static_cast<DeliveryId>(memory_.next_block + 1) << kBlockBits <= memory_.next_delivery;
}

// Answers the block that is next.
std::int64_t SqliteOutbox::sum_up_block() {
    const auto begin = static_cast<DeliveryId>(memory_.next_block) << kBlockBits;
    const DeliveryId first = log_rows_->delivery_from(*rows_, begin);
    // What was pruned before its turn needs no summary.
    const std::int64_t last = block_of(memory_.next_delivery);
    const std::int64_t block = first == 0 ? last : block_of(first);
    if (block < last) log_rows_->sum_up(*rows_, block);
    const std::int64_t next = std::min(block + 1, last);
    rows_->set(Meta::next_block, next);
    return next;
}

}  // namespace switchhook::store_sqlite
