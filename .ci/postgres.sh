#!/usr/bin/env bash
# The end-to-end tests over PostgreSQL instead of SQLite, both stores over captured outlets where ../shared is at hand, and kill -9
# of daemon and server under polls. `.ci/postgres_kills.py target/release/warraq 100 20` is the long run.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null; then
    echo "-- skipped: PostgreSQL is not installed"
    exit 0
fi

echo "-- every journey over PostgreSQL"
WARRAQ_TEST_STORE=postgres cargo test --test it -- --show-output

if [ -d ../shared/outlets ]; then
    echo "-- both stores over 187 captured feeds: rows, editions, 200 searches"
    work=$(mktemp -d)
    python3 ../shared/outlets/serve.py --port 0 --listen 0 --config "$work/w.toml" --database "$work/w.db" >"$work/ready" &
    outlets=$!
    trap 'kill "$outlets" 2>/dev/null || true; rm -rf "$work"' EXIT
    for _ in $(seq 100); do grep -q '^ready' "$work/ready" && break; sleep 0.1; done
    WARRAQ_CAPTURED_CONFIG="$work/w.toml" cargo test --test it captured:: -- --ignored --nocapture
else
    echo "-- skipped: both stores over captured feeds: ../shared is not here"
fi

if [ -x target/release/warraq ]; then
    echo "-- kill -9 of the daemon and of the server, under polls"
    .ci/postgres_kills.py target/release/warraq 10 3
else
    echo "-- skipped: kills over PostgreSQL: target/release/warraq is not built yet"
fi
