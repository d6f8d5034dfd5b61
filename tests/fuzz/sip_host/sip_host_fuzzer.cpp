// Header values that strangers write. Whatever they are, a host that comes out is one that a hook could have.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <switchhook/sip_host.hpp>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view value(reinterpret_cast<const char*>(data), size);
    const auto host = switchhook::sip_host(value);
    if (host) {
        require(switchhook::is_exact_host(*host) && !switchhook::is_wildcard_host(*host));
        // The host is found again in the plainest address that names it.
        require(switchhook::sip_host("<sip:u@" + *host + ":5060>;tag=1") == host);
        require(switchhook::sip_host("sip:" + *host) == host);
        // A second value makes a list.
        require(!switchhook::sip_host(std::string(value) + ",sip:example.com"));
    }
    if (const auto canonical = switchhook::canonical_host(value))
        require(switchhook::canonical_host(*canonical) == canonical);
    (void)switchhook::is_wildcard_host(value);
    return 0;
}
