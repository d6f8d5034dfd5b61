# Read by cpack once for each kind of package.
set(CPACK_COMPONENTS_ALL server dev debug ${CPACK_SWITCHHOOK_PLUGIN_PACKAGES})
if(CPACK_GENERATOR STREQUAL "DEB")
    list(TRANSFORM CPACK_COMPONENTS_ALL APPEND _deb OUTPUT_VARIABLE components)
else()
    list(TRANSFORM CPACK_COMPONENTS_ALL APPEND _rpm OUTPUT_VARIABLE components)
endif()
list(APPEND CPACK_COMPONENTS_ALL ${components})
