# Read by cpack once for each kind of package.
if(CPACK_GENERATOR STREQUAL "DEB")
    set(CPACK_COMPONENTS_ALL server server_deb dev)
else()
    set(CPACK_COMPONENTS_ALL server server_rpm dev)
endif()
