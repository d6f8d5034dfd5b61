#include "wildcard_matcher.hpp"

SWITCHHOOK_PLUGIN("matcher_wildcard", SWITCHHOOK_VERSION,
                  switchhook::component<switchhook::matcher::WildcardMatcher>(
                      "wildcard",
                      "Finds the hook of the longest wildcard over the called host; * is the default route.",
                      switchhook::matcher::kWildcardSettings))
