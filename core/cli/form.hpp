// In which form a command answers.
#pragma once

#include <cstdint>

namespace switchhook::cli {

enum class Form : std::uint8_t {
    people = 1,  // aligned text; numbers of callers masked, as in the log
    json,        // for programs: whole and unmasked
};

}  // namespace switchhook::cli
