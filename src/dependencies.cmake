# Finds what libqrt builds on: the system's packages first, then, with QRT_FETCH, pinned downloads.
# Defines interface targets, so that the rest of the build names roles and not packages:
#   qrt_runtime_dependencies, qrt_onnx_proto, qrt_tool_dependencies, QRT_FLATC
include(FetchContent)

find_package(Threads REQUIRED)

# Stops with one sentence that says what to do.
function(qrt_missing package debian)
  message(FATAL_ERROR "libqrt needs ${package}, which was not found. On Debian or Ubuntu: "
                      "apt-get install ${debian}; elsewhere allow downloads with -DQRT_FETCH=ON.")
endfunction()

# --- FlatBuffers ----------------------------------------------------------------------------------
find_path(QRT_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h)
find_program(QRT_FLATC flatc)
set(QRT_FLATC_TARGET "")
if(NOT QRT_FLATBUFFERS_INCLUDE OR NOT QRT_FLATC)
  if(NOT QRT_FETCH)
    qrt_missing(FlatBuffers "libflatbuffers-dev flatbuffers-compiler")
  endif()
  set(FLATBUFFERS_BUILD_TESTS OFF CACHE BOOL "" FORCE)
  set(FLATBUFFERS_INSTALL OFF CACHE BOOL "" FORCE)
  FetchContent_Declare(flatbuffers GIT_REPOSITORY https://github.com/google/flatbuffers.git
                       GIT_TAG v2.0.8 GIT_SHALLOW ON)
  FetchContent_MakeAvailable(flatbuffers)
  set(QRT_FLATBUFFERS_INCLUDE ${flatbuffers_SOURCE_DIR}/include)
  set(QRT_FLATC $<TARGET_FILE:flatc>)
  set(QRT_FLATC_TARGET flatc)
endif()

# --- pthreadpool, cpuinfo, XNNPACK ----------------------------------------------------------------
add_library(qrt_runtime_dependencies INTERFACE)
target_link_libraries(qrt_runtime_dependencies INTERFACE Threads::Threads)

# qrt_system_library(VAR header library debian-package): an imported interface target, or nothing.
function(qrt_system_library target header library)
  find_path(${target}_INCLUDE ${header})
  find_library(${target}_LIBRARY ${library})
  if(${target}_INCLUDE AND ${target}_LIBRARY)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
    target_link_libraries(${target} INTERFACE ${${target}_LIBRARY})
  endif()
endfunction()

include(src/xnnpack.cmake)

