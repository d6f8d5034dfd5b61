// A library that offers nothing.
#include "faulty.hpp"

FAULTY_DOOR {
    auto& spoiled = faulty::manifest();
    spoiled.components_count = 0;
    return &spoiled;
}
