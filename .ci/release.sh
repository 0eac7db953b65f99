#!/usr/bin/env bash
# Releases a copy of the repository, and looks at what became of it. Nothing is built: .ci/deb.sh and .ci/image.sh do that.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "FAILED: $*"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy=$work/copy
# What is committed, with what is changed here and not committed yet.
git clone -q . "$copy"
git ls-files -mo --exclude-standard -z | while IFS= read -rd '' file; do
    if [ -e "$file" ]; then mkdir -p "$copy/$(dirname "$file")"; cp -p "$file" "$copy/$file"; else rm -f "$copy/$file"; fi
done
git="git -c user.name=Test -c user.email=test@example.org -C $copy"
export GIT_AUTHOR_NAME=Test GIT_AUTHOR_EMAIL=test@example.org GIT_COMMITTER_NAME=Test GIT_COMMITTER_EMAIL=test@example.org
$git add -A
$git commit -q --allow-empty -m "What is here"
release() { (cd "$copy" && SOURCE_DATE_EPOCH=1798761600 deploy/release.sh "$@"); }

before=$($git rev-parse HEAD)
for refused in 1.2 v1.2.3 0.0.1 01.2.3; do
    ! release --prepare "$refused" 2>/dev/null || fail "$refused was taken"
done
touch "$copy/stray"
! release --prepare 9.8.7 2>/dev/null || fail "a release with uncommitted files"
rm "$copy/stray"
[ "$($git rev-parse HEAD)" = "$before" ] && [ -z "$($git status --porcelain)" ] || fail "a refused release left something"

release --prepare 9.8.7
[ -z "$($git status --porcelain)" ] || fail "the release left changes"
[ "$($git describe)" = v9.8.7 ] || fail "there is no tag"
cd "$copy"
[ "$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"id":"[^"]*#warraq@\([^"]*\)".*/\1/')" = 9.8.7 ] || fail "Cargo's version"
grep -q '^\.TH WARRAQ 1 2027-01-01 "Warraq 9\.8\.7"' deploy/warraq.1 || fail "the manual's version"
grep -q 'Warraq/9\.8\.7 ' config.toml || fail "the example's version"
[ "$(sed -n '/^## /p' CHANGELOG.md | head -2)" = "$(printf '## Unreleased\n## 9.8.7 (2027-01-01)')" ] || fail "the changelog"
! grep -rn --exclude-dir=.git --exclude=Cargo.lock "Warraq/$(sed -n 's/^version = "\(.*\)"/\1/p' "$OLDPWD/Cargo.toml" | head -1) " . || fail "the old version still stands somewhere"
! release --prepare 9.8.7 2>/dev/null || fail "the same version twice"
! release --prepare 9.8.8 2>/dev/null || fail "a release of nothing"
echo "a copy of the repository was released as 9.8.7"
