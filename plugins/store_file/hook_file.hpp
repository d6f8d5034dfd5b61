// The hook file as text: a pretty-printed JSON array of {host, url, auth_id}, which the reference's sip_hooks.json is
// too.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <switchhook/hook_store.hpp>

namespace switchhook::store_file {

inline constexpr std::size_t kMaxBytes = std::size_t{64} << 20U;

// Any bytes. Sorted by host. A blank text is an empty table; a row without auth_id belongs to "default".
// Code::corrupt says what is wrong and where in the text.
Result<HookTable> parse(std::string_view text);

// Beyond host, url and auth_id, what a hook has is written only where it is set, so that the reference can read the
// rest. Code::invalid when a text is not UTF-8.
Result<std::string> write(const HookTable& table);

// The table with the change, sorted by host. Code::invalid when a host is empty or is put twice.
Result<HookTable> changed(const HookTable& table, const HookChange& change);

}  // namespace switchhook::store_file
