#!/usr/bin/env bash
# The end-to-end tests over PostgreSQL instead of SQLite: those whose own questions to the database are not in SQLite's words.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    echo "-- skipped: PostgreSQL is not installed"
    exit 0
fi
export WARRAQ_TEST_STORE=postgres
for area in backfill browse canaries identity journeys logs meters merged_feeds moving outcomes reader_keys reading sitemaps status stories; do
    cargo test --quiet --test it "$area::"
done
