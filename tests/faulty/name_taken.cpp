// Offers a component under a name that `good` has already.
#include "faulty.hpp"

SWITCHHOOK_PLUGIN("faulty", "1.0.0", switchhook::component<faulty::Plain>("greeter", "Comes too late."))
