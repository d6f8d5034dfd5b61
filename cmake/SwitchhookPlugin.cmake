# add_switchhook_plugin(NAME SOURCES file... [LIBRARIES target...] [PACKAGE name | NOT_INSTALLED])
#
# Builds NAME.so as a Switchhook plugin: sees the SDK and the libraries that are named, exports the manifest only, and has no
# undefined symbol left. Ours and strangers' plugins are built by this one function. One of ours that needs a heavy library
# goes into a package of its own, switchhook-PACKAGE, so that nobody else has to install that library.
set(SWITCHHOOK_PLUGIN_EXPORTS ${CMAKE_CURRENT_LIST_DIR}/plugin.exports)

function(add_switchhook_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NOT_INSTALLED" "PACKAGE" "SOURCES;LIBRARIES")
    if(NOT arg_SOURCES)
        message(FATAL_ERROR "add_switchhook_plugin(${name}): SOURCES is missing")
    endif()
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "add_switchhook_plugin(${name}): unknown words: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    add_library(${name} MODULE ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE switchhook::sdk ${arg_LIBRARIES})
    if(TARGET switchhook_warnings)
        target_link_libraries(${name} PRIVATE switchhook_warnings)
    endif()
    set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX .so CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/switchhook/plugins)
    target_link_options(${name} PRIVATE LINKER:--version-script=${SWITCHHOOK_PLUGIN_EXPORTS})
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${SWITCHHOOK_PLUGIN_EXPORTS})
    # A sanitizer's runtime is resolved from the program, so that its symbols are undefined here on purpose.
    if(NOT SWITCHHOOK_SANITIZE)
        target_link_options(${name} PRIVATE LINKER:-z,defs)
    endif()
    if(arg_PACKAGE)
        set_property(GLOBAL APPEND PROPERTY SWITCHHOOK_PLUGIN_PACKAGES ${arg_PACKAGE})
        install(TARGETS ${name} LIBRARY DESTINATION lib/switchhook/plugins COMPONENT ${arg_PACKAGE})
    elseif(NOT arg_NOT_INSTALLED)
        install(TARGETS ${name} LIBRARY DESTINATION lib/switchhook/plugins)
    endif()
endfunction()
