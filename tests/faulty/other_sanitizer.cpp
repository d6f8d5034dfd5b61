// Without a fault of its own; it is built with AddressSanitizer, which the program then is not.
#include "faulty.hpp"

SWITCHHOOK_PLUGIN("faulty", "1.0.0", switchhook::component<faulty::Plain>("plain", "Is built otherwise."))
