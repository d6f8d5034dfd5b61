#include <switchhook/plugin.hpp>

#include "sayna_dialect.hpp"

SWITCHHOOK_PLUGIN("dialect_sayna", SWITCHHOOK_VERSION,
                  switchhook::component<switchhook::sayna::SaynaDialect>(
                      "sayna", "The reference's payload of seven keys with its X-Sayna headers."))
