// NameCache: what DNS said lately, and who waits for it. Lives on the loop's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "resolver.hpp"

namespace switchhook::https {

template <typename Waiter>
class NameCache final {
public:
    using Time = std::chrono::steady_clock::time_point;

    struct Name {
        std::vector<Address> addresses;
        Time expires{};
        bool asking = false;
        std::vector<Waiter*> waiting;
    };

    // The entry of that host, made when missing. Valid until the next call.
    Name& at(const std::string& host, Time now) {
        if (names_.size() >= kMaxNames && names_.find(host) == names_.end())
            std::erase_if(names_,
                          [now](const auto& each) { return !each.second.asking && each.second.expires <= now; });
        if (names_.size() >= kMaxNames && names_.find(host) == names_.end())
            std::erase_if(names_, [](const auto& each) { return !each.second.asking; });
        return names_[host];
    }

    // Files the answer, and returns those who waited for it.
    std::vector<Waiter*> answered(const Answer& answer, Time expires) {
        auto& name = names_[answer.host];
        name.asking = false;
        name.addresses = answer.addresses;
        name.expires = expires;
        return std::exchange(name.waiting, {});
    }

    // False: nobody waits for that name any more.
    bool forget(const std::string& host, Waiter* waiter) {
        const auto found = names_.find(host);
        if (found == names_.end()) return false;
        std::erase(found->second.waiting, waiter);
        return !found->second.waiting.empty();
    }
    // There will be no answer.
    void not_asked(const std::string& host) { names_.erase(host); }

private:
    static constexpr std::size_t kMaxNames = 4096;  // beyond it only questions that are still open are kept
    std::unordered_map<std::string, Name> names_;
};

}  // namespace switchhook::https
