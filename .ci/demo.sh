#!/usr/bin/env bash
# Runs the demo as a newcomer would, and looks at what it says, serves and stores.
set -euo pipefail
cargo build --release --quiet
said=$(mktemp)
target/release/warraq demo >"$said" &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; rm -f "$said"' EXIT

address=
for _ in $(seq 100); do
    address=$(grep -om1 'http://127.0.0.1:[0-9]*/' "$said" || true)
    [ -n "$address" ] && curl -fs "${address}readyz" >/dev/null && break
    sleep 0.2
done
[ -n "$address" ] || { echo "the demo printed no address"; exit 1; }

for _ in $(seq 100); do
    stories=$(curl -fs "${address}feed.json" | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["items"]))')
    [ "$stories" -ge 10 ] && break
    sleep 0.2
done
echo "the demo serves $stories stories at ${address}feed.json"
[ "$stories" -ge 10 ]
database=$(grep -om1 '/[^ ]*warraq.db' "$said")
echo "joined by: $(sqlite3 -readonly "$database" "SELECT group_concat(DISTINCT rule) FROM duplicates")"
[ "$(sqlite3 -readonly "$database" "SELECT count(*) FROM duplicates")" -ge 1 ]
kill "$demo"
wait "$demo"
[ ! -e "$database" ] || { echo "the demo left $database behind"; exit 1; }
echo "the demo ended with exit 0 and left nothing behind"
