#!/usr/bin/env python3
"""What pages cost over a large database.

    benches/pages.py WARRAQ DATABASE

Starts WARRAQ over a copy-free, read-mostly use of DATABASE (made by `cargo bench --bench questions -- --keep FILE`, or any other; give
it a copy: the daemon migrates it), asks each address in Arabic, French and English, so that no answer is cached, and prints the
processor time of the whole process and the time until the answer, in milliseconds: the mean of the three, after one round that warms
the page cache of the system.
"""

import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

LISTS = ["/", "/?min_outlets=2", "/channels/several", "/outlets/outlet-2", "/outlets/outlet-2?lang=fr", "/outlets/outlet-2?min_outlets=2",
         "/languages/fr", "/languages/ar?min_outlets=3", "/days/DAY", "/outlets", "/tags", "/languages", "/languages/xx",
         "/outlets/outlet-2/copies", "/stories/STORY", "/status", "/status?sort=entries&page=1", "/feeds/FEED", "/about"]
SEARCHES = ["bridge", "999999", "bridge river", "bridge -river", "bridge OR 99999*", '"port pont"', '"pont port"', "bri*", "12345*", "123*",
            "bridge outlet:outlet-2", "bridge lang:fr", "bridge after:DAY", "bridge before:EARLY", "lang:fr after:DAY", "outlet:outlet-2",
            '"pont port" -the le* OR la*', "zebra"]


def cpu(pid):
    """Nanoseconds of processor time of all threads."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


def get(address, language):
    request = urllib.request.Request(address, headers={"Accept-Language": language, "Accept": "text/html"})
    try:
        return urllib.request.urlopen(request, timeout=60).read()
    except urllib.error.HTTPError as error:
        return error.read()


def older(page):
    found = re.search(rb'<link rel="next" href="([^"]+)"', page)
    return found and found[1].decode().replace("&#38;", "&")


def measure(base, pid, path):
    spent, waited, following = 0, 0, None
    for language in ("ar", "fr", "en"):
        before, began = cpu(pid), time.monotonic()
        page = get(base + path, language)
        waited += time.monotonic() - began
        spent += cpu(pid) - before
        following = older(page)
    results = re.search(rb'<p class="facts">([^<]*result[^<]*)', page)
    return spent / 3e6, waited / 3 * 1e3, following, results[1].decode() if results else ""


def main():
    warraq, database = sys.argv[1:]
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    early = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 60 * 86400))
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "config.toml")
        outlets = "".join(f'[[outlet]]\nslug = "{slug}"\nname = "{slug}"\nlanguage = "{"fr" if n % 4 == 0 else "ar"}"\nfeeds = '
                          f'["http://127.0.0.1:9/feed/{n}"]\n' for n, slug in enumerate(
                              {1: "alalam", 4: "courrier"}.get(n, f"outlet-{n}") for n in range(1, 41)))
        config.write_text(f'[server]\nlisten = "127.0.0.1:18099"\n[database]\npath = "{database}"\n[retention]\nkeep = "3650d"\n'
                          f'[fetch]\nallow_networks = ["127.0.0.0/8"]\n[schedule]\ndefault = "every 30d"\n{outlets}'
                          '[[channel]]\nslug = "several"\ntitle = "Several"\nmin_outlets = 2\n')
        process = subprocess.Popen([warraq, "--config", str(config), "run"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        base = "http://127.0.0.1:18099"
        try:
            for _ in range(1200):
                try:
                    if urllib.request.urlopen(base + "/readyz", timeout=5).status == 200:
                        break
                except OSError:
                    time.sleep(0.5)
            # The window of stories and changed channels are read first.
            rest = cpu(process.pid)
            while True:
                time.sleep(5)
                if cpu(process.pid) - rest < 50e6:
                    break
                rest = cpu(process.pid)
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as file:
                story, = file.execute("SELECT max(id) FROM story").fetchone()
                feed, = file.execute("SELECT min(id) FROM feed WHERE removed = 0").fetchone()
            paths = [path.replace("DAY", day).replace("STORY", str(story)).replace("FEED", str(feed)) for path in LISTS]
            words = [typed.replace("DAY", day).replace("EARLY", early) for typed in SEARCHES]
            paths += ["/search?q=" + urllib.parse.quote_plus(typed) for typed in words]
            print("| page | ms of CPU | ms until the answer | found |\n| --- | ---: | ---: | --- |")
            for path in paths:
                if path == "/status":
                    first = measure(base, process.pid, path)
                    print(f"| `/status`, first time | {first[0]:.1f} | {first[1]:.1f} | |", flush=True)
                    continue
                measure(base, process.pid, path)
                time.sleep(0.1)
            # Pages are kept for half a minute.
            time.sleep(31)
            for path in paths:
                for label in (urllib.parse.unquote_plus(path), "… its next older page"):
                    spent, waited, following, found = measure(base, process.pid, path)
                    print(f"| `{label}` | {spent:.1f} | {waited:.1f} | {found} |", flush=True)
                    if following is None:
                        break
                    path = following
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
