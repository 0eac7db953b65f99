#!/usr/bin/env bash
# Makes what a release consists of, in target/package: the Debian package, an archive with the static binary, the list of
# all components (SBOM, CycloneDX) and SHA-256 sums. Needs cargo-deb, cargo-about and cargo-cyclonedx; `--install` installs
# those that are missing.
#   deploy/package.sh [--install] [deb] [static] [sbom]      without names: all three
# LICENCE_DEPTH limits how deep licences are looked for in the sources of each component: for a try, never for a release.
# DEB_REVISION (default 1) counts packages of one version. SOURCE_DATE_EPOCH (default: the last commit's time) dates them.
# DEBFULLNAME and DEBEMAIL name whoever hands the package on, as for Debian's own tools; nobody reads mail to the default address.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never LC_ALL=C.UTF-8
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
export SOURCE_DATE_EPOCH

install=
[ "${1:-}" != --install ] || { install=yes; shift; }
[ $# -gt 0 ] || set -- deb static sbom
wants() { [[ " $parts " = *" $1 "* ]]; }
parts=$*
for part in "$@"; do
    case $part in deb | static | sbom) ;; *) echo "error: no such part: $part; there are deb, static and sbom" >&2; exit 2 ;; esac
done

# Takes the program's name, and what `cargo install` needs beside it. The versions are those whose options are used below.
need() {
    command -v "$1" >/dev/null && return
    [ -n "$install" ] || { echo "error: $1 is missing: cargo install --locked $*" >&2; exit 1; }
    cargo install --quiet --locked "$@"
    # cargo install ends with 0 when a package has no program without some feature.
    command -v "$1" >/dev/null || { echo "error: cargo install --locked $* made no $1" >&2; exit 1; }
}
! wants deb || need cargo-deb --version ^3
! wants sbom || need cargo-cyclonedx --version ^0.5
need cargo-about --version ^0.9 --features cli

# No date is compiled in. But where the variable is set or changes, all C code is compiled again, and what depends on it.
compile() { env -u SOURCE_DATE_EPOCH cargo build --release --locked "$@"; }

version=$(sed -n '/^\[package\]/,/^\[/ s/^version = "\(.*\)"/\1/p' Cargo.toml)
out=$PWD/target/package
mkdir -p "$out"
# What is made anew; the parts of an earlier run of this version stay.
! wants deb || rm -f "$out"/*.deb
! wants static || rm -f "$out"/*.tar.xz
! wants sbom || rm -f "$out"/*.cdx.json
rm -f "$out/SHA256SUMS"

# Licences of all that is linked in. Reading the sources takes minutes: only where something has changed.
licences=$out/licences.txt
about=deploy/about.toml depth=${LICENCE_DEPTH:-all}
if [ "$depth" != all ]; then
    about=$out/about.toml
    { echo "max-depth = $depth"; cat deploy/about.toml; } >"$about"
fi
if [ "$(cat "$out/licences.depth" 2>/dev/null)" != "$depth" ] || [ Cargo.lock -nt "$licences" ] || [ deploy/about.hbs -nt "$licences" ] \
    || [ deploy/about.toml -nt "$licences" ]; then
    rm -f "$out/licences.depth"
    cargo about generate --offline --locked --fail -c "$about" -o "$licences" deploy/about.hbs 2>"$out/about.log" \
        || { cat "$out/about.log" >&2; exit 1; }
    echo "$depth" >"$out/licences.depth"
fi
cp CHANGELOG.md "$out/NEWS.md"
# Installed, the database lies where the service may write.
sed 's|^path = "warraq.db"|path = "/var/lib/warraq/warraq.db"|' config.toml >"$out/config.toml"
grep -q '^path = "/var/lib/warraq/warraq.db"' "$out/config.toml"

if wants deb; then
    cp deploy/warraq.sysusers.conf "$out/warraq.conf"
    {
        printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: warraq\n'
        printf 'Comment: What is compiled in from elsewhere is listed, with its licences, in\n licences.txt beside this file.\n\n'
        printf 'Files: *\nCopyright: 2026, The Warraq developers\nLicense: MIT or Apache-2.0\n\n'
        printf 'License: MIT\n'; sed -n -e 's/^$/./' -e '/^Permission is hereby/,$ s/^/ /p' LICENSE-MIT
        printf '\nLicense: Apache-2.0\n The text is in /usr/share/common-licenses/Apache-2.0.\n'
    } >"$out/copyright"
    revision=${DEB_REVISION:-1}
    maintainer="${DEBFULLNAME:-The Warraq developers} <${DEBEMAIL:-noreply@example.org}>"
    printf 'warraq (%s-%s) stable; urgency=medium\n\n  * What is new is in NEWS.md beside this file.\n\n -- %s  %s\n' \
        "$version" "$revision" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" >"$out/changelog.Debian"
    compile
    cargo deb --quiet --no-build --locked --maintainer "$maintainer" --deb-revision "$revision" -o "$out/"
fi

if wants static; then
    # As the image's binary: static against glibc. --target keeps the flags from the build's own programs.
    host=$(rustc -vV | sed -n 's/^host: //p')
    RUSTFLAGS="-C target-feature=+crt-static -C relocation-model=static" compile --target "$host"
    name=warraq-$version-${host%%-*}-linux
    rm -rf "${out:?}/$name"
    install -D -m 0755 "target/$host/release/warraq" "$out/$name/bin/warraq"
    install -D -m 0644 deploy/warraq.1 "$out/$name/share/man/man1/warraq.1"
    install -D -m 0644 -t "$out/$name/share/doc/warraq" config.toml CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$licences"
    cp -R deploy/completions "$out/$name/share/doc/warraq/"
    install -m 0644 -t "$out/$name/share/doc/warraq" deploy/README.md deploy/database.md deploy/postgresql.md deploy/webhooks.md deploy/webhook-relay.py deploy/warraq.service deploy/warraq.sysusers.conf
    # The same bytes from the same commit.
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$out" -cJf "$out/$name.tar.xz" "$name"
    rm -rf "${out:?}/$name"
fi

if wants sbom; then
    cargo cyclonedx --quiet --format json --spec-version 1.5 --override-filename "warraq-$version.cdx"
    mv "warraq-$version.cdx.json" "$out/"
fi

cd "$out"
find . -maxdepth 1 \( -name '*.deb' -o -name '*.tar.xz' -o -name '*.cdx.json' \) -printf '%P\0' | sort -z | xargs -0 sha256sum >SHA256SUMS
cat SHA256SUMS
