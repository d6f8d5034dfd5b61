#include <switchhook/plugin.hpp>

#include "livekit_dialect.hpp"

SWITCHHOOK_PLUGIN("dialect_livekit", SWITCHHOOK_VERSION,
                  switchhook::component<switchhook::livekit_dialect::LiveKitDialect>(
                      "livekit", "LiveKit's own webhook, signed for the tenant; its SDKs verify it."))
