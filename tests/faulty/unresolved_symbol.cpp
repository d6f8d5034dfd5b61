// Calls a function that nobody defines.
#include "faulty.hpp"

void nobody_defines_this();

FAULTY_DOOR {
    nobody_defines_this();
    return &faulty::manifest();
}
