// A library whose name is not lower_snake_case.
#include "faulty.hpp"

FAULTY_DOOR {
    auto& spoiled = faulty::manifest();
    spoiled.name = "Faulty-Plugin";
    return &spoiled;
}
