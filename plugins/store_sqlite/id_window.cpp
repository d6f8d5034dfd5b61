#include "id_window.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace switchhook::store_sqlite {

namespace {

// The finaliser of MurmurHash3 (Appleby, public domain).
std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 33U)) * 0xff51afd7ed558ccdULL;
    value = (value ^ (value >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
    return value ^ (value >> 33U);
}

}  // namespace

// Stored on disk (table ids): never to be changed without a new schema version. Ids come signed from LiveKit, so that
// nobody can choose them to collide.
IdHash hash_id(std::string_view id) {
    IdHash hash{mix(id.size() + 0x9e3779b97f4a7c15ULL), mix(id.size() ^ 0x2545f4914f6cdd1dULL)};
    while (!id.empty()) {
        std::uint64_t word = 0;
        const std::size_t count = std::min(id.size(), sizeof word);
        std::memcpy(&word, id.data(), count);
        id.remove_prefix(count);
        hash.high = mix(hash.high ^ word) + hash.low;
        hash.low = std::rotl(hash.low, 27) * 0x9fb21c651e98df25ULL + mix(word ^ hash.high);
    }
    return {mix(hash.high), mix(hash.low)};
}

void pack_id(std::string& out, IdHash id) {
    const std::uint64_t words[] = {id.high, id.low};
    static_assert(sizeof words == kIdBytes);
    out.append(reinterpret_cast<const char*>(words), sizeof words);
}

IdHash unpack_id(std::string_view bytes) {
    std::uint64_t words[2];
    std::memcpy(words, bytes.data(), sizeof words);
    return {words[0], words[1]};
}

std::size_t IdWindow::slot_of(IdHash id) const {
    std::size_t slot = id.low & (slots_.size() - 1);
    while (used_[slot] && entry(slots_[slot]).id != id) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
}

bool IdWindow::contains(IdHash id) const {
    return !entries_.empty() && used_[slot_of(id)];
}

void IdWindow::add(IdHash id, std::int64_t at_ms) {
    if (entries_.size() >= max_ids_) {
        erase(entries_.front().id);
        entries_.pop_front();
        ++first_;
    }
    if ((entries_.size() + 1) * 2 > slots_.size()) grow();
    const auto number = static_cast<std::uint32_t>(first_ + entries_.size());
    const std::size_t slot = slot_of(id);
    entries_.push_back({id, at_ms});
    slots_[slot] = number;
    used_[slot] = true;
}

// Closes the gap, so that no tombstones pile up (Knuth 6.4, algorithm R).
void IdWindow::erase(IdHash id) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t gap = slot_of(id);
    used_[gap] = false;
    for (std::size_t next = (gap + 1) & mask; used_[next]; next = (next + 1) & mask) {
        const std::size_t home = entry(slots_[next]).id.low & mask;
        if (((next - home) & mask) < ((next - gap) & mask)) continue;
        slots_[gap] = slots_[next];
        used_[gap] = true;
        used_[next] = false;
        gap = next;
    }
}

void IdWindow::grow() {
    const std::size_t size = std::max<std::size_t>(64, slots_.size() * 2);
    slots_.assign(size, 0);
    used_.assign(size, false);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const std::size_t slot = slot_of(entries_[i].id);
        slots_[slot] = static_cast<std::uint32_t>(first_ + i);
        used_[slot] = true;
    }
}

void IdWindow::take_back(std::size_t count) {
    for (; count > 0 && !entries_.empty(); --count) {
        erase(entries_.back().id);
        entries_.pop_back();
    }
}

void IdWindow::expire(std::int64_t now_ms) {
    while (!entries_.empty() && entries_.front().at_ms <= now_ms - kRememberMs) {
        erase(entries_.front().id);
        entries_.pop_front();
        ++first_;
    }
}

void IdWindow::not_later_than(std::int64_t now_ms) {
    for (auto& each : entries_) each.at_ms = std::min(each.at_ms, now_ms);
}

void IdWindow::clear() {
    entries_.clear();
    slots_.clear();
    used_.clear();
}

}  // namespace switchhook::store_sqlite
