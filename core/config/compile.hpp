// From the merged tree of text to the checked Config.
#pragma once

#include <vector>

#include <switchhook/document.hpp>

#include "core/config/config.hpp"

namespace switchhook::config {

// Checks everything at once and appends what is wrong to `problems`, each with its place; with problems the Config is
// only good for showing. Resolves secrets, which reads files and the environment. The reference's texts are exact.
Config compile(const Node& merged, std::vector<Problem>& problems);

}  // namespace switchhook::config
