#include "facets.hpp"

#include <algorithm>
#include <bit>

#include "id_window.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr int kProbes = 6;

// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t hash(Facet facet, std::int64_t value) {
    std::uint64_t x =
        static_cast<std::uint64_t>(value) + static_cast<std::uint64_t>(facet) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30U)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27U)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31U);
}

// Calls `probe` with the places of that hash among `bits` (a power of two), until it answers false.
template <typename Probe>
bool each_place(std::uint64_t hash, std::size_t bits, Probe probe) {
    const std::uint64_t step = (hash >> 32U) | 1U;
    for (int i = 0; i < kProbes; ++i, hash += step)
        if (!probe(static_cast<std::size_t>(hash & (bits - 1)))) return false;
    return true;
}

}  // namespace

std::int64_t name_key(std::string_view event_name) {
    if (event_name.empty()) return 0;
    return static_cast<std::int64_t>((hash_id(event_name).low & 0x7fffffffU) | 1U);
}

std::int64_t call_key(std::string_view call_id) {
    if (call_id.empty()) return 0;
    return static_cast<std::int64_t>((hash_id(call_id).low >> 1U) | 1U);
}

void Facets::add(Facet facet, std::int64_t value) {
    hashes_.push_back(hash(facet, value));
}

std::string Facets::packed() {
    std::ranges::sort(hashes_);
    const auto twice = std::ranges::unique(hashes_);
    hashes_.erase(twice.begin(), twice.end());
    const std::size_t bits = std::bit_ceil(std::max<std::size_t>(hashes_.size() * 12, 64));
    std::string out(bits / 8, '\0');
    for (const auto each : hashes_)
        each_place(each, bits, [&](std::size_t place) {
            out[place / 8] = static_cast<char>(static_cast<unsigned char>(out[place / 8]) | (1U << (place % 8)));
            return true;
        });
    return out;
}

bool may_hold(std::string_view packed, Facet facet, std::int64_t value) {
    if (!std::has_single_bit(packed.size())) return true;
    return each_place(hash(facet, value), packed.size() * 8, [&](std::size_t place) {
        return (static_cast<unsigned char>(packed[place / 8]) & (1U << (place % 8))) != 0;
    });
}

}  // namespace switchhook::store_sqlite
