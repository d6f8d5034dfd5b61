// What differs between two configurations, and what of it a running server can take.
#pragma once

#include <string>
#include <vector>

#include <switchhook/document.hpp>

namespace switchhook::config {

// Keys as people know them ("sip.hooks", "server.port"), each once, sorted. A list counts as one key.
struct Changes {
    std::vector<std::string> in_effect;      // by a reload
    std::vector<std::string> after_restart;  // what was opened at start stays as it is until then

    bool none() const { return in_effect.empty() && after_restart.empty(); }
};

// Merged configurations, as written: where a value stands, and how it is quoted, is no difference. A secret that is
// written as file:, env: or credential: is compared by this text; what it points to is read anew by every reload.
Changes changes_between(const Node& before, const Node& after);

}  // namespace switchhook::config