# --- ONNX's protobuf ------------------------------------------------------------------------------
if(QRT_BUILD_CONVERTER)
  add_library(qrt_onnx_proto INTERFACE)
  find_path(QRT_ONNX_INCLUDE onnx/onnx-ml.pb.h)
  find_library(QRT_ONNX_LIBRARY onnx_proto)
  find_package(Protobuf QUIET)
  if(QRT_ONNX_INCLUDE AND QRT_ONNX_LIBRARY AND Protobuf_FOUND)
    target_include_directories(qrt_onnx_proto SYSTEM INTERFACE ${QRT_ONNX_INCLUDE})
    target_link_libraries(qrt_onnx_proto INTERFACE ${QRT_ONNX_LIBRARY} protobuf::libprotobuf)
    target_compile_definitions(qrt_onnx_proto INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
  elseif(QRT_FETCH AND Protobuf_FOUND)
    set(ONNX_ML ON CACHE BOOL "" FORCE)
    FetchContent_Declare(onnx GIT_REPOSITORY https://github.com/onnx/onnx.git GIT_TAG v1.12.0
                         GIT_SHALLOW ON)
    FetchContent_MakeAvailable(onnx)
    target_link_libraries(qrt_onnx_proto INTERFACE onnx_proto)
    target_compile_definitions(qrt_onnx_proto INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
  else()
    qrt_missing("ONNX and protobuf" "libonnx-dev libprotobuf-dev protobuf-compiler")
  endif()
endif()

# --- The tool: CLI11, nlohmann-json, stb, libsndfile ----------------------------------------------
if(QRT_BUILD_TOOLS)
  add_library(qrt_tool_dependencies INTERFACE)
  find_package(CLI11 QUIET)
  if(NOT CLI11_FOUND)
    if(NOT QRT_FETCH)
      qrt_missing(CLI11 libcli11-dev)
    endif()
    FetchContent_Declare(cli11 GIT_REPOSITORY https://github.com/CLIUtils/CLI11.git GIT_TAG v2.1.2
                         GIT_SHALLOW ON)
    FetchContent_MakeAvailable(cli11)
  endif()
  find_package(nlohmann_json QUIET)
  if(NOT nlohmann_json_FOUND)
    if(NOT QRT_FETCH)
      qrt_missing(nlohmann-json nlohmann-json3-dev)
    endif()
    FetchContent_Declare(json GIT_REPOSITORY https://github.com/nlohmann/json.git GIT_TAG v3.11.2
                         GIT_SHALLOW ON)
    FetchContent_MakeAvailable(json)
  endif()
  find_path(QRT_STB_INCLUDE stb_image.h PATH_SUFFIXES stb)
  if(NOT QRT_STB_INCLUDE)
    if(NOT QRT_FETCH)
      qrt_missing(stb libstb-dev)
    endif()
    FetchContent_Declare(stb GIT_REPOSITORY https://github.com/nothings/stb.git
                         GIT_TAG 8b5f1f37b5b75829fc72d38e7b5d4bcbf8a26d55)
    FetchContent_MakeAvailable(stb)
    set(QRT_STB_INCLUDE ${stb_SOURCE_DIR} CACHE PATH "" FORCE)
  endif()
  qrt_system_library(qrt_sndfile sndfile.h sndfile)
  if(NOT TARGET qrt_sndfile)
    if(NOT QRT_FETCH)
      qrt_missing(libsndfile libsndfile1-dev)
    endif()
    FetchContent_Declare(sndfile GIT_REPOSITORY https://github.com/libsndfile/libsndfile.git
                         GIT_TAG 1.2.0 GIT_SHALLOW ON)
    FetchContent_MakeAvailable(sndfile)
    add_library(qrt_sndfile ALIAS sndfile)
  endif()
  target_include_directories(qrt_tool_dependencies SYSTEM INTERFACE ${QRT_STB_INCLUDE})
  target_link_libraries(qrt_tool_dependencies INTERFACE CLI11::CLI11 nlohmann_json::nlohmann_json
                                                        qrt_sndfile)
  include(src/chart_js.cmake)
endif()

# --- Tests and benchmarks -------------------------------------------------------------------------
if(QRT_BUILD_TESTS)
  find_package(GTest QUIET)
  if(NOT GTest_FOUND)
    if(NOT QRT_FETCH)
      qrt_missing(GoogleTest libgtest-dev)
    endif()
    FetchContent_Declare(googletest GIT_REPOSITORY https://github.com/google/googletest.git
                         GIT_TAG release-1.12.1 GIT_SHALLOW ON)
    FetchContent_MakeAvailable(googletest)
    if(NOT TARGET GTest::gtest_main)
      add_library(GTest::gtest_main ALIAS gtest_main)
    endif()
  endif()
endif()
if(QRT_BUILD_BENCHMARKS)
  find_package(benchmark QUIET)
  if(NOT benchmark_FOUND)
    if(NOT QRT_FETCH)
      qrt_missing("Google Benchmark" libbenchmark-dev)
    endif()
    set(BENCHMARK_ENABLE_TESTING OFF CACHE BOOL "" FORCE)
    FetchContent_Declare(benchmark GIT_REPOSITORY https://github.com/google/benchmark.git
                         GIT_TAG v1.7.1 GIT_SHALLOW ON)
    FetchContent_MakeAvailable(benchmark)
  endif()
endif()
