#!/usr/bin/env bash
# Compares random graphs, run by libqrt, with ONNX Runtime.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/models/random_graphs.sh RUNNER MODULES [options of random_graphs.py]

Calls random_graphs.py with a Python that has NumPy and onnx.

  RUNNER    the program qrt_run_graphs, from a build folder's tests/
  MODULES   where ONNX Runtime is: bench/peers/onnxruntime/install.sh MODULES puts it there

Ends with status 77 if there is no ONNX Runtime, no Node.js, or no Python with NumPy and onnx (Debian: python3-onnx).

Examples:
  tests/models/random_graphs.sh build/release/tests/qrt_run_graphs build/onnxruntime --seeds 0:1000
  tests/models/random_graphs.sh build/release/tests/qrt_run_graphs build/onnxruntime --help
TEXT
}

case ${1:-} in
  -h|--help) usage; exit 0 ;;
esac
[ $# -ge 2 ] || { usage >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)

# shellcheck source=tests/support/onnxruntime.sh
. "$here/../support/onnxruntime.sh"
need_onnxruntime "$2"
for python in python3 /usr/bin/python3; do
  "$python" -c 'import numpy, onnx' 2>/dev/null && exec "$python" "$here/random_graphs.py" "$@"
done
skip "no Python with NumPy and onnx (Debian: python3-onnx)"
