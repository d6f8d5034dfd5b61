// IdWindow: the event ids of the last ten minutes, 32 bytes each. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace switchhook::store_sqlite {

// 128 bits stand for an id: two different ids that met would lose an event, and 64 bits make that thinkable.
struct IdHash {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend bool operator==(const IdHash&, const IdHash&) = default;
};

IdHash hash_id(std::string_view id);

// As table ids holds them, one behind the other.
inline constexpr std::size_t kIdBytes = 16;
void pack_id(std::string& out, IdHash id);
IdHash unpack_id(std::string_view bytes);  // the first of at least one

class IdWindow final {
public:
    static constexpr std::int64_t kRememberMs = 10 * 60 * 1000;  // a token lives five minutes, and leeway
    // 128 MiB; reached above 7000 events a second for ten minutes, and then the oldest are forgotten early. LiveKit
    // repeats an event for at most 30 s.
    static constexpr std::size_t kMaxIds = std::size_t{4} << 20U;

    explicit IdWindow(std::size_t max_ids = kMaxIds) : max_ids_(max_ids) {}

    bool contains(IdHash id) const;
    void add(IdHash id, std::int64_t at_ms);  // an id that is not in the window
    void take_back(std::size_t count);        // the last ones that were added
    void expire(std::int64_t now_ms);
    void not_later_than(std::int64_t now_ms);  // the clock went back: nothing was seen in the future
    void clear();

    std::size_t size() const { return entries_.size(); }
    std::int64_t oldest_ms() const { return entries_.empty() ? 0 : entries_.front().at_ms; }

private:
    struct Entry {
        IdHash id;
        std::int64_t at_ms;
    };

    std::size_t slot_of(IdHash id) const;  // where it is, or the free slot where it would be
    void erase(IdHash id);
    void grow();
    const Entry& entry(std::uint32_t number) const { return entries_[number - first_]; }

    std::size_t max_ids_;
    std::deque<Entry> entries_;  // in the order they were added; numbered from first_, modulo 2^32
    std::uint32_t first_ = 1;
    std::vector<std::uint32_t> slots_;  // numbers of entries, open addressing with linear probing
    std::vector<bool> used_;            // whether that slot holds one
};

}  // namespace switchhook::store_sqlite
