# Installs DEBUG_FILE where gdb looks for it by the build id that it shares with its program or plugin.
execute_process(COMMAND readelf --notes --wide ${DEBUG_FILE} OUTPUT_VARIABLE notes ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
if(NOT notes MATCHES "Build ID: ([0-9a-f][0-9a-f])([0-9a-f]+)")
    message(FATAL_ERROR "${DEBUG_FILE} has no build id")
endif()
file(INSTALL ${DEBUG_FILE} DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/debug/.build-id/${CMAKE_MATCH_1} RENAME ${CMAKE_MATCH_2}.debug)
