// Where in the bytes of a JSON text something stands: simdjson's DOM tells what it is, but not where.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace switchhook::livekit {

struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// The values of those members (numbers from 0, ascending) of the object that begins at `object`. Linear time. Only for
// text that a validating parser accepted, and for members that it saw there.
std::vector<Span> member_values(std::string_view json, std::size_t object, std::span<const std::size_t> ordinals);

}  // namespace switchhook::livekit
