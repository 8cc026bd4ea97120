#!/usr/bin/env bash
# Measures whole models against ONNX Runtime and XNNPACK's operators, and prints one table.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: bench/run.sh [options]

Installs missing packages, builds the benchmarks, installs ONNX Runtime for Node.js into the build
folder, and measures models: ours and its peers in turns, never two at once.

  --models PLACE    a model (.tflite, .onnx, .qrt) or a folder of them; may be repeated
                    (default: the digit classifiers in examples/digits, and the folder
                    QRT_TEST_MODELS if that is set)
  --threads "1 2"   numbers of threads (default "1 2")
  --isa NAME        hold ours and XNNPACK to this instruction set ("qrt cpu" lists them)
  --out FILE.json   where to write all results (default: build/release/bench/models.json)
  --quick           measure each for a quarter of a second instead of two seconds

Examples:
  bench/run.sh --quick
  bench/run.sh --models ~/models --threads "1 4"
  bench/run.sh --models mobilenet.tflite --isa avx2 --out mobilenet.json

ONNX Runtime needs Node.js 18 or newer. A .tflite is given to it as ONNX, if "qrt convert" exports it.
TEXT
}

qrt_root=$(cd "$(dirname "$0")/.." && pwd)
build=$qrt_root/build/release
models=() threads="1 2" seconds=2 isa="" out=""
while [ $# -gt 0 ]; do
  case $1 in
    --models) models+=("${2:?--models needs a file or a folder}"); shift 2 ;;
    --threads) threads=${2:?--threads needs numbers}; shift 2 ;;
    --isa) isa=${2:?--isa needs a name}; shift 2 ;;
    --out) out=${2:?--out needs a file}; shift 2 ;;
    --quick) seconds=0.25; shift ;;
    -h|--help) usage; exit 0 ;;
    *) echo "bench/run.sh: unknown argument '$1' (see --help)" >&2; exit 2 ;;
  esac
done
if [ ${#models[@]} -eq 0 ]; then
  models=("$qrt_root/examples/digits")
  [ -z "${QRT_TEST_MODELS:-}" ] || models+=("$QRT_TEST_MODELS")
fi

# shellcheck source=examples/setup.sh
. "$qrt_root/examples/setup.sh"
command -v python3 >/dev/null || qrt_packages+=(python3)
qrt_setup >&2
# Whoever has Node.js from elsewhere keeps it. Without it one peer is missing, and no more.
if ! command -v npm >/dev/null; then (qrt_packages=(nodejs npm) && qrt_setup >&2) || true; fi
qrt_configure "$build" -DCMAKE_BUILD_TYPE=Release
ninja -C "$build" qrt_bench_model qrt-cli >"$build/bench.log" || {
  cat "$build/bench.log" >&2
  exit 1
}

options=(--build "$build" --seconds "$seconds" --out "${out:-$build/bench/models.json}")
[ -z "$isa" ] || options+=(--isa "$isa")
onnxruntime=$qrt_root/build/onnxruntime
if ! command -v npm >/dev/null; then
  echo "without ONNX Runtime: there is no npm" >&2
elif ! "$qrt_root/bench/peers/onnxruntime/install.sh" "$onnxruntime" >"$build/npm.log" 2>&1; then
  echo "without ONNX Runtime: npm could not install it ($build/npm.log)" >&2
else
  options+=(--onnxruntime "$onnxruntime")
fi
# shellcheck disable=SC2086 # a list of numbers
python3 "$qrt_root/bench/models.py" "${options[@]}" --threads $threads -- "${models[@]}"
