#!/usr/bin/env python3
"""postgres_kills.py WARRAQ [DAEMON_KILLS] [SERVER_KILLS]: kill -9 of the daemon and of the database server, under polls.

A cluster of its own on a socket in a temporary folder. After each kill the daemon (or the server) is started again, and in the end
nothing that was committed may be lost or be there twice: each feed's ETag says how many entries the last read document had. Also:
a network that swallows every packet is noticed, and polls go on afterwards. Defaults: 100 and 20. WARRAQ_SEED repeats a run.
"""
import glob, http.server, os, pathlib, pwd, random, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time, urllib.request

WARRAQ = pathlib.Path(sys.argv[1]).resolve()
DAEMONS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
SERVERS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
SEED = int(os.environ.get("WARRAQ_SEED", time.time_ns() % 10**6))
FEEDS = 8
random.seed(SEED)
listed = [0] * FEEDS
found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
BIN = found[-1] if found else (os.path.dirname(shutil.which("initdb") or "") or None)
if BIN is None:
    print("-- skipped: PostgreSQL is not installed")
    sys.exit(0)


class Outlet(http.server.BaseHTTPRequestHandler):
    """Each visit lists three entries more, at most the last 200 are listed; the tag says how many there were."""

    def do_GET(self):
        n = int(self.path[1:])
        listed[n] = count = listed[n] + 3
        items = "".join(
            f"<item><guid>{i}</guid><title>Feed {n} entry {i}</title><link>http://news.invalid/{n}/{i}</link>"
            f"<description>{f'words of {n} and {i} ' * 20}</description></item>" for i in range(count))
        body = f"<rss version='2.0'><channel><title>{n}</title>{items}</channel></rss>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("ETag", f'"{count}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # whoever asked was killed


class Cluster:
    def __init__(self, folder):
        self.folder = folder / "pg"
        self.folder.mkdir()
        self.user = None
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.user = nobody.pw_uid
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            folder.chmod(0o755)
        self.run("initdb", "-D", self.folder / "data", "-U", "warraq", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.process = None
        self.start()
        self.sql("CREATE DATABASE house TEMPLATE template0", "postgres")
        self.url = f"postgres://warraq@localhost/house?host={self.folder}"

    def run(self, program, *given):
        done = subprocess.run([f"{BIN}/{program}", *map(str, given)], user=self.user, capture_output=True, text=True, cwd=self.folder)
        if done.returncode:
            raise SystemExit(f"{program}: {done.stderr}{done.stdout}")
        return done.stdout

    def start(self):
        log = open(self.folder / "log", "a")
        self.process = subprocess.Popen([f"{BIN}/postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses="],
                                        user=self.user, stdout=log, stderr=log, cwd=self.folder)
        for _ in range(600):
            try:
                return self.sql("SELECT 1", "postgres")
            except SystemExit:
                time.sleep(0.1)
        raise SystemExit("the server does not start: " + (self.folder / "log").read_text()[-2000:])

    def kill(self):
        """As a crash of the machine's operating system ends it, except that what was written to files stays."""
        children = [int(child) for child in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]
        self.process.kill()
        self.process.wait()
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def sql(self, query, database="house"):
        return self.run("psql", "-h", self.folder, "-U", "warraq", "-X", "-A", "-t", "-c", query, database).strip()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


class Network:
    """Passes bytes between a port and the cluster's socket, unless it is cut: then it swallows everything and says nothing."""

    def __init__(self, cluster):
        self.path = str(cluster.folder / ".s.PGSQL.5432")
        self.open = threading.Event()
        self.open.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            if not self.open.is_set():
                continue  # never answered; dropped with the garbage collector's next round, so keep it
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.path)
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    def carry(self, a, b):
        born = self.cuts if hasattr(self, "cuts") else 0
        try:
            while data := a.recv(65536):
                if not self.open.is_set() or born != getattr(self, "cuts", 0):
                    threading.Event().wait()  # swallowed: neither an end nor an error
                b.sendall(data)
        except OSError:
            pass
        for end in (a, b):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.cuts = getattr(self, "cuts", 0) + 1
        self.open.clear()

    def mend(self):
        self.open.set()


def configure(folder, url):
    text = (f'[server]\nlisten = "127.0.0.1:{free_port()}"\n[database]\nurl = "{url}"\n[fetch]\nallow_networks = ["127.0.0.0/8"]\n'
            'host_pause = "0s"\nper_host = 8\n[schedule]\ndefault = "every 1s"\n')
    for n in range(FEEDS):
        text += f'[[outlet]]\nslug = "v{n}"\nname = "V{n}"\nfeeds = ["http://127.0.0.1:{port}/{n}"]\n'
    (folder / "config.toml").write_text(text)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def begin(folder):
    log = open(folder / "warraq.log", "a")
    return subprocess.Popen([WARRAQ, "run"], cwd=folder, env={}, stdout=log, stderr=log)


