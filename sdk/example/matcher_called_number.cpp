// A whole plugin: finds the hook by the first digits of the number that was called.
//
//     matchers: [ { use: called_number, routes: [ "+49=customer-a.com", "+4930=customer-b.com" ] } ]
#include <stdexcept>

#include <switchhook/plugin.hpp>

namespace {

using namespace switchhook;

using HookOfPrefix = std::map<std::string, std::pair<std::string, HookId>, std::less<>>;

// Looks for the longest prefix: as many look-ups as the number has digits, however many hooks there are.
class PrefixIndex final : public HookIndex {
public:
    explicit PrefixIndex(HookOfPrefix hooks) : hooks_(std::move(hooks)) {}

    void find(const Event& event, Matches& matches) const override {
        // E.164 numbers have at most 15 digits and a plus; what is longer was written by someone with other aims.
        auto number = event.attribute("sip.trunkPhoneNumber").substr(0, 16);
        if (number.find_first_not_of("+0123456789") != std::string_view::npos) return;
        matches.host = number;  // for the log, when there is no hook for it
        for (; !number.empty(); number.remove_suffix(1)) {
            const auto found = hooks_.find(number);
            if (found == hooks_.end()) continue;
            matches.host = found->second.first;
            matches.hooks.push_back(found->second.second);
            return;
        }
    }

private:
    HookOfPrefix hooks_;
};

class CalledNumber final : public Matcher {
public:
    CalledNumber(const Settings& settings, Host&) {
        for (const auto& route : settings.list("routes")) {
            const auto equals = route.find('=');
            if (equals == 0 || equals == std::string::npos || equals + 1 == route.size())
                throw std::invalid_argument("route '" + route + "' is not PREFIX=HOST");
            host_of_prefix_[route.substr(0, equals)] = route.substr(equals + 1);
        }
    }

    std::unique_ptr<const HookIndex> index(std::span<const Hook> hooks) override {
        HookOfPrefix found;
        for (const auto& [prefix, host] : host_of_prefix_)
            for (const auto& hook : hooks)
                if (hook.host == host) found[prefix] = {host, hook.id};
        return std::make_unique<PrefixIndex>(std::move(found));
    }

    bool accepts(std::string_view host) const override {
        for (const auto& [prefix, routed] : host_of_prefix_)
            if (routed == host) return true;
        return false;
    }

private:
    std::map<std::string, std::string> host_of_prefix_;
};

constexpr Setting kSettings[] = {
    {"routes", SettingType::text_list, nullptr,
     "PREFIX=HOST: calls to numbers with that prefix go to the hook of that host.", 1},
};

}  // namespace

SWITCHHOOK_PLUGIN("matcher_called_number", "1.0.0",
                  component<CalledNumber>("called_number", "Finds the hook by the called number's prefix.", kSettings))
