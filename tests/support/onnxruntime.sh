# What scripts that ask ONNX Runtime share.

skip() { echo "skipped: $1" >&2; exit 77; }

# Skips unless there is Node.js, and ONNX Runtime where bench/peers/onnxruntime/install.sh puts it.
need_onnxruntime() {
  command -v node >/dev/null || skip "there is no Node.js, which runs ONNX Runtime"
  [ -d "$1/node_modules/onnxruntime-node" ] ||
    skip "no ONNX Runtime in $1 (bench/peers/onnxruntime/install.sh $1)"
}
