#!/usr/bin/env bash
# Installs ONNX Runtime for Node.js into a folder, at the versions of package-lock.json.
#
#   install.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: install.sh FOLDER}
mkdir -p "$folder"
if cmp -s "$here/package-lock.json" "$folder/package-lock.json" &&
    [ -d "$folder/node_modules/onnxruntime-node" ]; then
  exit 0
fi
cp "$here/package.json" "$folder/"
# The package's install script would download libraries for GPUs, which are not used.
(cd "$folder" && cp "$here/package-lock.json" . && npm ci --ignore-scripts --no-audit --no-fund)
