# Finds Chart.js, which draws the charts of `qrt quantize --report`: the system's, or, with QRT_FETCH,
# npm's at a pinned version. Sets QRT_CHART_JS; where it is to be had from neither, that is empty, and the
# report shows tables alone.
set(QRT_CHART_JS_VERSION 3.9.1)
set(QRT_CHART_JS_SHA512 468d896cb9af83cde05c5e45e2c9e2690fa54db4afd7c13e4c87f670e7a21f522a7763c614eb5e9be0d4b9f319b02270144ef2c0f3a97d7141c114c6abb761eb)

find_file(QRT_CHART_JS chart.min.js PATHS /usr/share/javascript/chart.js NO_DEFAULT_PATH
          NO_CMAKE_FIND_ROOT_PATH DOC "Chart.js, version 3, minified")
# Version 2, which older systems have, is another library.
if(QRT_CHART_JS)
  file(STRINGS ${QRT_CHART_JS} chart_version LIMIT_COUNT 1 REGEX "Chart\\.js v[0-9]")
  if(NOT chart_version MATCHES "Chart\\.js v3\\.")
    message(STATUS "${QRT_CHART_JS} is not Chart.js 3")
    set(QRT_CHART_JS QRT_CHART_JS-NOTFOUND CACHE FILEPATH "Chart.js, version 3, minified" FORCE)
  endif()
endif()

# npm pack takes the package from the registry that npm is set up for, and runs none of its scripts.
function(qrt_fetch_chart_js)
  find_program(QRT_NPM npm)
  if(NOT QRT_NPM)
    return()
  endif()
  set(folder ${PROJECT_BINARY_DIR}/chart.js)
  set(tarball ${folder}/chart.js-${QRT_CHART_JS_VERSION}.tgz)
  file(MAKE_DIRECTORY ${folder})
  execute_process(COMMAND ${QRT_NPM} pack --silent --ignore-scripts --fetch-retries=1
                          chart.js@${QRT_CHART_JS_VERSION}
                  WORKING_DIRECTORY ${folder} RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed OR NOT EXISTS ${tarball})
    return()
  endif()
  file(SHA512 ${tarball} sum)
  if(NOT sum STREQUAL QRT_CHART_JS_SHA512)
    message(FATAL_ERROR "npm's chart.js ${QRT_CHART_JS_VERSION} is not the file that this build "
                        "expects: its SHA-512 is ${sum}.")
  endif()
  file(ARCHIVE_EXTRACT INPUT ${tarball} DESTINATION ${folder})
  set(QRT_CHART_JS ${folder}/package/dist/chart.min.js CACHE FILEPATH "" FORCE)
endfunction()
if(NOT QRT_CHART_JS AND QRT_FETCH)
  qrt_fetch_chart_js()
endif()

if(NOT QRT_CHART_JS)
  set(QRT_CHART_JS "")
  message(STATUS "No Chart.js: reports of `qrt quantize` will have tables and no charts. On Debian or "
                 "Ubuntu: apt-get install libjs-chart.js")
endif()
