// The door of store_file: `hook_store: { use: file, path: ... }`.
#include <switchhook/plugin.hpp>

#include "file_store.hpp"

namespace {

using namespace switchhook;

constexpr Setting kSettings[] = {
    {"path", SettingType::path, nullptr, "The JSON file, as the reference's sip_hooks.json."},
};

}  // namespace

SWITCHHOOK_PLUGIN("store_file", SWITCHHOOK_VERSION,
                  component<store_file::FileHookStore>("file",
                                                       "Hooks in one JSON file, compatible with the reference's.",
                                                       kSettings))
