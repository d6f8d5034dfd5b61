// Offers two components of one contract under one name.
#include "faulty.hpp"

SWITCHHOOK_PLUGIN("faulty", "1.0.0", switchhook::component<faulty::Plain>("plain", "Is the first."),
                  switchhook::component<faulty::Plain>("plain", "Is the second."))
