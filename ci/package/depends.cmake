# What ci/package/deb.sh found that the programs and libraries need.
set(CPACK_DEBIAN_TOOL_PACKAGE_DEPENDS "$ENV{RIG_DEB_TOOL}")
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_DEPENDS "$ENV{RIG_DEB_LIBRARIES}")
