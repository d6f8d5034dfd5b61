// The parts of the manual that the program's own tables know: written when the packages are built, so that no page can
// say anything else than the program.
#pragma once

#include <span>
#include <string>

#include "core/plugin/catalog.hpp"

namespace switchhook::manual {

// roff (man(7)).
std::string commands();   // each command with its options, for switchhook(1)
std::string keys();       // each key of the configuration, for switchhook.yaml(5)
std::string variables();  // of the environment, with the keys that they win over, for switchhook(1)
std::string settings(std::span<const plugin::Opened> opened);  // each plugin, for switchhook-plugins(7)

// What completion.bash needs: commands, their options, which options take what.
std::string completion_tables();

}  // namespace switchhook::manual
