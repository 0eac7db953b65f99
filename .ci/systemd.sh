#!/usr/bin/env bash
# The service behind a real systemd, booted in namespaces of its own over a clean Debian: start and notification, its journal,
# reload, the watchdog (a daemon that hangs), the sandbox, stop. Uses the package of .ci/deb.sh; `.ci/systemd.sh BINARY` puts
# another program in its place. Skipped aloud where namespaces or control groups cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
skip() { echo "-- skipped: $*"; exit 0; }
[ "$(id -u)" = 0 ] || skip "systemd needs root"
for tool in unshare nsenter script setpriv; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
[ -s target/debian.tar ] || skip "target/debian.tar is not there; .ci/deb.sh makes it"
package=$(ls target/package/*.deb 2>/dev/null | head -1) || true
[ -n "$package" ] || skip "there is no package; .ci/deb.sh makes it"

work=$(mktemp -d)
root=$work/debian pid='' outlet='' script_pid=''
end() {
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
    [ -z "$script_pid" ] || kill "$script_pid" 2>/dev/null || true
    [ -z "$outlet" ] || kill "$outlet" 2>/dev/null || true
    sleep 0.5
    rm -rf --one-file-system "$work"
}
trap end EXIT
mkdir "$root"
tar -C "$root" --exclude='./dev/*' -xf target/debian.tar
cp "$package" "$root/tmp/warraq.deb"
mknod -m 666 "$root/dev/null" c 1 3
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"; chmod +x "$root/usr/sbin/policy-rc.d"
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin dpkg -i /tmp/warraq.deb >"$work/installed" 2>&1 || { cat "$work/installed"; exit 1; }
[ -z "${1:-}" ] || install -m 0755 "$1" "$root/usr/bin/warraq"
# What would change this machine's kernel, or wait for hardware.
for unit in systemd-sysctl systemd-modules-load systemd-udevd systemd-udev-trigger systemd-networkd systemd-resolved systemd-timesyncd; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit.service"
done
mkdir -p "$root/etc/systemd/system/warraq.service.d"
printf '[Service]\nWatchdogSec=4s\nRestartSec=1s\n' >"$root/etc/systemd/system/warraq.service.d/quick.conf"

python3 -u -c '
import http.server
class Outlet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<rss version=\"2.0\"><channel><title>V</title><item><guid>1</guid><title>Behind systemd</title></item></channel></rss>"
        self.send_response(200 if self.path == "/a" else 500); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Outlet)
print(server.server_port); server.serve_forever()' >"$work/port" &
outlet=$!
for _ in $(seq 50); do [ -s "$work/port" ] && break; sleep 0.1; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$root/etc/warraq/config.toml" <<TOML
[server]
listen = "127.0.0.1:$port"
[database]
path = "/var/lib/warraq/warraq.db"
[fetch]
allow_networks = ["127.0.0.0/8"]
[schedule]
default = "every 1s"
[[outlet]]
slug = "ville"
name = "V"
feeds = ["http://127.0.0.1:$(cat "$work/port")/a", "http://127.0.0.1:$(cat "$work/port")/broken"]
TOML

cat >"$work/boot" <<BOOT
set -e
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/dev"
while read -r name major minor; do mknod -m 666 "$root/dev/\$name" c "\$major" "\$minor"; done <<DEVICES
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
DEVICES
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm"
touch "$root/dev/console"
mount --bind "\$(tty)" "$root/dev/console"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
# Not chroot: in one, no process may make a user namespace, which the unit asks for.
cd "$root"
pivot_root . mnt
umount -l /mnt
exec setpriv --bounding-set -sys_module,-sys_time,-sys_boot env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=console --unit=basic.target
BOOT
script -qfc "unshare --pid --fork --mount --uts --ipc --cgroup --kill-child bash '$work/boot'" "$work/console" >/dev/null 2>&1 </dev/null &
script_pid=$!
for _ in $(seq 150); do
    for process in /proc/[0-9]*; do
        grep -q $'^NSpid:.*[0-9]\t1$' "$process/status" 2>/dev/null || continue
        grep -q "127.0.0.1:$port\"" "$process/root/etc/warraq/config.toml" 2>/dev/null && pid=${process#/proc/}
    done
    [ -n "$pid" ] && grep -q 'Startup finished' "$work/console" && break
    sleep 0.2
done
grep -q 'Startup finished' "$work/console" || { tail -5 "$work/console" || true; skip "systemd does not boot in namespaces here"; }

run() { nsenter -t "$pid" -m -p -u -i -C -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
fail() {
    echo "FAILED: $*"
    run systemctl status --no-pager -n 30 warraq || true
    tail -20 "$work/console"
    exit 1
}
state() { run systemctl show warraq --value -p "$1"; }
await() { local what=$1; shift; for _ in $(seq 200); do "$@" && return; sleep 0.2; done; fail "$what did not come"; }
journal() { run journalctl --no-pager -o cat -u warraq "$@"; }
says() { journal | grep -q "$1"; }

run systemctl start warraq || fail "it does not start"
[ "$(state ActiveState)/$(state SubState)" = active/running ] || fail "it is $(state ActiveState)"
echo "started: systemctl returned when the daemon had said READY=1"
await "the feed" sh -c "curl -s http://127.0.0.1:$port/feed.atom | grep -q 'Behind systemd'"
echo "sandboxed: it polls, writes its database and serves, with every line of the unit in force"
await "a failed poll" says 'poll failed'
await "a warning in the journal" sh -c "nsenter -t $pid -m -p -r journalctl --no-pager -o cat -u warraq -p warning | grep -q 'poll failed'"
! journal -p warning | grep -q ' changed ' || fail "a change is a warning"
echo "journal: priorities arrive; -p warning shows the failed poll and no change"
sed -i 's/^default = .*/default = "every 2s"/' "$root/etc/warraq/config.toml"
run systemctl reload warraq || fail "it does not reload"
await "the reload" says 'reloaded changed="schedule"'
echo "reloaded"
first=$(state MainPID)
run kill -STOP "$first"
restarted() { [ "$(state NRestarts)" -ge 1 ] && [ "$(state ActiveState)" = active ] && [ "$(state MainPID)" != "$first" ]; }
await "the watchdog's restart" restarted
echo "watchdog: a stopped daemon was killed and started anew"
run systemctl stop warraq || fail "it does not stop"
[ "$(state Result)" = success ] || fail "it ended with $(state Result)"
echo "stopped: $(journal | tail -1 | sed 's/^ *//')"
