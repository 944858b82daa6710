# The headers of the Python package. Where libcyma is installed, its own cyma-config.cmake is to be
# found instead, which has cyma::cyma too.
if(NOT TARGET cyma::headers)
  add_library(cyma::headers INTERFACE IMPORTED)
  set_target_properties(cyma::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "@include@")
endif()
