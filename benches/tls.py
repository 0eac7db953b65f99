#!/usr/bin/env python3
"""What TLS costs a running daemon whose feeds have not changed, beside the same polls without TLS, and how many handshakes are resumed.

    tls.py FEEDFARM FOLDER WARRAQ [--hosts 1000] [--rounds 5] [--every 20] [--port 18500]

FEEDFARM serves the feeds to an nginx, which has an address, a certificate and one feed for each host. FOLDER must be new. A round is
one poll of every feed. Two daemons run at the same time, one with and one without TLS, and poll in the same rounds. The figures are the
user and system time of each daemon in a round; medians. Each feed has been polled twice before the first round.
"""
import argparse, os, pathlib, signal, statistics, subprocess, time, urllib.request

TICK = os.sysconf("SC_CLK_TCK")


def address(number):
    return f"127.18.{number // 250}.{number % 250 + 1}"


def certificates(folder, hosts):
    """An authority, and a certificate for each address that it has signed."""
    run = lambda *given: subprocess.run(["openssl", *map(str, given)], check=True, capture_output=True, cwd=folder)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", 30, "-subj", "/CN=authority")
    for number in range(hosts):
        run("req", "-x509", *key, "-keyout", f"{number}.key", "-out", f"{number}.pem", "-days", 30, "-subj", f"/CN=outlet {number}",
            "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", f"subjectAltName=IP:{address(number)}",
            "-addext", "basicConstraints=critical,CA:FALSE")


def nginx(folder, options):
    """Starts nginx: for each host TLS at one port and plain HTTP at the next."""
    servers = "".join(
        f"server {{ listen {address(n)}:{options.port + 1} ssl; listen {address(n)}:{options.port + 2};"
        f" ssl_certificate {folder}/{n}.pem; ssl_certificate_key {folder}/{n}.key;"
        f" location / {{ proxy_pass http://farm; proxy_http_version 1.1; proxy_set_header Connection ''; }} }}\n"
        for n in range(options.hosts)
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        "events { worker_connections 8192; }\n"
        f"http {{ log_format tls '$https $ssl_session_reused $status'; access_log {folder}/access.log tls;\n"
        f"upstream farm {{ server 127.0.0.1:{options.port}; keepalive 64; }}\n{servers}}}\n"
    )
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    for _ in range(100):
        time.sleep(0.2)
        try:
            urllib.request.urlopen(f"http://{address(0)}:{options.port + 2}/feed/0.xml", timeout=5).read()
            return process
        except OSError:
            pass
    raise SystemExit(f"nginx did not start: {folder}/error.log")


def daemon(program, folder, scheme, port, options):
    home = folder / scheme
    home.mkdir()
    with open(home / "config.toml", "w") as file:
        file.write(f'[server]\nlisten = "127.0.0.1:0"\n[database]\npath = "{home}/warraq.db"\n')
        file.write('[fetch]\nallow_networks = ["127.0.0.0/8"]\n')
        file.write(f'[schedule]\ndefault = "every {options.every}s"\n')
        for n in range(options.hosts):
            file.write(f'[[outlet]]\nslug = "o{n}"\nname = "Outlet {n}"\nfeeds = ["{scheme}://{address(n)}:{port}/feed/{n}.xml"]\n')
    env = dict(os.environ, WARRAQ_LOG="warn", SSL_CERT_FILE=str(folder / "ca.pem"))
    return subprocess.Popen([program, "run", "--config", str(home / "config.toml")], stderr=open(home / "log", "w"), env=env)


def used(process):
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Log:
    """Counts the requests that nginx has answered since the last look."""

    def __init__(self, path):
        self.file = open(path)

    def look(self):
        lines = [line.split() for line in self.file.read().splitlines()]
        over_tls = [line for line in lines if line[0] == "on"]
        return {
            "https": len(over_tls),
            "http": len(lines) - len(over_tls),
            "resumed": sum(line[1] == "r" for line in over_tls),
            "unchanged": sum(line[-1] == "304" for line in lines),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("feedfarm", "folder", "warraq"):
        parser.add_argument(name)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--every", type=int, default=20, help="seconds between two polls of a feed")
    parser.add_argument("--port", type=int, default=18500)
    options = parser.parse_args()
    folder = pathlib.Path(options.folder).absolute()
    folder.mkdir()
    certificates(folder, options.hosts)
    farm = subprocess.Popen([options.feedfarm, "serve", "--feeds", str(options.hosts), "--hosts", "1", "--port", str(options.port)],
                            stdout=subprocess.PIPE, text=True)
    children = [farm]
    try:
        while "ready" not in farm.stdout.readline():
            if farm.poll() is not None:
                raise SystemExit("the feed farm did not start")
        children.append(nginx(folder, options))
        log = Log(folder / "access.log")
        daemons = {
            "https": daemon(options.warraq, folder, "https", options.port + 1, options),
            "http": daemon(options.warraq, folder, "http", options.port + 2, options),
        }
        children.extend(daemons.values())
        time.sleep(2 * options.every + 20)
        log.look()
        rounds = {"https": [], "http": []}
        handshakes = resumed = 0
        for _ in range(options.rounds):
            before = {scheme: used(process) for scheme, process in daemons.items()}
            time.sleep(options.every)
            seen = log.look()
            if seen["unchanged"] < 1.5 * options.hosts:
                print(f"only {seen} of {options.hosts} hosts")
            for scheme, process in daemons.items():
                rounds[scheme].append((used(process) - before[scheme]) * 1e6 / seen[scheme])
            handshakes, resumed = handshakes + seen["https"], resumed + seen["resumed"]
        plain, tls = statistics.median(rounds["http"]), statistics.median(rounds["https"])
        print(f"an unchanged feed: {plain:.0f} µs plain, {tls:.0f} µs over TLS, {tls / plain:.2f} times")
        print(f"resumed: {resumed} of {handshakes} handshakes, {100 * resumed / handshakes:.1f} %")
    finally:
        for child in reversed(children):
            child.send_signal(signal.SIGTERM)
        for child in children:
            child.wait(60)


if __name__ == "__main__":
    main()
