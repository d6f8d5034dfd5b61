// The JSON schema of the configuration file, for editors.
#pragma once

#include <span>
#include <string>

#include "core/config/declared.hpp"

namespace switchhook::config {

// JSON Schema, draft 2020-12, from the table of keys and the settings of `components` (any order; the result is the
// same). Ends with a line end. config/schema.json is its output for our own plugins.
std::string schema_json(std::span<const Declared> components);

}  // namespace switchhook::config
