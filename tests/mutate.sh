#!/usr/bin/env bash
# Breaks operators and kernels, one line at a time, and sees that the tests notice.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/mutate.sh [options]

Makes one mistake after another in a copy of the sources (a sign, an off-by-one, a dropped clamp, a
swapped operand; tests/mutations/ lists them), builds it and runs the tests. Ends with a table and with
status 1 if a mistake goes unnoticed, a mutation no longer applies, or a file of operators or kernels
has none.

  --only PATTERN   those whose file's path or replacement contains it
  --these NUMBERS  those of these numbers, as --list and the table have them
  --list           prints the mutations and ends
  --build FOLDER   where the copy and its build are kept (default: build/mutations)
  --from N         goes on with mutation N of the list (they are numbered from 1)
  --share I/N      every Nth of them, from the Ith on: several runs at once, each with a --build of its own
  --seconds S      begins none after S seconds; the table says how many are left
  --skip-baseline  does not run all tests of the unbroken copy first
  -h, --help       this text

A mutation is caught by the tests that its list names, or by any other. Those for instruction sets that
this CPU lacks are left out. All of them take about an hour on one core, most of it compiling; ccache helps.

Examples:
  tests/mutate.sh
  tests/mutate.sh --only softmax
  tests/mutate.sh --only kernels/gemm_s8
TEXT
}

qrt_root=$(cd "$(dirname "$0")/.." && pwd)
build=$qrt_root/build/mutations only="" list=false first=1 seconds=0 baseline=true share=1 shares=1 these=""
while [ $# -gt 0 ]; do
  case $1 in
    --only) only=${2:?--only needs a pattern}; shift 2 ;;
    --these) these=" ${2:?--these needs numbers} "; shift 2 ;;
    --list) list=true; shift ;;
    --build) build=${2:?--build needs a folder}; shift 2 ;;
    --from) first=${2:?--from needs a number}; shift 2 ;;
    --share) share=${2:?--share needs I/N}; shares=${share#*/} share=${share%/*}; shift 2 ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    --skip-baseline) baseline=false; shift ;;
    -h|--help) usage; exit 0 ;;
    *) echo "tests/mutate.sh: unknown argument '$1' (see --help)" >&2; exit 2 ;;
  esac
done
mkdir -p "$build"
build=$(cd "$build" && pwd)
cd "$qrt_root"
fail() { echo "tests/mutate.sh: $1" >&2; exit 1; }

# The lists: a line "FILE [FILTER]", a line "- what stands there", a line "+ what is put in its place".
files=() filters=() befores=() afters=()
read_lists() {
  local list line file="" filter="" before=""
  for list in tests/mutations/*.txt; do
    while IFS= read -r line || [ -n "$line" ]; do
      case $line in
        ''|'#'*) ;;
        '- '*) before=${line#- } ;;
        '+ '*|'+')
          [ -n "$file" ] && [ -n "$before" ] || fail "$list: '$line' follows no line with '-'"
          files+=("$file") filters+=("$filter") befores+=("$before") afters+=("${line#+}")
          afters[-1]=${afters[-1]# }
          before=""
          ;;
        *) read -r file filter <<<"$line" ;;
      esac
    done <"$list"
  done
}

# What stands before the one place that a mutation changes, and the file with the change: in `mutated`.
mutated=""
apply() {
  local content before=${befores[$1]} rest
  content=$(<"${files[$1]}")
  rest=${content#*"$before"}
  [ "$rest" != "$content" ] || return 1
  [ "${rest#*"$before"}" = "$rest" ] || return 2
  mutated=${content%%"$before"*}${afters[$1]}$rest
}

check_lists() {
  local i file status problems=0
  for i in "${!files[@]}"; do
    [ -f "${files[$i]}" ] || { echo "there is no ${files[$i]}" >&2; problems=1; continue; }
    status=0; apply "$i" || status=$?
    case $status in
      1) echo "mutation no longer applies: ${files[$i]} has no '${befores[$i]}'" >&2; problems=1 ;;
      2) echo "mutation is ambiguous: ${files[$i]} has several '${befores[$i]}'" >&2; problems=1 ;;
    esac
  done
  # Operators that are no code of their own.
  local without=' src/ops/call.cc src/ops/if.cc src/ops/while.cc src/ops/reshape.cc '
  for file in src/opspec/rows/*.cc src/ops/*.cc kernels/*/*.cc; do
    case " ${files[*]} $without" in
      *" $file "*) ;;
      *) echo "no mutation breaks $file: add one to tests/mutations/" >&2; problems=1 ;;
    esac
  done
  [ "$problems" = 0 ] || exit 1
}

# Whether this CPU runs the kernels of a file.
runs_here() {
  case $1 in
    */avx2*|kernels/avx2*) grep -qw avx2 /proc/cpuinfo ;;
    */avxvnni*) grep -qw avx_vnni /proc/cpuinfo ;;
    */avx512*|kernels/avx512*) grep -qw avx512_vnni /proc/cpuinfo ;;
  esac
}

