#include <switchhook/plugin.hpp>

#include "standard_dialect.hpp"

SWITCHHOOK_PLUGIN("dialect_standard", SWITCHHOOK_VERSION,
                  switchhook::component<switchhook::standard::StandardDialect>(
                      "standard", "Standard Webhooks 1.0: type, timestamp and data; its libraries verify it."))
