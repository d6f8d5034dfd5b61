// A library without a name.
#include "faulty.hpp"

FAULTY_DOOR {
    auto& spoiled = faulty::manifest();
    spoiled.name = nullptr;
    return &spoiled;
}
