# Makes a source file of the report's page, which stands in the tool as bytes:
#   cmake -DFOLDER=src/cli/report -DCHART=chart.min.js -DOUT=page.cc -P embed.cmake
# Without CHART the page shows tables.
file(READ ${FOLDER}/page.html page)
file(READ ${FOLDER}/page.css style)
set(script "")
foreach(name base theme table draw picker summary tradeoff tensors histogram weights operators main)
  file(READ ${FOLDER}/${name}.js part)
  string(APPEND script "${part}")
endforeach()
set(chart "")
set(licence "")
if(CHART)
  file(READ ${CHART} chart)
  file(READ ${FOLDER}/chart.js.license licence)
endif()
foreach(part style script chart licence)
  string(REPLACE "{{${part}}}" "${${part}}" page "${page}")
endforeach()

file(WRITE ${OUT}.html "${page}")
file(READ ${OUT}.html hex HEX)
file(REMOVE ${OUT}.html)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
# Lines that an editor and a compiler can bear.
string(REGEX REPLACE "((0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,))" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include \"src/cli/report/page.h\"

namespace qrt::cli::report {

const unsigned char kPage[] = {
${bytes}};
const size_t kPageBytes = sizeof kPage;

}  // namespace qrt::cli::report
")
