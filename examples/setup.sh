#!/usr/bin/env bash
# Makes sure that what libqrt builds with is there: sourced by quickstart.sh and tests/run.sh.
# On Debian and Ubuntu, missing packages are installed with apt-get, and named first; elsewhere the
# build says itself what it lacks.

qrt_packages=(
  build-essential cmake ninja-build
  libxnnpack-dev libcpuinfo-dev libpthreadpool-dev libflatbuffers-dev flatbuffers-compiler
  libonnx-dev libprotobuf-dev protobuf-compiler
  libcli11-dev nlohmann-json3-dev libstb-dev libsndfile1-dev libjs-chart.js
  libgtest-dev libbenchmark-dev
)

qrt_setup() { qrt_install "${qrt_packages[@]}"; }

# qrt_install PACKAGE...: those that are missing.
qrt_install() {
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || return 0
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  echo "== installing with apt-get: ${missing[*]}"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "Not root, and there is no sudo. Run as root: apt-get install ${missing[*]}" >&2
      return 1
    }
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -qq || echo "apt-get update failed; trying with the lists at hand" >&2
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null || {
    echo "apt-get could not install: ${missing[*]}" >&2
    return 1
  }
}

# qrt_configure FOLDER [CMake options]: quiet unless it fails.
qrt_configure() {
  local folder=$1
  shift
  mkdir -p "$folder"
  if ! cmake -S "$qrt_root" -B "$folder" -G Ninja "$@" >"$folder/configure.log" 2>&1; then
    cat "$folder/configure.log" >&2
    echo "The configuration failed; its log is $folder/configure.log" >&2
    return 1
  fi
}
