// Says nothing of how it was built.
#include "faulty.hpp"

FAULTY_DOOR {
    auto& spoiled = faulty::manifest();
    spoiled.build = nullptr;
    return &spoiled;
}
