# find_package(Switchhook): the SDK for plugin authors. Works from the source tree (Switchhook_DIR = its cmake folder) and
# from an installed prefix (share/cmake/Switchhook).
get_filename_component(_switchhook_source ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
get_filename_component(_switchhook_prefix ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)
set(Switchhook_FOUND FALSE)
set(Switchhook_NOT_FOUND_MESSAGE "the SDK's headers are neither in ${_switchhook_source}/sdk nor in ${_switchhook_prefix}/include")

foreach(_switchhook_include ${_switchhook_source}/sdk/include ${_switchhook_prefix}/include)
    if(NOT EXISTS ${_switchhook_include}/switchhook/plugin.hpp)
        continue()
    endif()
    set(Switchhook_FOUND TRUE)
    if(NOT TARGET switchhook::sdk)
        add_library(switchhook::sdk INTERFACE IMPORTED)
        target_include_directories(switchhook::sdk INTERFACE ${_switchhook_include})
        target_compile_features(switchhook::sdk INTERFACE cxx_std_20)
    endif()
    # The testkit's headers lie beside the SDK's when installed.
    if(NOT TARGET switchhook::testkit)
        add_library(switchhook::testkit INTERFACE IMPORTED)
        target_link_libraries(switchhook::testkit INTERFACE switchhook::sdk)
        if(EXISTS ${_switchhook_source}/sdk/testkit/include)
            target_include_directories(switchhook::testkit INTERFACE ${_switchhook_source}/sdk/testkit/include)
        endif()
    endif()
    break()
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/SwitchhookPlugin.cmake)
