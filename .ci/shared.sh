#!/usr/bin/env bash
# Checks over captured feeds and labelled stories, which belong to their owners and stay outside the repository.
set -euo pipefail
shared=$(cd ../shared && pwd)
warraq=$PWD/target/release/warraq
work=$(mktemp -d)
outlets=
dripping=
daemon=
trap 'for process in $daemon $dripping $outlets; do kill "$process" 2>/dev/null || true; done; rm -rf "$work"' EXIT

echo "-- 187 captured feeds as outlets"
python3 "$shared/outlets/serve.py" --port 0 --listen 0 --config "$work/w.toml" --database "$work/w.db" >"$work/ready" &
outlets=$!
for _ in $(seq 100); do grep -q '^ready' "$work/ready" && break; sleep 0.1; done
"$warraq" poll --all --config "$work/w.toml" | tee "$work/first" | tail -n 1
"$warraq" poll --all --config "$work/w.toml" | tail -n 1 | tee "$work/second"
entries=$(sqlite3 -readonly "$work/w.db" "SELECT count(*) FROM entries")
echo "$entries entries stored"
grep -q '187 polled: 187 fresh' "$work/first"
[ "$entries" -ge 4500 ]
grep -q '187 unchanged, 0 failed; 0 new entries, 0 revised' "$work/second"
for view in latest entries feed_health duplicates revisions; do
    sqlite3 -readonly "$work/w.db" "SELECT * FROM $view LIMIT 3" >/dev/null
done

echo "-- the same entries one by one, as news arrives"
python3 "$shared/outlets/serve.py" --port 0 --listen 0 --config "$work/d.toml" --database "$work/d.db" --drip 0.1 >"$work/dripping" &
dripping=$!
for _ in $(seq 100); do grep -q '^ready' "$work/dripping" && break; sleep 0.1; done
for _ in $(seq 300); do
    "$warraq" poll --all --config "$work/d.toml" 2>/dev/null | tail -n 1 >"$work/drop"
    arrived=$(sqlite3 -readonly "$work/d.db" "SELECT count(*) FROM entries")
    [ "$arrived" -ge "$entries" ] && break
    sleep 0.2
done
revised=$(sqlite3 -readonly "$work/d.db" "SELECT count(*) FROM revisions")
echo "$arrived entries arrived, $revised took another for their revision"
# One outlet gave two reports one guid and one link: by its own word the second is the first, corrected.
[ "$arrived" -eq "$entries" ] && [ "$revised" -le 1 ]
kill "$dripping"
dripping=

echo "-- pages of what they wrote, in a browser"
if command -v chromedriver >/dev/null; then
    "$warraq" run --config "$work/w.toml" 2>"$work/log" &
    daemon=$!
    address=
    for _ in $(seq 100); do
        address=$(grep -om1 'address=[0-9.]*:[0-9]*' "$work/log" | cut -d= -f2 || true)
        [ -n "$address" ] && curl -fs "http://$address/readyz" >/dev/null && break
        sleep 0.2
    done
    WARRAQ_LOOK_AT="http://$address" cargo test --quiet --lib a_running_daemon_is_right_in_a_browser -- --ignored
    kill "$daemon"
    wait "$daemon"
    daemon=
else
    echo "-- skipped: no chromedriver here"
fi

echo "-- readings, judged beside feedparser"
python3 -m venv "$work/venv" && "$work/venv/bin/pip" install --quiet feedparser==6.0.14
"$work/venv/bin/python" "$shared/feeds/scorer/score.py" --suite dialects --suite real --suite truncate --json "$warraq" inspect >"$work/score.json"
python3 .ci/judge_readings.py "$work/score.json"

echo "-- cases from other aggregators' bug reports"
WARRAQ="$warraq" python3 "$shared/cases/run.py" >"$work/cases" || { grep -A3 '^FAIL' "$work/cases"; exit 1; }
tail -n 1 "$work/cases"

echo "-- stories, against the labelled set"
"$warraq" replay "$shared/dedup/dev.jsonl" >"$work/replay.jsonl"
python3 "$shared/dedup/score.py" "$shared/dedup/dev.jsonl" "$work/replay.jsonl" "$shared/dedup/dev_neutral.json"
