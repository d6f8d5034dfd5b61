// What the micro benchmarks feed in.
#pragma once

#include <string>

namespace switchhook::bench {

// A participant_joined as the SIP bridge sends it, 1.2 KB.
std::string joined_body();
}  // namespace switchhook::bench
