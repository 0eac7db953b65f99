#!/usr/bin/env bash
# The end-to-end tests over PostgreSQL instead of SQLite, both stores over captured and made outlets where ../shared is at hand, and
# kill -9 of daemon and server under polls. `.ci/postgres_kills.py target/release/warraq 100 20` is the long run.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null; then
    echo "-- skipped: PostgreSQL is not installed"
    exit 0
fi

echo "-- every journey over PostgreSQL"
# Tests that need no store, or that choose it themselves, have run already.
elsewhere=(architecture circles config copying demo feed_doc fetch hostile identity manual postgres postgres_migrations postgres_outages
    postgres_plans postgres_search reading silent_network)
skipped=()
for module in "${elsewhere[@]}"; do skipped+=(--skip "$module::"); done
WARRAQ_TEST_STORE=postgres cargo test --test it -- --show-output "${skipped[@]}"

work=$(mktemp -d)
served=()
trap 'kill "${served[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

# Waits until a server in the background has said in a file that it is ready.
ready() {
    for _ in $(seq 100); do grep -q ready "$1" && return; sleep 0.1; done
    echo "no server: $1" >&2
    exit 1
}

if [ -d ../shared/outlets ]; then
    echo "-- both stores over 187 captured feeds: rows, editions, 200 searches"
    python3 ../shared/outlets/serve.py --port 0 --listen 0 --config "$work/w.toml" --database "$work/w.db" >"$work/captured" &
    served+=($!)
    ready "$work/captured"
    WARRAQ_CAPTURED_CONFIG="$work/w.toml" cargo test --test it captured:: -- --ignored --nocapture
else
    echo "-- skipped: both stores over captured feeds: ../shared is not here"
fi

if [ -d ../shared/feedfarm ]; then
    echo "-- both stores over 24 made feeds in two generations: rows, editions, 200 searches"
    farm=(--feeds 24 --hosts 24 --port 18790)
    feedfarm=target/feedfarm/release/feedfarm
    # A copy, because cargo writes a lock file beside the manifest.
    cp -r ../shared/feedfarm "$work/feedfarm"
    chmod -R u+w "$work/feedfarm"
    cargo build --release --quiet --manifest-path "$work/feedfarm/Cargo.toml" --target-dir target/feedfarm
    "$feedfarm" serve "${farm[@]}" >"$work/farm" &
    served+=($!)
    ready "$work/farm"
    {
        printf '[server]\nlisten = "127.0.0.1:0"\n[fetch]\nallow_networks = ["127.0.0.0/8"]\n'
        "$feedfarm" urls "${farm[@]}" | awk '{ printf "[[outlet]]\nslug = \"o%d\"\nname = \"Outlet %d\"\nfeeds = [\"%s\"]\n", NR, NR, $1 }'
    } >"$work/farm.toml"
    server=$("$feedfarm" urls "${farm[@]}" | head -1 | cut -d/ -f1-3)
    WARRAQ_CAPTURED_CONFIG="$work/farm.toml" WARRAQ_CAPTURED_GENERATIONS="$server" \
        cargo test --test it captured:: -- --ignored --nocapture
else
    echo "-- skipped: both stores over made feeds: ../shared is not here"
fi

if [ -x target/release/warraq ]; then
    echo "-- kill -9 of the daemon and of the server, under polls"
    .ci/postgres_kills.py target/release/warraq 10 3
else
    echo "-- skipped: kills over PostgreSQL: target/release/warraq is not built yet"
fi
