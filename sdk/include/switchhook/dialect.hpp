// Dialect: how an event is written and signed for its receiver.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/component.hpp>
#include <switchhook/event.hpp>
#include <switchhook/hook.hpp>

namespace switchhook {
inline namespace abi1 {

struct Header {
    std::string name;
    std::string value;
};

struct Signing {
    std::string_view secret;    // the tenant's; keyed as its bytes unless the dialect says otherwise
    std::string_view auth_id;   // of the hook; "default" when it has none
    std::int64_t unix_seconds;  // now: every attempt is signed anew
    // While the secret rotates: the tenant's others. A dialect whose receivers take several signatures signs with each
    // of them too, after `secret`; any other dialect signs with `secret` alone.
    std::span<const std::string_view> other_secrets{};
};

struct Delivery {
    const Event& event;
    const Hook& hook;
    std::string_view room_prefix;
};

struct Written {
    std::vector<Header> headers;      // Content-Type and signature headers; webhook-id is added by the host
    std::optional<std::string> body;  // absent: the event's own bytes, unchanged
};

// Any thread, many at once; write never blocks.
class Dialect : public Component {
public:
    virtual Result<Written> write(const Delivery& delivery, const Signing& signing) const = 0;
    // The event names that a hook of this dialect gets when it names none; empty: all.
    virtual std::vector<std::string> default_events() const { return {}; }
};

}  // namespace abi1
}  // namespace switchhook
