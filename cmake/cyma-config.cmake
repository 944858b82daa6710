# cyma::headers, the inline functions, and cyma::cyma, the library.
include("${CMAKE_CURRENT_LIST_DIR}/cyma-targets.cmake")
