#!/usr/bin/env bash
# Lets ONNX Runtime judge what the export tests export.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/export/onnxruntime.sh MODULES COMMAND...

Runs the export tests, which write every model that they export, and has ONNX Runtime run them: its
outputs must be libqrt's, up to the rounding that for_judge.h allows.

  MODULES   where ONNX Runtime is: bench/peers/onnxruntime/install.sh MODULES puts it there
  COMMAND   the test program, qrt_tests; the program that emulates its CPU before it, if it needs one

Ends with status 77 if there is no ONNX Runtime or no Node.js.

Example:
  bench/peers/onnxruntime/install.sh build/onnxruntime
  tests/export/onnxruntime.sh build/onnxruntime build/release/tests/qrt_tests
TEXT
}

case ${1:-} in
  -h|--help) usage; exit 0 ;;
esac
[ $# -ge 2 ] || { usage >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
modules=$1
shift

# shellcheck source=tests/support/onnxruntime.sh
. "$here/../support/onnxruntime.sh"
need_onnxruntime "$modules"

cases=$(mktemp -d)
trap 'rm -rf "$cases"' EXIT
QRT_EXPORT_CASES=$cases "$@" --gtest_filter='*Export*:-*ExportDamaged*' --gtest_brief=1
node "$here/onnxruntime.mjs" "$modules" "$cases"
