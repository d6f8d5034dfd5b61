// A setting with the key that names the component.
#include "faulty.hpp"

namespace {
constexpr switchhook::Setting kSettings[] = {
    {"use", switchhook::SettingType::text, "", "What for."},
};
}

SWITCHHOOK_PLUGIN("faulty", "1.0.0", switchhook::component<faulty::Plain>("plain", "Has a faulty setting.", kSettings))
