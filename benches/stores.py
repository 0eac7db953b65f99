#!/usr/bin/env python3
"""What the same work costs over SQLite and over PostgreSQL, side by side in one run.

    stores.py FEEDFARM FOLDER WARRAQ [--feeds 200] [--rounds 3] [--port 18600] [--entries 1000000]

FEEDFARM serves the feeds. FOLDER must be new. Each round makes a new database of each kind and measures, in CPU seconds (user and system):
a poll of every feed into the empty database, one in which nothing has changed (304), one with two new entries in each; then the start
of the daemon until it is ready, 50 feeds of the latest 200 stories, 50 searches for words of titles, and 20 searches of each kind, with
words of million.sql. The server's figure is that of all its processes.
Medians over the rounds; the order of the stores changes with each round. With --entries the databases are not empty at first: they
hold the entries of million.sql, copied to the server with `warraq copy`.
"""
import argparse, glob, json, os, pathlib, pwd, shutil, signal, socket, sqlite3, statistics, subprocess, tempfile, time
import urllib.parse, urllib.request

SEARCHES = {
    "a frequent word": "le", "two frequent words": "le متحف", "one and not another": "le -متحف", "a phrase": '"متحف le"', "a frequent phrase": '"le port"',
    "a beginning": "mus*", "a rare beginning": "mus* 777777", "a rare word": "777777", "no match": "zebra",
}

TICK = os.sysconf("SC_CLK_TCK")
BIN = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))[-1]


