#include "sip_host_matcher.hpp"

SWITCHHOOK_PLUGIN("matcher_sip_host", SWITCHHOOK_VERSION,
                  switchhook::component<switchhook::matcher::SipHostMatcher>(
                      "sip_host", "Finds the hook whose host is exactly the host that was called.",
                      switchhook::matcher::kSipHostSettings))
