#!/usr/bin/env bash
# Makes the Debian package, holds it against lintian, and lives with it in a clean Debian: a stranger installs it and has a
# merged feed in under a minute of typing; then it is upgraded, removed and purged. There is no systemd to boot in a chroot:
# the daemon is started as the installed unit says, by its user, with its command.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "-- skipped: a chroot needs root"; exit 0; }
for tool in mmdebstrap lintian dpkg-deb; do
    command -v "$tool" >/dev/null || { echo "-- skipped: $tool is not installed"; exit 0; }
done
export LC_ALL=C.UTF-8

# The licences of all components are looked for in their roots only: everywhere takes minutes, which a release spends.
LICENCE_DEPTH=1 deploy/package.sh --install deb
work=$(mktemp -d)
root=$work/debian
daemon='' outlet=''
end() {
    [ -z "$daemon" ] || kill -9 "$daemon" 2>/dev/null || true
    [ -z "$outlet" ] || kill "$outlet" 2>/dev/null || true
    umount "$root/proc" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
fail() { echo "FAILED: $*"; [ ! -f "$work/log" ] || tail -40 "$work/log"; exit 1; }

cp target/package/*.deb "$work/first.deb"
lintian --fail-on error "$work/first.deb" 2>/dev/null || fail "lintian finds errors"

# The package's next revision, with one line more in its configuration: what an upgrade brings.
mkdir "$work/next"
dpkg-deb -R "$work/first.deb" "$work/next"
sed -i 's/^\(Version: .*\)-1$/\1-2/' "$work/next/DEBIAN/control"
sed -i '1i # The next revision.' "$work/next/etc/warraq/config.toml"
(cd "$work/next" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
dpkg-deb --root-owner-group -Zgzip -b "$work/next" "$work/second.deb" >/dev/null

clean=target/debian.tar
[ -s "$clean" ] || mmdebstrap --quiet --variant=minbase --include=ca-certificates,procps,systemd bookworm "$clean" \
    || { rm -f "$clean"; echo "-- skipped: a clean Debian cannot be had here"; exit 0; }
mkdir "$root"
tar -C "$root" --exclude='./dev/*' -xf "$clean"
mknod -m 666 "$root/dev/null" c 1 3
mount -t proc proc "$root/proc"
# Services are not to be started by dpkg in here, as in an image's build.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"; chmod +x "$root/usr/sbin/policy-rc.d"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
# Whatever may remember a package that was there does not count.
files() {
    (cd "$root" && find . \( -path ./proc -o -path ./dev -o -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache \
        -o -path ./var/log -o -path ./run \) -prune -o -print | grep -vx './etc/\(passwd\|group\|shadow\|gshadow\|subuid\|subgid\)-\?' | sort)
}
files >"$work/before"

python3 -u -c '
import http.server
class Outlet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        item = self.path.strip("/")
        body = f"<rss version=\"2.0\"><channel><title>{item}</title><item><guid>{item}1</guid><title>News of {item}</title></item></channel></rss>".encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Outlet)
print(server.server_port); server.serve_forever()' >"$work/port" &
outlet=$!
for _ in $(seq 50); do [ -s "$work/port" ] && break; sleep 0.1; done
outlet_port=$(cat "$work/port")
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# What she types: the installation, the editor, two outlets, the start. Only addresses and port are those of this check.
cp "$work/first.deb" "$root/tmp/warraq.deb"
typed='apt install ./warraq.deb
editor /etc/warraq/config.toml
[[outlet]]
slug = "a"
name = "A"
feeds = ["http://a.example/rss"]
[[outlet]]
slug = "b"
name = "B"
feeds = ["http://b.example/rss"]
systemctl start warraq
curl localhost:8080/feed.atom'
# Forty words of five letters a minute is an unhurried typist.
[ ${#typed} -le 300 ] || fail "${#typed} characters are more than a minute of typing"

inside sh -c 'cd /tmp && apt-get install -y -qq --no-install-recommends ./warraq.deb' >"$work/log" 2>&1 || fail "installing"
grep -q 'systemctl start warraq' "$work/log" || fail "the installation does not say what comes next"
inside dpkg --verify warraq || fail "files differ from the package's"
for made in usr/bin/warraq usr/share/man/man1/warraq.1.gz usr/share/doc/warraq/copyright usr/share/bash-completion/completions/warraq; do
    [ -s "$root/$made" ] || fail "$made is missing"
done
inside getent passwd warraq >/dev/null || fail "there is no user warraq"
[ "$(inside stat -c '%U:%G %a' /var/lib/warraq)" = 'warraq:warraq 750' ] || fail "/var/lib/warraq is not the service's"
[ -L "$root/etc/systemd/system/multi-user.target.wants/warraq.service" ] || fail "the unit is not enabled"
[ ! -e "$root/etc/systemd/system/timers.target.wants/warraq-backup.timer" ] || fail "the backup's timer is enabled unasked"
inside warraq --config /etc/warraq/config.toml check >/dev/null || fail "the example configuration is faulty"

sed -i -e '/^\[\[outlet\]\]/,$d' -e "s/127.0.0.1:8080/127.0.0.1:$port/" -e 's|^allow_networks = .*|allow_networks = ["127.0.0.0/8"]|' \
    "$root/etc/warraq/config.toml"
sed -n '/^\[\[outlet/,/^feeds = .*b\.example/p' <<<"$typed" | sed 's#http://\([ab]\).example/rss#http://127.0.0.1:'"$outlet_port"'/\1#' \
    >>"$root/etc/warraq/config.toml"

unit() { sed -n "s/^$1=//p" "$root/usr/lib/systemd/system/warraq.service"; }
start() {
    # shellcheck disable=SC2046 # the unit's words
    chroot --userspec="$(unit User):$(unit Group)" "$root" env -i PATH=/usr/bin:/bin $(unit Environment) \
        sh -c "umask $(unit UMask); cd $(unit WorkingDirectory) && exec $(unit ExecStart)" 2>"$work/log" &
    daemon=$!
    for _ in $(seq 300); do curl -sf "http://127.0.0.1:$port/readyz" >/dev/null && return; sleep 0.1; done
    fail "the daemon is not ready"
}
stop() {
    kill "$daemon"
    ended=0; wait "$daemon" || ended=$?
    daemon=''
    [ "$ended" = 0 ] || fail "the daemon ended with $ended"
}
merged() {
    for _ in $(seq 300); do
        feed=$(curl -s "http://127.0.0.1:$port/feed.atom")
        case $feed in *'News of a'*) case $feed in *'News of b'*) return ;; esac ;; esac
        sleep 0.1
    done
    fail "the feed does not have both outlets' news: $feed"
}
SECONDS=0
start; merged
echo "a merged feed $SECONDS s after the start, ${#typed} characters typed"
[ "$(inside stat -c '%U %a' /var/lib/warraq/warraq.db)" = 'warraq 640' ] || fail "the database is not the service's"
stop

cp "$work/second.deb" "$root/tmp/warraq.deb"
cp "$root/etc/warraq/config.toml" "$work/edited.toml"
inside sh -c 'cd /tmp && apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold ./warraq.deb' >"$work/log" 2>&1 || fail "upgrading"
cmp -s "$work/edited.toml" "$root/etc/warraq/config.toml" || fail "the upgrade changed an edited configuration"
inside dpkg-query -W -f '${Version}' warraq | grep -q -- '-2$' || fail "the upgrade did not happen"
start; merged; stop

inside apt-get remove -y -qq warraq >"$work/log" 2>&1 || fail "removing"
[ ! -e "$root/usr/bin/warraq" ] || fail "the program is still there"
[ -s "$root/var/lib/warraq/warraq.db" ] || fail "removing took the database"
cmp -s "$work/edited.toml" "$root/etc/warraq/config.toml" || fail "removing took the configuration"

install -d "$root/var/lib/warraq-backup"; echo copy >"$root/var/lib/warraq-backup/warraq-Mon.db"
inside apt-get purge -y -qq warraq >"$work/log" 2>&1 || fail "purging"
grep -q 'backups in /var/lib/warraq-backup are kept' "$work/log" || fail "the backups are not mentioned"
[ -s "$root/var/lib/warraq-backup/warraq-Mon.db" ] || fail "purging took a backup"
rm -r "$root/var/lib/warraq-backup"
files >"$work/after"
diff "$work/before" "$work/after" || fail "purging left files behind"

# Installed again after a purge: nothing is left masked.
inside sh -c 'cd /tmp && apt-get install -y -qq --no-install-recommends ./warraq.deb' >"$work/log" 2>&1 || fail "installing again"
[ -L "$root/etc/systemd/system/multi-user.target.wants/warraq.service" ] || fail "the unit is not enabled again"
echo "the package was installed, upgraded, removed, purged and installed again"
