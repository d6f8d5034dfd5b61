# The packages, by CPack, from the install rules of the whole tree.
# SOURCE_DATE_EPOCH must be set when they are made (`./dev package` does); the same sources then give the same bytes.
set(CPACK_PACKAGE_NAME switchhook)
set(CPACK_PACKAGE_VERSION ${SWITCHHOOK_VERSION})
set(CPACK_PACKAGE_CONTACT ${maintainer})
set(CPACK_PACKAGE_VENDOR Switchhook)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_GENERATOR DEB RPM)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/set_times.cmake)

# A group of components is a package; generator.cmake says which components belong to which kind of package.
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/generator.cmake)
set(CPACK_SWITCHHOOK_PLUGIN_PACKAGES ${plugin_packages})
foreach(group server dev debug ${plugin_packages})
    string(TOUPPER ${group} GROUP)
    foreach(component ${GROUP} ${GROUP}_DEB ${GROUP}_RPM)
        set(CPACK_COMPONENT_${component}_GROUP ${group})
    endforeach()
endforeach()

set(about_server "delivers LiveKit's webhooks for SIP calls to tenants")
set(more_server "Switchhook receives LiveKit's webhooks for SIP calls, proves that they are
genuine, finds the tenant that each call belongs to, and delivers every event
to that tenant's HTTPS endpoint: signed, in order, retried, and without losing
one. It brings LiveKit's SIP trunk and dispatch rule into the wanted state.")
set(more_plugins "Stores, matchers, formats and transports are plugins; this package has the
standard ones.")
set(about_dev "headers, build rules and test kit for plugins of Switchhook")
set(more_dev "What a plugin of Switchhook is built with: headers that need nothing but the
standard library, the CMake package with add_switchhook_plugin(), a pkg-config
file, contract suites for tests (GoogleTest), and a whole plugin as example.")
set(about_debug "debug symbols of Switchhook")
set(more_debug "Debug symbols of the server and its standard plugins, found by build id.")

# Debian. One paragraph line that is a dot is an empty line.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME switchhook)
set(CPACK_DEBIAN_SERVER_DESCRIPTION "${about_server}\n${more_server}\n.\n${more_plugins}")
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVER_PACKAGE_SHLIBDEPS ON)
# Without any certificate authority the server does not start.
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "ca-certificates, init-system-helpers (>= 1.52), passwd")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/postinst ${CMAKE_CURRENT_LIST_DIR}/debian/prerm
    ${CMAKE_CURRENT_LIST_DIR}/debian/postrm ${CMAKE_CURRENT_LIST_DIR}/debian/conffiles)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME switchhook-dev)
set(CPACK_DEBIAN_DEV_DESCRIPTION "${about_dev}\n${more_dev}")
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_ARCHITECTURE all)
# Whoever installs it wants to build: the test kit includes GoogleTest, the example is built with CMake.
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "cmake (>= 3.25), g++ (>= 4:12), libgtest-dev (>= 1.12), make | ninja-build")
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS switchhook)
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS pkgconf)

set(CPACK_DEBIAN_DEBUG_PACKAGE_NAME switchhook-dbgsym)
set(CPACK_DEBIAN_DEBUG_DESCRIPTION "${about_debug}\n${more_debug}")
set(CPACK_DEBIAN_DEBUG_PACKAGE_SECTION debug)
set(CPACK_DEBIAN_DEBUG_PACKAGE_DEPENDS "switchhook (= ${SWITCHHOOK_VERSION})")

# Fedora and its kin. rpm finds out by itself which libraries are needed, by soname: those of the distribution that built.
set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
set(CPACK_RPM_PACKAGE_GROUP "Applications/Internet")
set(CPACK_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_COMPRESSION_TYPE xz)
set(CPACK_RPM_CHANGELOG_FILE ${written}/changelog.rpm)
# Nothing of the machine and the time that built. A plugin is opened by its path and provides no library.
set(CPACK_RPM_SPEC_MORE_DEFINE "%define packager ${maintainer}
%define _buildhost localhost
%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1
%define _build_id_links none
%define __provides_exclude_from ^/usr/lib/switchhook/plugins/.*$
%define _source_payload w6.xzdio
%define _binary_payload w6.xzdio")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /etc/sysconfig /lib /usr/include /usr/lib/debug /usr/lib/debug/.build-id /usr/lib/systemd
    /usr/lib/systemd/system /usr/lib/sysusers.d /usr/share/bash-completion /usr/share/bash-completion/completions /usr/share/cmake
    /usr/share/doc /usr/share/licenses /usr/share/man /usr/share/man/man1 /usr/share/man/man5 /usr/share/man/man7 /usr/share/pkgconfig
    /var /var/lib)

