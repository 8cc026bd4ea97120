# XNNPACK, cpuinfo and pthreadpool: all of them the system's, or all of them pinned sources. Never a
# mixture: XNNPACK calls the other two, and a program with two versions of one calls either.
# Defines qrt_pthreadpool, qrt_cpuinfo and, with QRT_XNNPACK, qrt_xnnpack and QRT_XNNPACK_DEFINITIONS.
#
# None of them has releases to speak of. These commits were built and tested together. A checkout at
# hand takes the place of a download with FETCHCONTENT_SOURCE_DIR_XNNPACK, _PTHREADPOOL, _CPUINFO and
# _FXDIV. (XNNPACK no longer uses FP16.)
set(QRT_XNNPACK_COMMIT 75db3c093b6d74fe90b8df82670cd8a01102ba38)      # 2026-08-21
set(QRT_PTHREADPOOL_COMMIT 0e6ca13779b57d397a5ba6bfdcaa8a275bc8ea2e)  # 2025-10-20
set(QRT_CPUINFO_COMMIT d6108819d1d41c749b076e250be454c4559cb771)      # 2026-07-23
set(QRT_FXDIV_COMMIT 63058eff77e11aa15bf531df5dd34395ec3017c8)        # 2020-12-08

set(packages pthreadpool cpuinfo)
set(pthreadpool_files pthreadpool.h pthreadpool)
set(cpuinfo_files cpuinfo.h cpuinfo)
if(QRT_XNNPACK)
  list(APPEND packages xnnpack)
  set(xnnpack_files xnnpack.h XNNPACK)
endif()

# --- The system's ---------------------------------------------------------------------------------
set(system_has_all ${QRT_SYSTEM_XNNPACK})
foreach(package IN LISTS packages)
  list(GET ${package}_files 0 header)
  list(GET ${package}_files 1 library)
  find_path(qrt_${package}_INCLUDE ${header})
  find_library(qrt_${package}_LIBRARY ${library})
  if(NOT qrt_${package}_INCLUDE OR NOT qrt_${package}_LIBRARY)
    set(system_has_all OFF)
  endif()
endforeach()

# --- The pinned ones ------------------------------------------------------------------------------
# Downloads; a folder without a CMakeLists.txt keeps FetchContent from adding the package to the build.
macro(qrt_download name repository commit)
  FetchContent_Declare(${name} GIT_REPOSITORY https://github.com/${repository}.git GIT_TAG ${commit}
                       SOURCE_SUBDIR none)
  FetchContent_MakeAvailable(${name})
endmacro()

# Adds what was downloaded: built as far as something needs it, and not installed. Its headers count as
# the system's, whose warnings are nobody's.
macro(qrt_add_downloaded name target)
  add_subdirectory(${${name}_SOURCE_DIR} ${${name}_BINARY_DIR} EXCLUDE_FROM_ALL)
  add_library(qrt_${name} INTERFACE)
  target_link_libraries(qrt_${name} INTERFACE ${target})
  target_include_directories(qrt_${name} SYSTEM INTERFACE ${${name}_SOURCE_DIR}/include)
  set(qrt_${name}_HEADERS ${${name}_SOURCE_DIR}/include)
endmacro()

if(system_has_all)
  foreach(package IN LISTS packages)
    add_library(qrt_${package} INTERFACE IMPORTED GLOBAL)
    target_include_directories(qrt_${package} SYSTEM INTERFACE ${qrt_${package}_INCLUDE})
    target_link_libraries(qrt_${package} INTERFACE ${qrt_${package}_LIBRARY})
    set(qrt_${package}_HEADERS ${qrt_${package}_INCLUDE})
  endforeach()
elseif(NOT QRT_FETCH)
  qrt_missing("XNNPACK with cpuinfo and pthreadpool"
              "libxnnpack-dev libcpuinfo-dev libpthreadpool-dev")
