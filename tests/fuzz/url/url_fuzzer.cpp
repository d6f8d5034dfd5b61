// The judge of URLs: whatever it accepts is plain, reads the same again, and leads to no refused address.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "target.hpp"

namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace switchhook::https;
    static const AddressRules rules;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto target = read_target(text, rules);
    if (!target) {
        must(target.status().message().starts_with("SIP hook URL "));
    } else {
        must(target->url.starts_with("https://") && !target->host.empty() && target->port != 0);
        must(target->url.find_first_of("@\\# \r\n", 8) == std::string::npos ||
             target->url.find('@') > target->url.find_first_of("/?", 8));
        for (const char c : target->host)
            must(c == '.' || c == '-' || c == '_' || c == ':' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'));
        if (target->literal) must(rules.refusal(*target->literal) == nullptr);
        const auto again = read_target(target->url, rules);
        must(again.ok() && again->url == target->url && again->host == target->host && again->port == target->port);
    }
    if (const auto network = Network::parse(text))
        must(network->contains(Address::parse(text.substr(0, text.find('/'))).value()));
    if (const auto address = Address::parse(text)) must(Address::parse(address->text()) == address);
    return 0;
}
