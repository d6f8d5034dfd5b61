#include <switchhook/plugin.hpp>

#include "log_forwarder.hpp"

SWITCHHOOK_PLUGIN("forwarder_log", SWITCHHOOK_VERSION,
                  switchhook::component<switchhook::logging::LogForwarder>(
                      "log", "Writes what would be sent to the log, and sends nothing."))
