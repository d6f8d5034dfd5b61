// Is a library there to its end?
#pragma once

#include <filesystem>
#include <string>

namespace switchhook::plugin {

// dlopen maps what the headers promise and touches it: a file that was cut short (a copy still under way, a full disk)
// ends the process with SIGBUS instead of an error. Empty: nothing is missing, or it is no ELF file of this machine's
// word size, which dlopen itself says better.
std::string cut_short(const std::filesystem::path& library);

}  // namespace switchhook::plugin
