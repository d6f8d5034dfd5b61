// How text that a stranger chose is shown in a log: telephone numbers masked, control characters replaced, length
// bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace switchhook::base {

// Digits that can be a telephone number become '*', but for the last two: "sip-_+15557654321_ab" ->
// "sip-_+*********21_ab". A number is five or more digits; spaces, hyphens, dots, brackets and slashes between digits
// do not hide one of seven or more, but a dotted quad (an IPv4 address) is not one. Linear time.
std::string mask_numbers(std::string_view text);

// mask_numbers, then at most `limit` bytes (cut between characters, "..." appended), control characters as '?'.
std::string shown(std::string_view text, std::size_t limit = 120);

}  // namespace switchhook::base
