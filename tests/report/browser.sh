#!/usr/bin/env bash
# Has headless Chromium load the page of a report, click in it and photograph it.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/report/browser.sh COMMAND...

  COMMAND   make_report, which turns a report into its page; the program that emulates its CPU before it,
            if it needs one

Fails if the page logs an error, fetches anything, is wider than a phone, or does not do what is clicked.
With QRT_SCREENSHOTS=FOLDER the screenshots stay there. Ends with status 77 without Chromium or Node.js.

Example:
  tests/report/browser.sh build/release/tests/qrt_make_report
TEXT
}

case ${1:-} in
  -h|--help) usage; exit 0 ;;
  '') usage >&2; exit 2 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "skipped: $1" >&2; exit 77; }
command -v node >/dev/null || skip "there is no Node.js, which drives the browser"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
  skip "there is no Chromium"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for kind in plain hostile small; do
  node "$here/sample.mjs" "$kind" >"$work/$kind.json"
  "$@" "$work/$kind.json" "$work/$kind.html"
done
node "$here/browser.mjs" "$browser" "$work" "${QRT_SCREENSHOTS:-$work}"
