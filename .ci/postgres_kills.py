#!/usr/bin/env python3
"""postgres_kills.py WARRAQ [DAEMON_KILLS] [SERVER_KILLS]: kill -9 of the daemon and of the database server, under polls.

A cluster of its own on a socket in a temporary folder. After each kill the daemon (or the server) is started again, and in the end
nothing that was committed may be lost or be there twice: each feed's ETag says how many entries the last read document had. Also:
a network that swallows every packet is noticed, and polls go on afterwards. Defaults: 100 and 20. WARRAQ_SEED repeats a run.
"""
import glob, os, pathlib, pwd, random, shutil, signal, socket, subprocess, sys, tempfile, threading, time

import growing_feeds
from growing_feeds import FEEDS

WARRAQ = pathlib.Path(sys.argv[1]).resolve()
DAEMONS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
SERVERS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
SEED = int(os.environ.get("WARRAQ_SEED", time.time_ns() % 10**6))
random.seed(SEED)
found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
BIN = found[-1] if found else (os.path.dirname(shutil.which("initdb") or "") or None)
if BIN is None:
    print("-- skipped: PostgreSQL is not installed")
    sys.exit(0)


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
        self.sql("CREATE DATABASE warraq TEMPLATE template0", "postgres")
        self.url = f"postgres://warraq@localhost/warraq?host={self.folder}"

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

    def sql(self, query, database="warraq"):
        return self.run("psql", "-h", self.folder, "-U", "warraq", "-X", "-A", "-t", "-c", query, database).strip()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


class Network:
    """Passes bytes between a port and the cluster's socket, unless it is cut: then it swallows everything and says nothing."""

    def __init__(self, cluster):
        self.path = str(cluster.folder / ".s.PGSQL.5432")
        self.is_cut = False
        self.cuts = 0  # connections from before a cut stay silent for good
        self.unanswered = []  # kept, because a socket that is forgotten is closed
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            if self.is_cut:
                self.unanswered.append(client)
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.path)
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.carry, args=(a, b, self.cuts), daemon=True).start()

    def carry(self, a, b, born):
        try:
            while data := a.recv(65536):
                if born != self.cuts:
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
        self.cuts += 1
        self.is_cut = True

    def mend(self):
        self.is_cut = False


def configure(folder, url):
    text = (f'[server]\nlisten = "127.0.0.1:{free_port()}"\n[database]\nurl = "{url}"\n[fetch]\nallow_networks = ["127.0.0.0/8"]\n'
            'host_pause = "0s"\nper_host = 8\n[schedule]\ndefault = "every 1s"\n')
    text += growing_feeds.outlets(outlet.port)
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
    """Empties the database and the feeds once the documents are long. Returns whether it did."""
    if max(outlet.listed) > 300:
        cluster.sql("TRUNCATE entry, story, sighting, feed, poll, place, outlet CASCADE; "
                    "UPDATE tally SET entries = 0, stories = 0; UPDATE search_state SET indexed_to = 0")
        outlet.listed[:] = [0] * FEEDS
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
    configure(folder, f"postgres://warraq@127.0.0.1:{network.port}/warraq?sslmode=disable")
    process = begin(folder)
    time.sleep(3)
    wait_for_more(folder, cluster, polls_of(cluster))
    network.cut()
    time.sleep(5)
    network.mend()
    began = time.time()
    wait_for_more(folder, cluster, polls_of(cluster), 300)
    print(f"   after a silent network polls went on within {time.time() - began:.0f} s", flush=True)
    network.cut()
    time.sleep(2)
    began = time.time()
    process.send_signal(signal.SIGTERM)
    try:
        ended = process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        breach(folder, "the daemon does not stop while the network is silent")
    if ended:
        breach(folder, f"the daemon ended with {ended} while the network was silent: {(folder / 'warraq.log').read_text()[-2000:]}")
    print(f"   while the network was silent the daemon stopped within {time.time() - began:.1f} s", flush=True)
    whole(folder, cluster)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    outlet = growing_feeds.Server(step=3)
    cluster = Cluster(folder)
    try:
        configure(folder, cluster.url)
        daemons(folder, cluster)
        servers(folder, cluster)
        silence(folder, cluster)
    finally:
        cluster.stop()
print("nothing was lost, nothing was there twice")
