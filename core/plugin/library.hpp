// Opening a shared library. Boost.DLL is hidden in the .cpp: a plugin's author never meets it.
#pragma once

#include <filesystem>

#include <switchhook/plugin.hpp>

namespace switchhook::plugin {

struct Library {
    ManifestFunction* manifest = nullptr;  // never null in a Result
};

// Opens the library with every symbol resolved at once and none shared with others, and finds its manifest function.
// `library` is an absolute path. A failure's text says what is wrong and what to do, without the file's name.
//
// What was opened once stays mapped until the process ends, also when it is refused afterwards: exceptions, vtables and
// thread_locals of a plugin may be alive anywhere, and a plugin that used std::make_shared once is not unloaded by
// dlclose anyway (GNU-unique symbols).
Result<Library> open_library(const std::filesystem::path& library);

}  // namespace switchhook::plugin
