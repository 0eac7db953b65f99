#!/usr/bin/env python3
"""What a running daemon spends on polls, beside a minimal poller: all feeds unchanged (304), and two new entries in each.

    daemon.py FEEDFARM FLOOR FOLDER WARRAQ... [--feeds 1000] [--rounds 5] [--every 20] [--port 18500]

FEEDFARM serves the feeds, FLOOR polls each once and ends. FOLDER must be new. The floor comes first, then each WARRAQ. A round is one poll of every feed. The daemon's figure is the user and system time that its
process used from the beginning of a round to its end, with three seconds more for the search index; the floor's is that of its whole
process. Medians; the ratio is to the floor's.
"""
import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import time
import urllib.request

TICK = os.sysconf("SC_CLK_TCK")


def post(url):
    with urllib.request.urlopen(urllib.request.Request(url, data=b"", method="POST"), timeout=30) as answer:
        return answer.read().decode()


class Farm:
    def __init__(self, program, options):
        self.feeds = options.feeds
        given = ["--feeds", str(options.feeds), "--hosts", str(options.feeds), "--port", str(options.port)]
        self.urls = subprocess.check_output([program, "urls", *given], text=True).split()
        self.host = re.match(r"http://[^/]+", self.urls[0])[0]
        self.process = subprocess.Popen([program, "serve", *given], stdout=subprocess.PIPE, text=True)
        while "ready" not in self.process.stdout.readline():
            if self.process.poll() is not None:
                raise SystemExit("the feed farm did not start")

    def set(self, generation):
        post(f"{self.host}/_farm/set?generation={generation}")
        post(f"{self.host}/_farm/stats")

    def wait(self, counter, count, patience):
        """Waits until the farm has counted so many answers. Returns its counters."""
        end = time.time() + patience
        while time.time() < end:
            with urllib.request.urlopen(f"{self.host}/_farm/stats", timeout=30) as answer:
                seen = json.loads(answer.read())
            if seen[counter] >= count:
                return seen
            time.sleep(0.2)
        raise SystemExit(f"the farm counted {seen}; {counter} should be {count}")


def used(pid):
    """CPU seconds of a process."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) / 1024


def daemon(program, folder, farm, options):
    """Runs a daemon for some rounds. Returns CPU seconds of unchanged rounds and of new ones, and its memory at the end."""
    os.makedirs(folder)
    config = os.path.join(folder, "config.toml")
    with open(config, "w") as file:
        file.write(f'[server]\nlisten = "127.0.0.1:0"\n[database]\npath = "{os.path.abspath(folder)}/warraq.db"\n')
        file.write('[fetch]\nallow_networks = ["127.0.0.0/8"]\n')
        file.write(f'[schedule]\ndefault = "every {options.every}s"\n')
        for number, url in enumerate(farm.urls):
            file.write(f'[[outlet]]\nslug = "o{number}"\nname = "Outlet {number}"\nfeeds = ["{url}"]\n')
    farm.set(0)
    log = open(os.path.join(folder, "log"), "w")
    process = subprocess.Popen([program, "run", "--config", config], stderr=log, env=dict(os.environ, WARRAQ_LOG="warn"))
    try:
        farm.wait("full", farm.feeds, 600)
        time.sleep(max(options.every, 10))
        unchanged, new = [], []
        for generation in range(1, options.rounds + 1):
            for counter, figures in (("requests", unchanged), ("full", new)):
                if counter == "full":
                    farm.set(generation)
                else:
                    post(f"{farm.host}/_farm/stats")
                before = used(process.pid)
                seen = farm.wait(counter, farm.feeds, 20 * options.every)
                if counter == "full":
                    time.sleep(3)
                figures.append((used(process.pid) - before) * (farm.feeds / seen[counter]))
            time.sleep(options.every)
        resident = memory(process.pid)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        return unchanged, new, resident
    finally:
        if process.poll() is None:
            process.kill()


def floor(program, folder, farm):
    """Polls twice with the minimal poller: nothing changed, two new entries. Returns CPU seconds of each."""
    command = [program, "--urls", os.path.join(folder, "urls"), "--db", os.path.join(folder, "floor.db"), "--conc", "64"]
    for end in ("", "-wal", "-shm"):
        if os.path.exists(os.path.join(folder, "floor.db" + end)):
            os.remove(os.path.join(folder, "floor.db" + end))
    figures = []
    for generation in (0, 0, 1):
        farm.set(generation)
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit("the floor failed")
        figures.append(usage.ru_utime + usage.ru_stime)
    return figures[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("feedfarm", "floor", "folder"):
        parser.add_argument(name)
    parser.add_argument("warraq", nargs="+")
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--every", type=int, default=20, help="seconds between two polls of a feed")
    parser.add_argument("--port", type=int, default=18500)
    options = parser.parse_args()
    os.makedirs(options.folder)
    farm = Farm(options.feedfarm, options)
    try:
        with open(os.path.join(options.folder, "urls"), "w") as file:
            file.write("\n".join(farm.urls) + "\n")
        floors = [floor(options.floor, options.folder, farm) for _ in range(options.rounds)]
        least = [statistics.median(figures) for figures in zip(*floors)]
        print(f"| poller | {options.feeds} unchanged, CPU s | ratio | two new a feed, CPU s | ratio | RSS MB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        print(f"| floor, a process | {least[0]:.2f} | 1.0 | {least[1]:.2f} | 1.0 | |", flush=True)
        for number, program in enumerate(options.warraq):
            unchanged, new, resident = daemon(program, os.path.join(options.folder, str(number)), farm, options)
            same, more = statistics.median(unchanged), statistics.median(new)
            print(
                f"| daemon `{program}` | {same:.2f} | {same / least[0]:.2f} | {more:.2f} | {more / least[1]:.2f} | {resident:.0f} |",
                flush=True,
            )
    finally:
        farm.process.terminate()


if __name__ == "__main__":
    main()
