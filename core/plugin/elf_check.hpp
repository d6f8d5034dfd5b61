// What must be known of a library before dlopen, because dlopen would end the process over it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace switchhook::plugin {

// Empty: nothing is wrong, or it is no ELF file of this machine's word size, which dlopen itself says better. Else:
// - It is cut short (a copy still under way, a full disk): dlopen maps what the headers promise and dies of SIGBUS.
// - It needs the runtime of a sanitizer that this program was not built with (`sanitizer`: none, asan, tsan): that
// runtime
//   ends the process when it is loaded late. The manifest's build says the same, but nobody would live to read it.
std::string elf_fault(const std::filesystem::path& library, std::string_view sanitizer);

}  // namespace switchhook::plugin
