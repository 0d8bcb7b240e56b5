# SPDX-License-Identifier: Apache-2.0
# Debian packages by CPack: `cmake --preset deb && cmake --build build/deb && cpack -B build/deb`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "NovaCron")
set(CPACK_PACKAGE_CONTACT "NovaCron maintainers <maintainers@novacron.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
# A plugin's manifest holds the hash of its object: what was built is what is packed.
set(CPACK_STRIP_FILES OFF)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL runtime dev)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME novacron)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS "passwd")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS "logrotate, systemd")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "The daemon novacrond keeps virtual machines on one's own hosts and in clouds through drivers that
it loads as plugins; novacron is its command line. State survives crashes and power cuts.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/deploy/debian/postinst ${CMAKE_SOURCE_DIR}/deploy/debian/prerm
  ${CMAKE_SOURCE_DIR}/deploy/debian/postrm ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME novacron-plugin-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_DESCRIPTION "To write plugins with: the versioned ABI between the daemon and its plugins as C headers that
depend on nothing, request and result schemas, a pkg-config file and a CMake package.")

include(CPack)
