# `cmake --install` and `find_package(openquant)`.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(TARGETS openquant openquant_live openquant_options EXPORT openquant ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT openquant NAMESPACE openquant:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/openquant FILE openquant-targets.cmake)
foreach(folder engine operators connectors replay)
  install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/openquant FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(FILES ${OPENQUANT_INCLUDE}/openquant/operators.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/openquant)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/openquant-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/openquant-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/openquant)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/openquant-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/openquant-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/openquant-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/openquant)
