/* The version of cyma; Python's and CMake's packages read it here. */
#ifndef CYMA_VERSION_H
#define CYMA_VERSION_H

#define CYMA_VERSION "0.1.0"
#define CYMA_VERSION_NUMBER 100 /* for #if: 10000 first part + 100 second part + third part */

#endif
