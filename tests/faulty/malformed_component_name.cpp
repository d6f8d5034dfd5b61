// A component whose name is not lower_snake_case.
#include "faulty.hpp"

FAULTY_DOOR {
    static auto spoiled = faulty::kEntry;
    spoiled.name = "plain matcher";
    return &faulty::manifest(spoiled);
}