else()
  qrt_download(fxdiv Maratyszcza/FXdiv ${QRT_FXDIV_COMMIT})
  qrt_download(pthreadpool google/pthreadpool ${QRT_PTHREADPOOL_COMMIT})
  qrt_download(cpuinfo pytorch/cpuinfo ${QRT_CPUINFO_COMMIT})
  # Where each finds the others, instead of downloading what it likes.
  set(FXDIV_SOURCE_DIR ${fxdiv_SOURCE_DIR} CACHE PATH "" FORCE)
  set(PTHREADPOOL_SOURCE_DIR ${pthreadpool_SOURCE_DIR} CACHE PATH "" FORCE)
  set(CPUINFO_SOURCE_DIR ${cpuinfo_SOURCE_DIR} CACHE PATH "" FORCE)
  foreach(name CPUINFO_BUILD_TOOLS CPUINFO_BUILD_UNIT_TESTS CPUINFO_BUILD_MOCK_TESTS
               CPUINFO_BUILD_BENCHMARKS PTHREADPOOL_BUILD_TESTS PTHREADPOOL_BUILD_BENCHMARKS
               PTHREADPOOL_ALLOW_DEPRECATED_API)
    set(${name} OFF CACHE BOOL "" FORCE)
  endforeach()
  set(CPUINFO_LIBRARY_TYPE static CACHE STRING "" FORCE)
  set(PTHREADPOOL_LIBRARY_TYPE static CACHE STRING "" FORCE)
  qrt_add_downloaded(pthreadpool pthreadpool)
  qrt_add_downloaded(cpuinfo cpuinfo)
  if(QRT_XNNPACK)
    qrt_download(xnnpack google/XNNPACK ${QRT_XNNPACK_COMMIT})
    # We use float convolutions and fully connected layers; KleidiAI would be one more download.
    foreach(name XNNPACK_BUILD_TESTS XNNPACK_BUILD_BENCHMARKS XNNPACK_BUILD_ALL_MICROKERNELS
                 XNNPACK_ENABLE_KLEIDIAI)
      set(${name} OFF CACHE BOOL "" FORCE)
    endforeach()
    set(XNNPACK_LIBRARY_TYPE static CACHE STRING "" FORCE)
    qrt_add_downloaded(xnnpack XNNPACK)
  endif()
endif()
target_link_libraries(qrt_runtime_dependencies INTERFACE qrt_pthreadpool qrt_cpuinfo)

# --- Which interface this XNNPACK has -------------------------------------------------------------
# XNNPACK tells no version, so a few lines are compiled (and not linked) to see what it has.
function(qrt_xnnpack_check variable code)
  # Asked anew each time: the cache may remember another XNNPACK.
  unset(${variable} CACHE)
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
  set(CMAKE_REQUIRED_INCLUDES ${qrt_xnnpack_HEADERS} ${qrt_pthreadpool_HEADERS})
  set(CMAKE_REQUIRED_QUIET ON)
  check_cxx_source_compiles("#include <xnnpack.h>\n${code}" ${variable})
  if(${variable})
    set(QRT_XNNPACK_DEFINITIONS ${QRT_XNNPACK_DEFINITIONS} ${variable}=1 PARENT_SCOPE)
  endif()
endfunction()

if(QRT_XNNPACK)
  include(CheckCXXSourceCompiles)
  target_link_libraries(qrt_runtime_dependencies INTERFACE qrt_xnnpack)
  set(QRT_XNNPACK_DEFINITIONS QRT_HAVE_XNNPACK=1)
  # An operator is reshaped and then set up (since 2023; before, both were one call).
  qrt_xnnpack_check(QRT_XNNPACK_RESHAPE "auto* call = &xnn_reshape_convolution2d_nhwc_f32;")
  # Packed weights can be kept by the caller (since 2024).
  qrt_xnnpack_check(QRT_XNNPACK_WEIGHTS_PROVIDER
                    "auto call = &xnn_weights_cache_provider::look_up_or_insert;")
  message(STATUS "XNNPACK: ${qrt_xnnpack_HEADERS} (${QRT_XNNPACK_DEFINITIONS})")
endif()
