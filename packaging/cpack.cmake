# Packages by CPack: cmake --build build --target package, or ./dev package. For Debian three of them: the command, the
# libraries, and what a program is built with against them.
set(CPACK_PACKAGE_NAME weir)
set(CPACK_PACKAGE_VENDOR "the weir authors")
set(CPACK_PACKAGE_CONTACT "the weir authors <weir@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "dataflow engine: file hashing and log pipelines")
set(CPACK_GENERATOR DEB)
set(CPACK_OUTPUT_FILE_PREFIX ${PROJECT_BINARY_DIR}/package)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL cli runtime development)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/compress_docs.cmake)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_CLI_PACKAGE_NAME weir)
set(CPACK_DEBIAN_CLI_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_CLI_PACKAGE_RECOMMENDS "libssl3, libmicrohttpd12") # loaded when they are asked for
set(CPACK_COMPONENT_CLI_DESCRIPTION "weir hashes trees of files, and runs declarative pipelines over logs and
files: parsing, filtering, counting, compressing, as futures on a
work-stealing scheduler with bounded channels as backpressure.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libweir0)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/triggers
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/shlibs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "libweir is a runtime of futures on a work-stealing scheduler, with timers,
channels, a bounded blocking pool and io by io_uring or epoll;
libweir-pipelines has weir's stages and pipelines on top of it.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libweir-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libweir0 (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Headers, static libraries, pkg-config and CMake packages, and section 3 of
the manual, for programs that are built against libweir.")

# What the policy wants in /usr/share/doc of each.
configure_file(debian/changelog.in ${CMAKE_CURRENT_BINARY_DIR}/changelog @ONLY)
foreach(part cli:weir runtime:libweir0 development:libweir-dev)
  string(REPLACE ":" ";" part ${part})
  list(GET part 0 component)
  list(GET part 1 package)
  install(FILES debian/copyright ${CMAKE_CURRENT_BINARY_DIR}/changelog DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
          COMPONENT ${component})
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/weir COMPONENT cli)
install(FILES systemd/weir@.service DESTINATION lib/systemd/system COMPONENT cli)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/pipelines/ready/ DESTINATION ${CMAKE_INSTALL_DATADIR}/weir/ready COMPONENT cli
        FILES_MATCHING PATTERN "*.weir")
include(CPack)
