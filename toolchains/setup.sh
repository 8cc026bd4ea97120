#!/usr/bin/env bash
# Makes what is needed to build libqrt for another CPU: a cross compiler, installed with apt-get, and
# a folder with the target's libraries, which are unpacked there and never installed.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: toolchains/setup.sh TARGET

  TARGET   i686: x86 of 32 bits

Afterwards:
  cmake --preset i686-linux -G Ninja && ninja -C build/i686-linux
  tests/run.sh --preset i686-linux      does all of this, and runs the tests

The libraries lie in build/sysroots/TARGET. For Debian 12 and Ubuntu on x86-64.
TEXT
}

qrt_root=$(cd "$(dirname "$0")/.." && pwd)
case ${1:-} in
  i686)
    architecture=i386
    compiler=i686-linux-gnu-g++ compiler_package=g++-i686-linux-gnu
    ;;
  -h|--help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

# What libqrt, its tool and its tests are linked with; their own dependencies follow.
libraries=(
  libc6-dev libstdc++-12-dev
  libxnnpack-dev libcpuinfo-dev libpthreadpool-dev libflatbuffers-dev
  libonnx-dev libprotobuf-dev
  libcli11-dev nlohmann-json3-dev libstb-dev libsndfile1-dev
  libgtest-dev
)

# shellcheck source=examples/setup.sh
. "$qrt_root/examples/setup.sh"
qrt_install "$compiler_package"
command -v "$compiler" >/dev/null || { echo "There is no $compiler." >&2; exit 1; }

sysroot=$qrt_root/build/sysroots/$1
wanted="$architecture ${libraries[*]}"
if [ "$(cat "$sysroot/complete" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
echo "== unpacking libraries for $architecture into $sysroot"
rm -rf "$sysroot"
apt=$sysroot/apt
mkdir -p "$apt/lists/partial" "$apt/archives/partial"
touch "$apt/status"
# An apt of its own, for which nothing is installed: it finds all dependencies, needs no rights, and
# leaves the system's lists and architectures as they are.
cat >"$apt/apt.conf" <<CONF
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
CONF
export APT_CONFIG=$apt/apt.conf
apt-get update -qq || echo "apt-get update failed; trying with what it got" >&2
apt-get install -y -qq --download-only "${libraries[@]}" >/dev/null
for package in "$apt"/archives/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
rm -rf "$apt"
# Links to absolute paths would lead to the host's files.
find "$sysroot" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
  ln -sfn "$sysroot$(readlink "$link")" "$link"
done
echo "$wanted" >"$sysroot/complete"