set(CPACK_RPM_SERVER_PACKAGE_NAME switchhook)
set(CPACK_RPM_SERVER_PACKAGE_SUMMARY "Delivers LiveKit's webhooks for SIP calls to tenants")
set(CPACK_RPM_SERVER_PACKAGE_DESCRIPTION "${more_server}\n\n${more_plugins}")
set(CPACK_RPM_SERVER_PACKAGE_REQUIRES "ca-certificates")
set(CPACK_RPM_SERVER_PACKAGE_REQUIRES_PRE "shadow-utils")
set(CPACK_RPM_SERVER_PRE_INSTALL_SCRIPT_FILE ${CMAKE_CURRENT_LIST_DIR}/rpm/pre)
set(CPACK_RPM_SERVER_POST_INSTALL_SCRIPT_FILE ${CMAKE_CURRENT_LIST_DIR}/rpm/post)
set(CPACK_RPM_SERVER_PRE_UNINSTALL_SCRIPT_FILE ${CMAKE_CURRENT_LIST_DIR}/rpm/preun)
set(CPACK_RPM_SERVER_POST_UNINSTALL_SCRIPT_FILE ${CMAKE_CURRENT_LIST_DIR}/rpm/postun)
set(CPACK_RPM_SERVER_USER_FILELIST
    "%dir %attr(0750,root,switchhook) /etc/switchhook"
    "%config(noreplace) %attr(0640,root,switchhook) /etc/switchhook/switchhook.yaml"
    "%config(noreplace) /etc/sysconfig/switchhook"
    "%dir %attr(0750,switchhook,switchhook) /var/lib/switchhook")

set(CPACK_RPM_DEV_PACKAGE_NAME switchhook-devel)
set(CPACK_RPM_DEV_PACKAGE_SUMMARY "Headers, build rules and test kit for plugins of Switchhook")
set(CPACK_RPM_DEV_PACKAGE_DESCRIPTION ${more_dev})
set(CPACK_RPM_DEV_PACKAGE_ARCHITECTURE noarch)
set(CPACK_RPM_DEV_PACKAGE_GROUP "Development/Libraries")
set(CPACK_RPM_DEV_PACKAGE_REQUIRES "cmake >= 3.25, gcc-c++ >= 12, gtest-devel >= 1.12, make")

set(CPACK_RPM_DEBUG_PACKAGE_NAME switchhook-debuginfo)
set(CPACK_RPM_DEBUG_PACKAGE_SUMMARY "Debug symbols of Switchhook")
set(CPACK_RPM_DEBUG_PACKAGE_DESCRIPTION ${more_debug})
set(CPACK_RPM_DEBUG_PACKAGE_REQUIRES "switchhook = ${SWITCHHOOK_VERSION}")
set(CPACK_RPM_DEBUG_PACKAGE_AUTOREQPROV OFF)

# Plugins that need a heavy library (add_switchhook_plugin, PACKAGE).
foreach(package ${plugin_packages})
    string(TOUPPER ${package} PACKAGE)
    set(about "plugins of Switchhook that need ${package}")
    set(more "Switchhook delivers LiveKit's webhooks for SIP calls to tenants.\nThese plugins of it need ${package}.")
    set(CPACK_DEBIAN_${PACKAGE}_PACKAGE_NAME switchhook-${package})
    set(CPACK_DEBIAN_${PACKAGE}_DESCRIPTION "${about}\n${more}")
    set(CPACK_DEBIAN_${PACKAGE}_PACKAGE_SECTION net)
    set(CPACK_DEBIAN_${PACKAGE}_PACKAGE_SHLIBDEPS ON)
    set(CPACK_DEBIAN_${PACKAGE}_PACKAGE_DEPENDS "switchhook (= ${SWITCHHOOK_VERSION})")
    set(CPACK_RPM_${PACKAGE}_PACKAGE_NAME switchhook-${package})
    set(CPACK_RPM_${PACKAGE}_PACKAGE_SUMMARY "Plugins of Switchhook that need ${package}")
    set(CPACK_RPM_${PACKAGE}_PACKAGE_DESCRIPTION ${more})
    set(CPACK_RPM_${PACKAGE}_PACKAGE_REQUIRES "switchhook = ${SWITCHHOOK_VERSION}")
endforeach()

include(CPack)
