# One interface target with what every target of ours is compiled with.
add_library(switchhook_warnings INTERFACE)
target_compile_options(switchhook_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
    -Woverloaded-virtual -Wold-style-cast $<$<BOOL:${SWITCHHOOK_WERROR}>:-Werror>)
target_compile_definitions(switchhook_warnings INTERFACE _GLIBCXX_ASSERTIONS)