def breach(folder, what):
    kept = tempfile.mkdtemp(prefix="warraq-pgkill-")
    shutil.copytree(folder, kept, dirs_exist_ok=True, ignore=lambda *_: [".s.PGSQL.5432"])
    raise SystemExit(f"error: {what}\nthe folder is kept at {kept}; WARRAQ_SEED={SEED}")


CHECKS = (
    ("doubled entries", "SELECT feed_id, source_id FROM entry GROUP BY 1, 2 HAVING count(*) > 1"),
    ("lost: a validator without its entries", "SELECT url FROM feed AS f WHERE etag IS NOT NULL AND "
     "replace(convert_from(etag, 'UTF8'), '\"', '')::int <> (SELECT count(*) FROM entry WHERE feed_id = f.id)"),
    ("a poll counted what is not there", "SELECT f.url FROM feed AS f WHERE "
     "(SELECT coalesce(sum(new), 0) FROM poll WHERE feed_id = f.id) <> (SELECT count(*) FROM entry WHERE feed_id = f.id)"),
    ("a story without its place", "SELECT id FROM story WHERE id NOT IN (SELECT story_id FROM place)"),
    ("wrong sums", "SELECT 1 FROM tally WHERE entries <> (SELECT count(*) FROM entry) OR stories <> (SELECT count(*) FROM story)"),
)


def whole(folder, cluster):
    for what, query in CHECKS:
        rows = cluster.sql(query)
        if rows:
            breach(folder, f"{what}: {rows[:300]}")
    return int(cluster.sql("SELECT count(*) FROM entry"))


def shrink(cluster):
    """Feeds list from what is stored on, so that documents stay short."""
    if max(listed) > 300:
        cluster.sql("TRUNCATE entry, story, sighting, feed, poll, place, outlet CASCADE; "
                    "UPDATE tally SET entries = 0, stories = 0; UPDATE search_state SET indexed_to = 0")
        listed[:] = [0] * FEEDS
        return True
    return False


def wait_for_more(folder, cluster, before, patience=60):
    end = time.time() + patience
    while time.time() < end:
        if int(cluster.sql("SELECT count(*) FROM poll WHERE outcome = 'fresh'")) > before:
            return
        time.sleep(0.2)
    breach(folder, "polls do not go on")


def polls_of(cluster):
    return int(cluster.sql("SELECT count(*) FROM poll WHERE outcome = 'fresh'"))


def daemons(folder, cluster):
    entries = 0
    for _ in range(DAEMONS):
        process = begin(folder)
        time.sleep(random.uniform(0.2, 2.0))
        ended = process.poll()
        process.kill()
        process.wait()
        if ended is not None:
            breach(folder, f"the daemon ended with {ended}: {(folder / 'warraq.log').read_text()[-2000:]}")
        if cluster.sql("SELECT to_regclass('tally')"):
            now = whole(folder, cluster)
            if now < entries:
                breach(folder, f"lost: {entries} entries before, {now} after")
            entries = 0 if shrink(cluster) else now
    print(f"   {DAEMONS} kills of the daemon, {entries} entries since the last shrink", flush=True)


def servers(folder, cluster):
    process = begin(folder)
    for _ in range(SERVERS):
        time.sleep(random.uniform(0.5, 2.0))
        cluster.kill()
        time.sleep(random.uniform(0, 1.0))
        if process.poll() is not None:
            breach(folder, f"the daemon ended: {(folder / 'warraq.log').read_text()[-2000:]}")
        cluster.start()
        wait_for_more(folder, cluster, polls_of(cluster))
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    print(f"   {SERVERS} kills of the server, {whole(folder, cluster)} entries", flush=True)


def silence(folder, cluster):
    """The network swallows packets for good on every connection that there is; new ones are let through again later."""
    network = Network(cluster)
    configure(folder, f"postgres://warraq@127.0.0.1:{network.port}/house?sslmode=disable")
    process = begin(folder)
    time.sleep(3)
    wait_for_more(folder, cluster, polls_of(cluster))
    network.cut()
    time.sleep(5)
    network.mend()
    began = time.time()
    wait_for_more(folder, cluster, polls_of(cluster), 300)
    print(f"   after a silent network polls went on within {time.time() - began:.0f} s", flush=True)
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    whole(folder, cluster)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    outlet = Server(("127.0.0.1", 0), Outlet)
    port = outlet.server_address[1]
    threading.Thread(target=outlet.serve_forever, daemon=True).start()
    cluster = Cluster(folder)
    try:
        configure(folder, cluster.url)
        daemons(folder, cluster)
        servers(folder, cluster)
        silence(folder, cluster)
    finally:
        cluster.stop()
print("nothing was lost, nothing was there twice")
