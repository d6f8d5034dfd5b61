// What `check --show` prints.
#pragma once

#include <span>
#include <string>

#include <switchhook/document.hpp>

#include "core/config/config.hpp"
#include "core/config/declared.hpp"

namespace switchhook::config {

// The merged configuration as YAML, defaults included; behind every value the place that it came from ("default"
// without one). Secrets are masked, but for the references env:, file: and credential:. Settings of a component that
// `components` does not hold are masked too, as they may be secrets. `config` is what compile() made of `merged`.
std::string show(const Node& merged, const Config& config, std::span<const Declared> components);

}  // namespace switchhook::config
