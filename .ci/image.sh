#!/usr/bin/env bash
# Holds deploy/Dockerfile against the truth without a container engine: runs its build step as it stands, puts the image's
# root together, and lives in it as a container would: its own user, nothing else on the disk, its entry point, its
# environment, its health check, its stop signal. What the Dockerfile says is read from it, not repeated here.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "-- skipped: the image's root needs root"; exit 0; }

# An instruction a line, without comments; of the building stage, and of the image.
instructions=$(grep -v '^ *#' deploy/Dockerfile | sed -e ':more' -e '/\\$/N; s/\\\n */ /; t more')
built() { sed -n -e '/^FROM scratch/q' -e "s/^$1 //p" <<<"$instructions"; }
instruction() { sed -n "/^FROM scratch/,\$ s/^$1 //p" <<<"$instructions"; }
# The words of a JSON array.
words() { tr -d '[]",' ; }

root=$PWD/target/image
rm -rf "$root"
# Only the image's root lies elsewhere, and the build is not optimised: it takes half the time, and no speed is measured here.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
# The allocator of an ordinary release build is the same, and takes minutes of processor time to compile.
allocator=$(ls -t target/release/build/tikv-jemalloc-sys-*/out/lib/libjemalloc_pic.a 2>/dev/null | head -n 1 || true)
[ -z "$allocator" ] || export JEMALLOC_OVERRIDE=$PWD/$allocator
bash -euc "$(built RUN | sed "s#/root-of-image#$root#g")"
if ldd "$root/usr/bin/warraq" >/dev/null 2>&1 && ! ldd "$root/usr/bin/warraq" | grep -q 'statically linked'; then
    echo "the binary is not static"; exit 1
fi

# What docker run brings: the configuration, and an outlet to poll.
outlet=$(mktemp -d)
python3 -u -c '
import http.server
class Outlet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<rss version=\"2.0\"><channel><title>V</title><item><guid>1</guid><title>In the image</title></item></channel></rss>"
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Outlet)
print(server.server_port); server.serve_forever()' >"$outlet/port" &
outlet_pid=$!
daemon=
trap '[ -z "$daemon" ] || kill -9 "$daemon" 2>/dev/null || true; kill "$outlet_pid" 2>/dev/null || true; rm -rf "$outlet"' EXIT
for _ in $(seq 50); do [ -s "$outlet/port" ] && break; sleep 0.1; done

# `NAME=value` pairs; only the port is one that is free here.
read -ra environment <<<"$(instruction ENV)"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
environment=("${environment[@]/%:8080/:$port}")
config=$(printf '%s\n' "${environment[@]}" | sed -n 's/^WARRAQ_CONFIG=//p')
install -D -m 0644 /dev/stdin "$root$config" <<TOML
[fetch]
allow_networks = ["127.0.0.0/8"]
[schedule]
default = "every 1s"
[[outlet]]
slug = "ville"
name = "V"
feeds = ["http://127.0.0.1:$(cat "$outlet/port")/feed"]
TOML

user=$(instruction USER) workdir=$(instruction WORKDIR)
read -ra entry <<<"$(instruction ENTRYPOINT | words)"
read -ra run <<<"$(instruction CMD | words)"
read -ra health <<<"$(instruction HEALTHCHECK | sed 's/.* CMD //' | words)"
# chroot(1) knows no working directory.
enter='
import os, sys
root, user, workdir, variables, *command = sys.argv[1:]
uid, gid = map(int, user.split(":"))
os.chroot(root); os.chdir(workdir); os.setgroups([]); os.setgid(gid); os.setuid(uid)
os.execve(command[0], command, dict(pair.split("=", 1) for pair in variables.split()))'
inside=(python3 -c "$enter" "$root" "$user" "$workdir" "${environment[*]}")

"${inside[@]}" "${entry[@]}" "${run[@]}" 2>"$outlet/log" &
daemon=$!
fail() { echo "$1"; cat "$outlet/log"; exit 1; }
for _ in $(seq 100); do "${inside[@]}" "${health[@]}" >/dev/null 2>&1 && break; sleep 0.1; done
"${inside[@]}" "${health[@]}" || fail "the health check is not content"
for _ in $(seq 300); do "${inside[@]}" "${entry[@]}" search image | grep -q 'In the image' && break; sleep 0.1; done
"${inside[@]}" "${entry[@]}" search image | grep 'In the image' || fail "nothing was polled"
"${inside[@]}" "${entry[@]}" backup "$workdir/copy.db"
kill -"$(instruction STOPSIGNAL | sed 's/^SIG//')" "$daemon"
ended=0; wait "$daemon" || ended=$?
daemon=
[ "$ended" = 0 ] || fail "the daemon ended with $ended"
! "${inside[@]}" "${health[@]}" 2>/dev/null || fail "the health check is content with a daemon that is gone"
echo "image: $(du -sh "$root/usr" | cut -f1) of programs, $(find "$root" -type f | wc -l) files; ended with 0"
