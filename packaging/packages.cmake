# The packages, by CPack, from the install rules of the whole tree.
# SOURCE_DATE_EPOCH must be set when they are made (`./dev package` does); the same sources then give the same bytes.
set(CPACK_PACKAGE_NAME switchhook)
set(CPACK_PACKAGE_VERSION ${SWITCHHOOK_VERSION})
set(CPACK_PACKAGE_CONTACT "Switchhook maintainers <maintainers@switchhook.example>")
set(CPACK_PACKAGE_VENDOR "Switchhook")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# Groups of components are packages; the two server_* meet their server in the one where they belong (generator.cmake).
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/generator.cmake)
set(CPACK_COMPONENT_SERVER_GROUP server)
set(CPACK_COMPONENT_SERVER_DEB_GROUP server)
set(CPACK_COMPONENT_SERVER_RPM_GROUP server)
set(CPACK_COMPONENT_DEV_GROUP dev)

set(about_server "delivers LiveKit's webhooks for SIP calls to tenants")
set(more_server "Switchhook receives LiveKit's webhooks for SIP calls, proves that they are
genuine, finds the tenant that each call belongs to, and delivers every event
to that tenant's HTTPS endpoint: signed, in order, retried, and without losing
one. It brings LiveKit's SIP trunk and dispatch rule into the wanted state.
.
Stores, matchers, formats and transports are plugins; this package has the
standard ones.")
set(about_dev "headers, build rules and test kit for plugins of Switchhook")
set(more_dev "What a plugin of Switchhook is built with: headers that need nothing but the
standard library, the CMake package with add_switchhook_plugin(), a pkg-config
file, contract suites for tests (GoogleTest), and a whole plugin as example.")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME switchhook)
set(CPACK_DEBIAN_SERVER_DESCRIPTION "${about_server}\n${more_server}")
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVER_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "init-system-helpers (>= 1.52), passwd")
set(CPACK_DEBIAN_SERVER_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/postinst ${CMAKE_CURRENT_LIST_DIR}/debian/prerm
    ${CMAKE_CURRENT_LIST_DIR}/debian/postrm ${CMAKE_CURRENT_LIST_DIR}/debian/conffiles)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME switchhook-dev)
set(CPACK_DEBIAN_DEV_DESCRIPTION "${about_dev}\n${more_dev}")
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "cmake (>= 3.25), g++ (>= 4:12), libgtest-dev (>= 1.12), make | ninja-build")
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "switchhook")

include(CPack)
