// A library without a version.
#include "faulty.hpp"

FAULTY_DOOR {
    auto& spoiled = faulty::manifest();
    spoiled.version = nullptr;
    return &spoiled;
}
