// Recorded webhooks with ids of their own: a server drops an event whose id it has seen, and keeps to what it decided
// for a call that it has seen.
#pragma once

#include <string>
#include <string_view>

namespace switchhook::cli {

// LiveKit's ids of events, rooms, calls and participants (EV_, RM_, SCL_, PA_), wherever they stand in the body, with
// `mark` behind them; so does an id of the event that is of another form. The same id becomes the same. `mark`: letters
// and digits.
std::string with_fresh_ids(std::string_view body, std::string_view event_id, std::string_view mark);

}  // namespace switchhook::cli
