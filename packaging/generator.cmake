# Read by cpack once for each kind of package.
set(CPACK_COMPONENTS_ALL server dev debug)
if(CPACK_GENERATOR STREQUAL "DEB")
    list(APPEND CPACK_COMPONENTS_ALL server_deb dev_deb debug_deb)
else()
    list(APPEND CPACK_COMPONENTS_ALL server_rpm dev_rpm)
endif()
