// Facets: by what deliveries are looked for, as numbers, and a summary of a block of them that says which cannot be
// there. An index on the hot table would cost three quarters of the throughput; a summary of 1024 deliveries is written
// once, behind, and lets a search pass them over.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/delivery_log.hpp>

namespace switchhook::store_sqlite {

inline constexpr int kBlockBits = 10;  // deliveries whose ids agree above these bits are a block
inline constexpr DeliveryId kBlock = DeliveryId{1} << kBlockBits;

inline std::int64_t block_of(DeliveryId id) {
    return static_cast<std::int64_t>(id >> kBlockBits);
}

// Stand for a text in a row; 0 means that it was not written down (schema 1), or is empty.
std::int64_t name_key(std::string_view event_name);
std::int64_t call_key(std::string_view call_id);

enum class Facet : std::uint8_t { tenant = 1, hook, name, call };

// A Bloom filter of 12 to 24 bits for each different value: it is wrong once in some 300 times or less, and only ever
// says "may".
class Facets final {
public:
    void add(Facet facet, std::int64_t value);
    std::string packed();

private:
    std::vector<std::uint64_t> hashes_;
};

// No bytes: nothing is known, and everything may be there.
bool may_hold(std::string_view packed, Facet facet, std::int64_t value);

}  // namespace switchhook::store_sqlite
