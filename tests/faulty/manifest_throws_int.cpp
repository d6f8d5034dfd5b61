// Its manifest function throws something without words.
#include "faulty.hpp"

FAULTY_DOOR {
    throw 42;
}
