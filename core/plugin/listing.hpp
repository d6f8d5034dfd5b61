// What `switchhook plugins` prints.
#pragma once

#include <span>
#include <string>

#include "core/plugin/catalog.hpp"

namespace switchhook::plugin {

// Libraries with version and file, their components, and each setting with type, default, range and help. Lines of
// text.
std::string listing(std::span<const Opened> opened);

}  // namespace switchhook::plugin
