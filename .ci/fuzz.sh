#!/usr/bin/env bash
# Coverage-guided fuzzing of each target in tests/fuzz, for so many seconds (60). Begins with the documents of tests/feeds;
# the corpus stays in target/fuzz. Needs a nightly toolchain and cargo-fuzz, and is skipped aloud without them.
#   .ci/fuzz.sh [SECONDS] [TARGET…]
#   .ci/fuzz.sh fixed      the same inputs each time, for a check that must not fail by chance: a fixed seed, 20,000 inputs
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}; shift || true
limits=(-max_total_time="$seconds")
if [ "$seconds" = fixed ]; then
    seconds=60 limits=(-seed=1 -runs=20000 -max_total_time=120)
    rm -rf target/fuzz/corpus
fi
[ $# -gt 0 ] || set -- document sanitiser dates lists headers edition
cargo +nightly --version >/dev/null 2>&1 || { echo "-- skipped: there is no nightly toolchain"; exit 0; }
command -v cargo-fuzz >/dev/null || cargo install --quiet --locked cargo-fuzz \
    || { echo "-- skipped: cargo-fuzz cannot be installed"; exit 0; }
export CARGO_TARGET_DIR=$PWD/target/fuzz
for target in "$@"; do
    corpus=target/fuzz/corpus/$target
    mkdir -p "$corpus" "target/fuzz/artifacts/$target"
    case $target in
    document) for feed in tests/feeds/*; do { printf '\377'; head -c 20000 "$feed"; } >"$corpus/$(basename "$feed")"; done ;;
    edition) for feed in tests/feeds/*; do head -c 20000 "$feed" >"$corpus/$(basename "$feed")"; done ;;
    sanitiser) printf '<p>a <a href="/b" onclick="c()">b</a><script>d</script></p>' >"$corpus/first" ;;
    dates) printf 'Mon, 02 Nov 2026 09:30:00 +0100' >"$corpus/rfc822"; printf '2026-11-02T09:30:00Z' >"$corpus/rfc3339" ;;
    headers) printf '\000max-age=600\n\002Sun, 06 Nov 1994 08:49:37 GMT\n\010120\n\006</feed>; rel=alternate; type=application/rss+xml' >"$corpus/first" ;;
    lists) cp config.toml "$corpus/config"; printf '<opml><body><outline xmlUrl="http://a.example/"/></body></opml>' >"$corpus/opml" ;;
    esac
    cargo +nightly fuzz run --fuzz-dir tests/fuzz "$target" "$corpus" -- "${limits[@]}" -max_len=65536 -timeout=20 \
        -rss_limit_mb=4096 -artifact_prefix="target/fuzz/artifacts/$target/" -print_final_stats=0 -verbosity=0 \
        || { echo "FAILED: $target; the input is in target/fuzz/artifacts/$target"; exit 1; }
    echo "fuzz $target: ${limits[*]}, $(find "$corpus" -type f | wc -l) inputs of new coverage, nothing found"
done
