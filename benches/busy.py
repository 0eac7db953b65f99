#!/usr/bin/env python3
"""Feeds on a short schedule for some minutes: lateness, memory, WAL, file and descriptors over time.

    busy.py WARRAQ FEEDFARM FOLDER [--minutes 4] [--feeds 1000] [--schedule "every 30s"] [--advance 60] [--port 18400]

FOLDER must be new. Prints a line every 15 seconds and asserts nothing: lateness is that of the polls since the line before,
as the upper bound of a bucket of /metrics.
"""
import argparse
import os
import re
import signal
import subprocess
import time
import urllib.request

STEP = 15


def fetch(url, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10) as answer:
        return answer.read().decode()


def lateness(metrics):
    """Polls by the upper bound of their lateness, cumulated."""
    found = re.findall(r'warraq_poll_lateness_seconds_bucket\{le="([^"]+)"\} (\S+)', metrics)
    return {float(bound.replace("+Inf", "inf")): float(count) for bound, count in found}


def quantile(buckets, part):
    total = buckets.get(float("inf"), 0)
    return next((bound for bound in sorted(buckets) if total and buckets[bound] >= part * total), None)


def configure(options, urls):
    path = os.path.join(options.folder, "config.toml")
    with open(path, "w") as file:
        file.write(f'[server]\nlisten = "127.0.0.1:{options.port + 7}"\n')
        file.write(f'[database]\npath = "{os.path.abspath(options.folder)}/warraq.db"\n')
        file.write(f'[fetch]\nallow_networks = ["127.0.0.0/8"]\n[schedule]\ndefault = "{options.schedule}"\n')
        for number, url in enumerate(urls):
            file.write(f'[[outlet]]\nslug = "o{number}"\nname = "Outlet {number}"\nfeeds = ["{url}"]\n')
    return path


def measure(options, daemon, host, base):
    start, advance, last = time.time(), time.time() + options.advance, {}
    while time.time() - start < options.minutes * 60 and daemon.poll() is None:
        time.sleep(STEP)
        try:
            if time.time() >= advance:
                fetch(f"http://{host}/_farm/advance?by=1", "POST")
                advance += options.advance
            buckets = lateness(fetch(f"{base}/metrics"))
        except OSError as error:
            print(f"{time.time() - start:.0f} s: no answer from the farm or /metrics: {error}", flush=True)
            continue
        lately = {bound: count - last.get(bound, 0) for bound, count in buckets.items()}
        last = buckets
        status = open(f"/proc/{daemon.pid}/status").read()
        sizes = [os.path.join(options.folder, name) for name in ("warraq.db", "warraq.db-wal")]
        sizes = [os.path.getsize(path) >> 20 if os.path.exists(path) else 0 for path in sizes]
        ticks = open(f"/proc/{daemon.pid}/stat").read().rsplit(")", 1)[1].split()
        memory = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) >> 10
        print(
            f"{time.time() - start:.0f} s: polls {buckets.get(float('inf'), 0):.0f}, lateness p50 {quantile(lately, .5)} "
            f"p99 {quantile(lately, .99)} s, RSS {memory} MB, "
            f"CPU {(int(ticks[11]) + int(ticks[12])) / os.sysconf('SC_CLK_TCK'):.1f} s, file {sizes[0]} MB, "
            f"WAL {sizes[1]} MB, descriptors {len(os.listdir(f'/proc/{daemon.pid}/fd'))}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("warraq", "feedfarm", "folder"):
        parser.add_argument(name)
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--schedule", default="every 30s")
    parser.add_argument("--advance", type=float, default=60, help="seconds between new entries")
    parser.add_argument("--port", type=int, default=18400)
    options = parser.parse_args()
    os.makedirs(options.folder)
    farm_options = ["--feeds", str(options.feeds), "--hosts", str(options.feeds), "--port", str(options.port)]
    farm = subprocess.Popen([options.feedfarm, "serve", *farm_options], stdout=subprocess.PIPE, text=True)
    daemon = None
    try:
        while "ready" not in farm.stdout.readline():
            if farm.poll() is not None:
                raise SystemExit("the feed farm did not start")
        urls = subprocess.check_output([options.feedfarm, "urls", *farm_options], text=True).split()
        config = configure(options, urls)
        with open(os.path.join(options.folder, "log"), "w") as log:
            environment = dict(os.environ, WARRAQ_LOG="warn")
            daemon = subprocess.Popen([options.warraq, "run", "--config", config], env=environment, stderr=log)
        host = re.match(r"http://([^/]+)/", urls[0])[1]
        measure(options, daemon, host, f"http://127.0.0.1:{options.port + 7}")
        began = time.time()
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(60)
        print(f"stopped in {time.time() - began:.2f} s")
    finally:
        if daemon and daemon.poll() is None:
            daemon.kill()
        farm.terminate()


if __name__ == "__main__":
    main()
