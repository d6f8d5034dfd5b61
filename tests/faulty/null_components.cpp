// A library that says it has components and shows none.
#include "faulty.hpp"

FAULTY_DOOR {
    auto& spoiled = faulty::manifest();
    spoiled.components = nullptr;
    return &spoiled;
}