def post(url):
    with urllib.request.urlopen(urllib.request.Request(url, data=b"", method="POST"), timeout=60) as answer:
        return answer.read().decode()


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def stat(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return [int(field) / TICK for field in fields[11:15]]


class Cluster:
    """A server of its own on a socket in a temporary folder."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="warraq-bench"))
        self.user = None
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.user = nobody.pw_uid
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self.run("initdb", "-D", self.folder / "data", "-U", "warraq", "-A", "trust", "-E", "UTF8", "--locale=C")
        log = open(self.folder / "log", "a")
        self.process = subprocess.Popen([f"{BIN}/postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses="],
                                        user=self.user, stdout=log, stderr=log, cwd=self.folder)
        while subprocess.run([f"{BIN}/pg_isready", "-q", "-h", self.folder]).returncode:
            time.sleep(0.2)

    def run(self, program, *given):
        done = subprocess.run([f"{BIN}/{program}", *map(str, given)], user=self.user, capture_output=True, text=True, cwd=self.folder)
        if done.returncode:
            raise SystemExit(f"{program}: {done.stderr}")
        return done.stdout

    def database(self, name, template="template0"):
        self.run("psql", "-h", self.folder, "-U", "warraq", "-c", f"CREATE DATABASE {name} TEMPLATE {template}", "postgres")
        return f"postgres://warraq@localhost/{name}?host={self.folder}"

    def used(self):
        """CPU seconds of the server: its own, those of its children that ended, and of those that run."""
        children = open(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read().split()
        total = sum(stat(self.process.pid))
        for child in children:
            try:
                total += sum(stat(child)[:2])
            except FileNotFoundError:
                pass
        return total

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        subprocess.run(["rm", "-rf", self.folder])


def poll(program, folder, env):
    child = subprocess.Popen([program, "poll", "--all", "--config", folder / "config.toml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"poll ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime


def fill(program, folder, cluster, entries):
    """Makes a file with many entries, and a database `filled` with the same."""
    folder.mkdir(parents=True)
    file = folder / "warraq.db"
    (folder / "config.toml").write_text('[[outlet]]\nslug = "first"\nname = "First"\nfeeds = ["http://127.0.0.1:9/"]\n')
    env = {name: value for name, value in os.environ.items() if name != "WARRAQ_DATABASE_URL"}
    # Makes the schema. The poll fails.
    subprocess.run([program, "poll", "--all", "--config", folder / "config.toml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    sql = pathlib.Path(__file__).with_name("million.sql").read_text()
    sql = sql.replace("1000000", str(entries)).replace("997000", str(entries - 3000))
    sql = sql.replace("n * 7776 / 1000", f"n * 7776000 / {entries}")
    connection = sqlite3.connect(file)
    connection.create_function("unhex", 1, bytes.fromhex)  # since SQLite 3.41
    connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = MEMORY;")
    empty = "".join(f"DELETE FROM {table};" for table in ("poll", "feed_day", "feed", "outlet"))
    connection.executescript(f"BEGIN;{empty}{sql}COMMIT;PRAGMA wal_checkpoint(TRUNCATE);")
    connection.close()
    before, began = cluster.used(), time.monotonic()
    subprocess.run([program, "copy", "--to", cluster.database("filled"), "--config", folder / "config.toml"], check=True, env=env)
    print(f"copied {entries} entries to the server: {time.monotonic() - began:.0f} s, {cluster.used() - before:.0f} CPU s of the server", flush=True)
    cluster.run("vacuumdb", "-h", cluster.folder, "-U", "warraq", "--analyze", "filled")
    return file


def measure(program, folder, url, cluster, farm, urls, filled):
    """Returns pairs of CPU seconds (Warraq, server) by name."""
    folder.mkdir(parents=True)
    if filled and not url:
        shutil.copy(filled, folder / "warraq.db")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    text = f'[server]\nlisten = "127.0.0.1:{port}"\n[fetch]\nallow_networks = ["127.0.0.0/8"]\nhost_pause = "0s"\n[schedule]\ndefault = "every 1h"\n'
    for number, feed in enumerate(urls):
        text += f'[[outlet]]\nslug = "o{number}"\nname = "Outlet {number}"\nfeeds = ["{feed}"]\n'
    (folder / "config.toml").write_text(text)
    env = dict(os.environ, WARRAQ_LOG="error")
    if url:
        env["WARRAQ_DATABASE_URL"] = url
    figures = {}

    def both(name, work):
        before = cluster.used()
        ours = work()
        figures[name] = (ours, cluster.used() - before if url else 0.0)

    post(f"{farm}/_farm/set?generation=0")
    both("cold poll", lambda: poll(program, folder, env))
    both("all 304", lambda: poll(program, folder, env))
    post(f"{farm}/_farm/set?generation=1")
    both("two new", lambda: poll(program, folder, env))
    process = subprocess.Popen([program, "run", "--config", folder / "config.toml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    base = f"http://127.0.0.1:{port}"

    def start():
        while True:
            try:
                get(f"{base}/readyz")
                get(f"{base}/feed.atom")
                return sum(stat(process.pid)[:2])
            except OSError:
                time.sleep(0.05)

    def ask(path, times=50):
        """Different questions, because answers are kept in memory for a while."""
        def work():
            before = sum(stat(process.pid)[:2])
            for number in range(times):
                get(base + path(number))
            return sum(stat(process.pid)[:2]) - before
        return work

    both("start", start)
    time.sleep(5)  # the index of words and the editions
    words = [word for item in json.loads(get(f"{base}/feed.json"))["items"] for word in item["title"].split()]
    both("50 times the latest 200", ask(lambda number: f"/feed.json?lang=en&lang=fr&lang=ar&lang=a{chr(97 + number % 26)}&limit={200 - number // 26}"))
    both("50 searches", ask(lambda number: "/search?q=" + urllib.parse.quote(words[number % len(words)] + " " * (number // len(words)))))
    for name, asked in SEARCHES.items():
        both(f"20 searches: {name}", ask(lambda number: "/search?q=" + urllib.parse.quote(f"{asked} after:2020-01-{number + 1:02}"), 20))
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("feedfarm", "folder", "warraq"):
        parser.add_argument(name)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=18600)
    parser.add_argument("--entries", type=int, default=0)
    options = parser.parse_args()
    given = ["--feeds", str(options.feeds), "--hosts", str(options.feeds), "--port", str(options.port)]
    urls = subprocess.check_output([options.feedfarm, "urls", *given], text=True).split()
    server = subprocess.Popen([options.feedfarm, "serve", *given], stdout=subprocess.PIPE, text=True)
    while "ready" not in server.stdout.readline():
        if server.poll() is not None:
            raise SystemExit("the feed farm did not start")
    farm = "/".join(urls[0].split("/")[:3])
    cluster = Cluster()
    found = {"file": [], "server": []}
    program = os.path.abspath(options.warraq)
    try:
        filled = fill(program, pathlib.Path(options.folder) / "filled", cluster, options.entries) if options.entries else None
        for number in range(options.rounds):
            order = ["file", "server"] if number % 2 == 0 else ["server", "file"]
            for store in order:
                url = cluster.database(f"round{number}", "filled" if filled else "template0") if store == "server" else None
                folder = pathlib.Path(options.folder) / f"{store}{number}"
                found[store].append(measure(program, folder, url, cluster, farm, urls, filled))
                cluster.run("psql", "-h", cluster.folder, "-U", "warraq", "-c", "CHECKPOINT", "postgres")
    finally:
        server.terminate()
        cluster.stop()
    print(f"| {options.feeds} feeds, CPU s | SQLite | PostgreSQL: Warraq | ratio | PostgreSQL: server |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in found["file"][0]:
        middle = lambda store, part: statistics.median(figures[name][part] for figures in found[store])
        file, ours, theirs = middle("file", 0), middle("server", 0), middle("server", 1)
        print(f"| {name} | {file:.2f} | {ours:.2f} | {ours / file if file else 0:.2f} | {theirs:.2f} |")


if __name__ == "__main__":
    main()
