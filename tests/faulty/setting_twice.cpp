// A setting that is declared twice.
#include "faulty.hpp"

namespace {
constexpr switchhook::Setting kSettings[] = {
    {"limit", switchhook::SettingType::integer, "1", "How many."},
    {"limit", switchhook::SettingType::integer, "2", "How many again."},
};
}

SWITCHHOOK_PLUGIN("faulty", "1.0.0", switchhook::component<faulty::Plain>("plain", "Has a faulty setting.", kSettings))
