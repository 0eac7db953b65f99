#!/usr/bin/env bash
# The examples of deploy/database.md that want Python's packages, over the page's own week of news. `cargo test` runs the others.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! python3 -m venv "$work/venv" || ! "$work/venv/bin/pip" install --quiet duckdb==2.0.1 pandas==3.1.1 datasette==0.65.5; then
    printf '\n-- skipped: examples for DuckDB, pandas and Datasette, which pip could not install\n'
    exit 0
fi
WARRAQ_WEEK="$work/warraq.db" cargo test --quiet --test it -- every_example_of_the_pages >/dev/null
PATH="$work/venv/bin:$PATH" python3 .ci/run_examples.py deploy/database.md "$work"
