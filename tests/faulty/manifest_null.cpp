// Its manifest function returns nothing.
#include "faulty.hpp"

FAULTY_DOOR {
    return nullptr;
}
