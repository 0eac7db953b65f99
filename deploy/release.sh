#!/usr/bin/env bash
# Makes a release: sets the version where it stands, turns CHANGELOG's "Unreleased" into the version with today's date,
# commits, tags, and lets deploy/package.sh make the files.
#   deploy/release.sh [--prepare] VERSION      --prepare: commit and tag only
# The date is today's (UTC), or that of SOURCE_DATE_EPOCH.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
fail() { echo "error: $1" >&2; [ -z "${2:-}" ] || echo "hint: $2" >&2; exit 1; }

prepare=
[ "${1:-}" != --prepare ] || { prepare=yes; shift; }
[ $# = 1 ] || { echo "usage: deploy/release.sh [--prepare] VERSION" >&2; exit 2; }
version=$1
[[ $version =~ ^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$ ]] \
    || fail "$version is not a version" "three numbers, such as 1.2.0 (semver.org)"
[ -z "$(git status --porcelain)" ] || fail "there are uncommitted changes" "commit or stash them first"
! git rev-parse -q --verify "refs/tags/v$version" >/dev/null || fail "the tag v$version exists already"

# The one place is Cargo.toml; the others repeat it, and tests hold them together.
current=$(sed -n '/^\[package\]/,/^\[/ s/^version = "\(.*\)"/\1/p' Cargo.toml)
newest=$(printf '%s\n' "$current" "$version" | sort -V | tail -1)
[ "$newest" = "$version" ] || fail "$version is older than $current"
unreleased=$(sed -n '/^## Unreleased$/,/^## [^U]/p' CHANGELOG.md | grep -c '^- ' || true)
[ "$unreleased" -gt 0 ] || fail "CHANGELOG.md has nothing under \"## Unreleased\"" "write what changed for users"

today=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%F)
sed -i "/^\[package\]/,/^\[/ s/^version = \".*\"/version = \"$version\"/" Cargo.toml
sed -i "/^name = \"warraq\"$/{n; s/^version = \".*\"/version = \"$version\"/}" Cargo.lock
sed -i "s|^\(# user_agent = \"Warraq/\)[0-9.]*|\1$version|" config.toml
sed -i "s/^\(\.TH WARRAQ 1 \)[0-9-]* \"Warraq [^\"]*\"/\1$today \"Warraq $version\"/" deploy/warraq.1
sed -i "s/^\(\.TH WARRAQ 1 \)[0-9-]* /\1$today /" deploy/warraq.1.in
sed -i "s/^## Unreleased$/## Unreleased\n\n## $version ($today)/" CHANGELOG.md
cargo metadata --locked --no-deps --format-version 1 >/dev/null

git commit -q -a -m "Release $version"
git tag -a "v$version" -m "Warraq $version"
echo "committed and tagged v$version: $unreleased lines of the changelog"
[ -n "$prepare" ] || deploy/package.sh
