#include "core/plugin/library.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/plugin/elf_check.hpp"

namespace switchhook::plugin {
namespace {

// Never destroyed, on purpose: see the header. Reachable, so that a leak checker has nothing to say.
void keep_for_ever(boost::dll::shared_library library) {
    static std::mutex mutex;
    static auto& kept = *new std::vector<boost::dll::shared_library>;
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(library));
}

// Boost puts the loader's words between "(dlerror system message: " and ")".
std::string loader_message(const std::exception& failure) {
    constexpr std::string_view kBegin = "(dlerror system message: ";
    std::string text = failure.what();
    const auto begin = text.find(kBegin);
    if (begin == std::string::npos) return text;
    const auto end = text.rfind(')');
    return text.substr(begin + kBegin.size(), end - begin - kBegin.size());
}

Status cannot_open(const std::string& why) {
    if (why.find("undefined symbol") != std::string::npos)
        return {Code::invalid,
                "has an unresolved symbol (" + why + "); link it with the library that defines the symbol"};
    if (why.find("cannot open shared object file") != std::string::npos)
        return {Code::invalid, "cannot be opened (" + why + "); install the library that it needs"};
    return {Code::invalid, "cannot be opened (" + why + "); build it anew for this system, or install it again"};
}

}  // namespace

Result<Library> open_library(const std::filesystem::path& library) {
    using boost::dll::load_mode::rtld_local;
    using boost::dll::load_mode::rtld_now;
    if (auto fault = elf_fault(library, SWITCHHOOK_SANITIZER); !fault.empty())
        return Status(Code::invalid, std::move(fault));
    boost::dll::shared_library opened;
    try {
        opened.load(library, rtld_now | rtld_local);
    } catch (const std::exception& failure) {
        return cannot_open(loader_message(failure));
    } catch (...) {  // a static constructor of the library threw something
        return Status(Code::invalid, "threw while it was opened; report it to its author");
    }
    ManifestFunction* manifest = nullptr;
    if (opened.has(kManifestSymbol)) manifest = &opened.get<ManifestFunction>(kManifestSymbol);
    keep_for_ever(std::move(opened));
    if (manifest == nullptr)
        return Status(Code::invalid, "does not export " + std::string(kManifestSymbol) +
                                         "; it is not a Switchhook plugin, or its SWITCHHOOK_PLUGIN line is missing");
    return Library{manifest};
}

}  // namespace switchhook::plugin
