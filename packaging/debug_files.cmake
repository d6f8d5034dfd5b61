# Puts the debug symbols of the file BINARY where gdb looks for them by build id, below the prefix. The packages' own
# copies are stripped.
execute_process(COMMAND readelf --notes --wide ${BINARY} OUTPUT_VARIABLE notes COMMAND_ERROR_IS_FATAL ANY)
if(NOT notes MATCHES "Build ID: ([0-9a-f][0-9a-f])([0-9a-f]+)")
    message(FATAL_ERROR "${BINARY} has no build id")
endif()
set(folder $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/debug/.build-id/${CMAKE_MATCH_1})
set(debug_file ${folder}/${CMAKE_MATCH_2}.debug)
file(MAKE_DIRECTORY ${folder})
execute_process(COMMAND objcopy --only-keep-debug --compress-debug-sections ${BINARY} ${debug_file} COMMAND_ERROR_IS_FATAL ANY)
file(CHMOD ${debug_file} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
