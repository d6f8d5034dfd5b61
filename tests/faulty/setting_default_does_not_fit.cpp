// A setting whose default is out of its own range.
#include "faulty.hpp"

namespace {
constexpr switchhook::Setting kSettings[] = {
    {"limit", switchhook::SettingType::integer, "11", "How many.", 1, 10},
};
}

SWITCHHOOK_PLUGIN("faulty", "1.0.0", switchhook::component<faulty::Plain>("plain", "Has a faulty setting.", kSettings))
