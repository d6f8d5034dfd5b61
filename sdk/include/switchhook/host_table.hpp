// HostTable: hosts (or other short names) and the hook of each, for the indexes of matchers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/hook.hpp>

namespace switchhook {
inline namespace abi1 {

// Open addressing with the name inside its slot: a look-up touches one cache line whatever the number of hooks, where
// std::unordered_map touches four. 96 bytes per host. Filled by one thread, then read by any number.
class HostTable {
public:
    // Room for that many hosts; more than that must not be added.
    explicit HostTable(std::size_t hosts) : slots_(hosts + hosts / 2 + 1) {}

    // The first hook of a host stays.
    void add(std::string_view host, HookId hook) {
        auto& slot = slots_[position(host)];
        if (slot.hook != 0) return;
        slot.hook = hook;
        slot.size = static_cast<std::uint32_t>(host.size());
        if (host.size() <= slot.text.size()) {
            std::memcpy(slot.text.data(), host.data(), host.size());
        } else {
            const std::size_t offset = long_hosts_.size();
            std::memcpy(slot.text.data(), &offset, sizeof offset);
            long_hosts_.append(host);
        }
    }

    // Zero when there is none.
    HookId find(std::string_view host) const { return slots_[position(host)].hook; }

private:
    struct alignas(64) Slot {
        HookId hook = 0;              // zero: the slot is free
        std::uint32_t size = 0;       // of the host
        std::array<char, 52> text{};  // the host, or when it is longer its offset in long_hosts_
    };
    static_assert(sizeof(Slot) == 64);

    // Where the host is, or where it would be added.
    std::size_t position(std::string_view host) const {
        auto at = std::hash<std::string_view>{}(host) % slots_.size();
        while (slots_[at].hook != 0 && name(slots_[at]) != host) at = at + 1 == slots_.size() ? 0 : at + 1;
        return at;
    }
    std::string_view name(const Slot& slot) const {
        if (slot.size <= slot.text.size()) return {slot.text.data(), slot.size};
        std::size_t offset = 0;
        std::memcpy(&offset, slot.text.data(), sizeof offset);
        return std::string_view(long_hosts_).substr(offset, slot.size);
    }

    std::vector<Slot> slots_;
    std::string long_hosts_;
};

}  // namespace abi1
}  // namespace switchhook
