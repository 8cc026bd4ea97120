#!/usr/bin/env bash
# From a clean clone to a quantized network that reads handwritten digits: installs what is missing,
# builds the tool, converts the shipped models, and classifies the shipped pictures.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: examples/quickstart.sh [--build FOLDER]

Builds libqrt's command-line tool and shows it at work on the digit classifier in examples/digits:
its float and its quantized form are converted to .qrt, 40 test pictures are classified, the float form
is quantized with them, too, and the sizes, speed and accuracy of all three are put side by side. Takes a
few minutes the first time.

  --build FOLDER   build there (default: build/release, as tests/run.sh does)
TEXT
}

qrt_root=$(cd "$(dirname "$0")/.." && pwd)
build=$qrt_root/build/release
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:?--build needs a folder}; shift 2 ;;
    -h|--help) usage; exit 0 ;;
    *) echo "unknown argument '$1'" >&2; usage >&2; exit 2 ;;
  esac
done

# shellcheck source=examples/setup.sh
. "$qrt_root/examples/setup.sh"
step() { printf '\n== %s\n' "$*"; }

step "checking for the packages that the build needs"
qrt_setup

step "building the tool (into ${build#"$qrt_root"/})"
qrt_configure "$build" -DCMAKE_BUILD_TYPE=Release
ninja -C "$build" qrt-cli
qrt=$build/bin/qrt
digits=$qrt_root/examples/digits
work=$build/digits
mkdir -p "$work"

step "converting the shipped models to .qrt"
"$qrt" convert "$digits/digits_float.onnx" "$work/digits_float.qrt"
"$qrt" convert "$digits/digits_int8.qdq.onnx" "$work/digits_int8.qrt"

step "classifying pictures with the quantized model (one of each digit)"
"$qrt" run "$work/digits_int8.qrt" --labels "$digits/labels.txt" --scale 1/255 \
  --draw --each "$digits"/images/{00,04,08,12,16,20,24,28,32,36}_*.png

step "quantizing the float model with the shipped pictures"
# The label of a picture is in its name. Half of the pictures are calibrated on, the other half judge.
ls "$digits"/images | sed 's/.*label\([0-9]\).*/\1/' >"$work/labels.txt"
"$qrt" quantize "$digits/digits_float.onnx" "$work/digits_ptq.qrt" --data "$digits/images" \
  --scale 1/255 --samples 20 --labels "$work/labels.txt" --metric top1 \
  --report "$work/report.html"
echo "The same, with pictures: file://$work/report.html"

step "float, trained for int8, and quantized afterwards, side by side"
# Fields of `qrt bench --json`, which prints one "key": value a line.
field() { sed -n "s/^ *\"$2\": *\([0-9.]*\),*$/\1/p" "$1" | head -n 1; }
right() {
  "$qrt" run "$1" --labels "$digits/labels.txt" --scale 1/255 \
    --each "$digits"/images/*.png --json |
    awk '/"file":/ { match($0, /label[0-9]/); want = substr($0, RSTART + 5, 1) }
         /"label":/ { match($0, /"[0-9]"/); n += substr($0, RSTART + 1, 1) == want }
         END { print n + 0 }'
}
printf '%-10s %12s %14s %16s\n' model 'file bytes' 'median us' 'right of 40'
for kind in float int8 ptq; do
  model=$work/digits_$kind.qrt
  "$qrt" bench "$model" --seconds 1 --json >"$work/bench_$kind.json"
  printf '%-10s %12s %14s %16s\n' "$kind" "$(stat -c %s "$model")" \
    "$(field "$work/bench_$kind.json" median_us)" "$(right "$model")"
done

cat <<TEXT

Next:
  $qrt --help
  $qrt inspect $work/digits_int8.qrt
  $qrt quantize --help                your own model
  $qrt bench $work/digits_int8.qrt --profile
  tests/run.sh     runs the tests
TEXT