# A copy of the sources as they are, with the files' times, so that a build goes on where it was.
copy_sources() {
  mkdir -p "$build/tree"
  git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    [ ! -f "$file" ] || printf '%s\0' "$file"
  done >"$build/files"
  (cd "$build/tree" && find . -type f -print0) | while IFS= read -r -d '' file; do
    [ -f "${file#./}" ] || rm "$build/tree/$file"
  done
  tar --null --files-from="$build/files" -c | tar -x -C "$build/tree"
  # What was broken last is to be compiled again, though its time is an old one now.
  [ ! -f "$build/broken" ] || touch "$build/tree/$(<"$build/broken")"
}

# Objects are the same in every folder.
export CCACHE_BASEDIR=$build CCACHE_NOHASHDIR=1

# The tool's own tests are left out: they see operators only through models.
configure() {
  local linker=() name
  for name in mold lld gold; do
    if command -v "ld.$name" >/dev/null; then
      linker=("-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=$name")
      break
    fi
  done
  cmake -S "$build/tree" -B "$build/out" -G Ninja -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=-O0" \
    -DQRT_BUILD_TOOLS=OFF -DQRT_BUILD_BENCHMARKS=OFF ${linker[@]+"${linker[@]}"} >"$build/configure.log" 2>&1 ||
    { cat "$build/configure.log" >&2; fail "the configuration failed"; }
}

compile() { ninja -C "$build/out" qrt_tests >"$build/compile.log" 2>&1; }

# Runs the tests of a filter; 1 if one fails, whose name is then in `caught`.
caught=""
run_tests() {
  local status
  # A shell of its own, whose words about a crash nobody hears.
  status=$( (timeout 300 "$build/out/tests/qrt_tests" --gtest_filter="$1" --gtest_fail_fast \
    >"$build/tests.log" 2>&1; echo $?) 2>/dev/null)
  [ "$status" != 0 ] || return 0
  caught=$(sed -n 's/^\[  FAILED  \] \([^ ,]*\).*/\1/p' "$build/tests.log" | head -n 1)
  # A crash or an endless loop: in the test that began last.
  [ -n "$caught" ] || caught="$(sed -n 's/^\[ RUN      \] //p' "$build/tests.log" | tail -n 1) (status $status)"
  return 1
}

table=() survivors=0 caught_count=0 left_out=0 remaining=0
row() { table+=("$(printf '%4d  %-38s %-60s %s' "$(($1 + 1))" "${files[$1]}" "${afters[$1]:0:60}" "$2")"); }

try() {
  local i=$1 place="$build/tree/${files[$1]}"
  apply "$i"
  echo "${files[$i]}" >"$build/broken"
  printf '%s\n' "$mutated" >"$place"
  if ! compile; then
    tail -n 20 "$build/compile.log" >&2
    row "$i" "DOES NOT COMPILE"
    survivors=$((survivors + 1))
  elif { [ -n "${filters[$i]}" ] && ! run_tests "${filters[$i]}"; } || ! run_tests '*'; then
    row "$i" "$caught"
    caught_count=$((caught_count + 1))
  else
    row "$i" "SURVIVES"
    survivors=$((survivors + 1))
  fi
  echo "${table[-1]}"
  cp "${files[$i]}" "$place"
}

read_lists
chosen=()
for i in "${!files[@]}"; do
  case "${files[$i]} ${afters[$i]}" in *"$only"*) ;; *) continue ;; esac
  [ -z "$these" ] || case $these in *" $((i + 1)) "*) ;; *) continue ;; esac
  [ $((i + 1)) -ge "$first" ] && [ $((i % shares + 1)) = "$share" ] || continue
  chosen+=("$i")
done
[ ${#chosen[@]} -gt 0 ] || fail "no mutation matches '$only'"
if $list; then
  for i in ${chosen[@]+"${chosen[@]}"}; do
    printf '%4d  %s\n      - %s\n      + %s\n' $((i + 1)) "${files[$i]}" "${befores[$i]}" "${afters[$i]}"
  done
  exit 0
fi
check_lists

copy_sources
configure
compile || { cat "$build/compile.log" >&2; fail "the sources do not compile as they are"; }
if $baseline; then
  run_tests '*' || { cat "$build/tests.log" >&2; fail "the tests fail on the sources as they are: $caught"; }
fi

for i in "${chosen[@]}"; do
  if ! runs_here "${files[$i]}"; then
    left_out=$((left_out + 1))
  elif [ "$seconds" != 0 ] && [ "$SECONDS" -ge "$seconds" ]; then
    [ "$remaining" != 0 ] || echo "$seconds seconds have passed: go on with --from $((i + 1))"
    remaining=$((remaining + 1))
  else
    try "$i"
  fi
done

printf '\n%4s  %-38s %-60s %s\n' "" "file" "mutation" "caught by"
printf '%s\n' ${table[@]+"${table[@]}"}
echo
echo "$caught_count mutations caught, $survivors not; $left_out for instruction sets that this CPU lacks, $remaining left to run"
[ "$survivors" = 0 ]
