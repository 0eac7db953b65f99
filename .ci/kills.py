#!/usr/bin/env python3
"""kills.py WARRAQ [COUNT]: kill -9 at random moments of a first start, a poll under load, `prune`, `restore` and a migration.

After each kill the next start must accept the file, and nothing that was committed may be lost or be there twice. COUNT kills
of each kind (default 20). WARRAQ_SEED repeats a run. Exit 1 with the first breach.
"""
import contextlib, os, pathlib, random, shutil, sqlite3, subprocess, sys, tempfile, time

import growing_feeds
from growing_feeds import FEEDS

WARRAQ = pathlib.Path(sys.argv[1]).resolve()
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 20
SEED = int(os.environ.get("WARRAQ_SEED", time.time_ns() % 10**6))
random.seed(SEED)
outlet = growing_feeds.Server(step=10)
listed = outlet.listed


def configure(folder):
    text = ('[server]\nlisten = "127.0.0.1:0"\n[fetch]\nallow_networks = ["127.0.0.0/8"]\nhost_pause = "0s"\nper_host = 8\n'
            '[schedule]\ndefault = "every 1s"\n')
    text += growing_feeds.outlets(outlet.port)
    (folder / "config.toml").write_text(text)


def begin(folder, *verb):
    return subprocess.Popen([WARRAQ, *verb], cwd=folder, env={}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run(folder, *verb):
    done = subprocess.run([WARRAQ, *verb], cwd=folder, env={}, capture_output=True, text=True)
    if done.returncode != 0:
        breach(folder, f"refused: {' '.join(verb)}: {done.stderr}")
    return done.stdout


def kill_within(folder, longest, *verb):
    process = begin(folder, *verb)
    time.sleep(random.uniform(0, longest))
    ended = process.poll()
    process.kill()
    process.wait()
    if ended not in (None, 0):
        breach(folder, f"{' '.join(verb)} ended with {ended}")
    return ended is None


def breach(folder, what):
    kept = tempfile.mkdtemp(prefix="warraq-kill-")
    shutil.copytree(folder, kept, dirs_exist_ok=True)
    sys.exit(f"error: {what}\nthe folder is kept at {kept}; WARRAQ_SEED={SEED}")


def ask(file, sql):
    # `with` alone ends the transaction and leaves the file open, and restore refuses a file that is open elsewhere.
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def whole(folder, file="warraq.db"):
    """Nothing lost, nothing doubled, nothing damaged; answers how many entries there are."""
    file = folder / file
    for what, sql, expected in (
        ("damaged", "PRAGMA integrity_check", [("ok",)]),
        ("lost a row", "PRAGMA foreign_key_check", []),
        ("doubled", "SELECT feed_id, source_id FROM entry GROUP BY 1, 2 HAVING count(*) > 1", []),
        ("lost: a validator without its entries", "SELECT url FROM feed AS f WHERE etag IS NOT NULL AND "
         "CAST(trim(CAST(etag AS TEXT), '\"') AS INTEGER) <> (SELECT count(*) FROM entry WHERE feed_id = f.id)", []),
        ("a poll counted what is not there", "SELECT f.url FROM feed AS f WHERE "
         "(SELECT coalesce(sum(new), 0) FROM poll WHERE feed_id = f.id) <> (SELECT count(*) FROM entry WHERE feed_id = f.id)", []),
    ):
        found = ask(file, sql)
        if found != expected:
            breach(folder, f"{what}: {found[:3]}")
    return ask(file, "SELECT count(*) FROM entry")[0][0]


def seconds(work):
    started = time.monotonic()
    work()
    return time.monotonic() - started


def first_starts():
    hit = 0
    for _ in range(COUNT):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            configure(folder)
            listed[:] = [0] * FEEDS
            hit += kill_within(folder, longest["first start"], "poll", "--all")
            run(folder, "poll", "--all")
            if whole(folder) == 0:
                breach(folder, "nothing was stored")
    return hit


def polls(folder):
    hit, before = 0, whole(folder)
    for _ in range(COUNT):
        hit += kill_within(folder, 2.0, "run")
        if (folder / "warraq.db-wal").exists():
            run(folder, "feeds")
        now = whole(folder)
        if now < before:
            breach(folder, f"lost: {before} entries before, {now} after")
        before = now
        if max(listed) > 400:
            listed[:] = [ask(folder / "warraq.db", f"SELECT count(*) FROM entry AS e JOIN feed AS f ON f.id = e.feed_id "
                             f"WHERE f.url LIKE '%/{n}'")[0][0] for n in range(FEEDS)]
    return hit


def restores(folder):
    run(folder, "backup", "copy.db")
    then = whole(folder, "copy.db")
    run(folder, "poll", "--all")
    now = whole(folder)
    # Killed, not closed: its last commits are in the WAL.
    full = folder / "full"
    full.mkdir()
    process = begin(folder, "run")
    time.sleep(1.5)
    process.kill()
    process.wait()
    now = whole(folder)
    for end in ("", "-wal"):
        if (folder / f"warraq.db{end}").exists():
            shutil.copy(folder / f"warraq.db{end}", full / f"warraq.db{end}")
    hit, came = 0, 0
    longest["restore"] = seconds(lambda: run(folder, "restore", "copy.db")) * 1.3
    for _ in range(COUNT):
        for old in folder.glob("warraq.db*"):
            old.unlink()
        for part in full.iterdir():
            shutil.copy(part, folder / part.name)
        hit += kill_within(folder, longest["restore"], "restore", "copy.db")
        run(folder, "prune", "--dry-run")
        found = whole(folder)
        if found not in (now, then):
            breach(folder, f"lost: {now} or {then} entries were to be there, {found} are")
        if found == then != now:
            came += 1
            if whole(folder, "warraq.db.before-restore") != now:
                breach(folder, "what was there before is not kept whole")
    print(f"   of these {came} had come to the new file, {COUNT - came} left the old one")
    return hit


def prunes(folder):
    """Everything of the first half is out of date; a story is there as a whole or not at all."""
    made = folder / "made"
    made.mkdir()
    run(folder, "backup", "made/warraq.db")
    with sqlite3.connect(made / "warraq.db") as connection:
        connection.execute("UPDATE sighting SET left_at = '2020-01-01T00:00:00Z' WHERE entry_id IN "
                           "(SELECT id FROM entry WHERE story_id % 2)")
        connection.execute("UPDATE entry SET first_seen_at = '2020-01-01T00:00:00Z', published_at = '2020-01-01T00:00:00Z'")
        connection.execute("UPDATE story SET created_at = '2020-01-01T00:00:00Z'")
        connection.execute("UPDATE poll SET ended_at = '2020-01-01T00:00:00.000Z'")
    connection.close()
    hit = 0
    for old in folder.glob("warraq.db*"):
        old.unlink()
    shutil.copy(made / "warraq.db", folder / "warraq.db")
    longest["prune"] = seconds(lambda: print("  ", run(folder, "prune").strip())) * 1.3
    if not 0 < ask(folder / "warraq.db", "SELECT count(*) FROM entry")[0][0] < ask(made / "warraq.db", "SELECT count(*) FROM entry")[0][0]:
        sys.exit("error: there is nothing to prune, or everything is; this proves nothing")
    for _ in range(COUNT):
        for old in folder.glob("warraq.db*"):
            old.unlink()
        shutil.copy(made / "warraq.db", folder / "warraq.db")
        hit += kill_within(folder, longest["prune"], "prune")
        run(folder, "prune")
        for what, sql in (
            ("integrity", "SELECT 1 FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
            ("rows that belong to nothing", "SELECT * FROM pragma_foreign_key_check"),
            ("an entry without its text", "SELECT id FROM entry EXCEPT SELECT entry_id FROM entry_text"),
            ("a listed entry is gone", "SELECT f.url FROM feed AS f JOIN sighting AS s ON s.feed_id = f.id AND s.left_at IS NULL "
             "LEFT JOIN entry AS e ON e.id = s.entry_id WHERE e.id IS NULL"),
        ):
            if found := ask(folder / "warraq.db", sql):
                breach(folder, f"prune: {what}: {found[:3]}")
    return hit


def migrations(folder):
    """The schema of the first version with its sample data, on its way up."""
    here = pathlib.Path(__file__).resolve().parent.parent
    old = folder / "old.db"
    import hashlib
    first = sorted((here / "migrations").glob("*.sql"))[0]
    with sqlite3.connect(old) as connection:
        connection.executescript(first.read_text())
        connection.executescript((here / "tests/migrations" / "0001.sql").read_text())
        connection.executescript(
            "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL "
            "DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL);")
        connection.execute("INSERT INTO _sqlx_migrations VALUES (1, 'house', '2026-01-01', 1, ?, 1)",
                           (hashlib.sha384(first.read_bytes()).digest(),))
    connection.close()
    entries = ask(old, "SELECT count(*) FROM entry")
    hit = 0
    for _ in range(COUNT):
        for stale in folder.glob("warraq.db*"):
            stale.unlink()
        shutil.copy(old, folder / "warraq.db")
        hit += kill_within(folder, longest["migration"], "prune", "--dry-run")
        run(folder, "prune", "--dry-run")
        if ask(folder / "warraq.db", "PRAGMA integrity_check") != [("ok",)] or ask(folder / "warraq.db", "SELECT count(*) FROM entry") != entries:
            breach(folder, "a migration lost entries")
    return hit


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    configure(folder)
    longest = {"first start": seconds(lambda: run(folder, "poll", "--all"))}
    longest["migration"] = seconds(lambda: run(folder, "prune")) * 1.2
    print(f"-- {COUNT} kills of each kind, WARRAQ_SEED={SEED}")
    for what, work in (("first start", first_starts), ("polls under load", lambda: polls(folder)),
                       ("restore", lambda: restores(folder)), ("prune", lambda: prunes(folder)),
                       ("migration", lambda: migrations(folder))):
        if what == "polls under load":
            listed[:] = [0] * FEEDS
            for old in folder.glob("warraq.db*"):
                old.unlink()
            run(folder, "poll", "--all")
        print(f"{what}: {work()} of {COUNT} killed before their end; 0 lost, 0 doubled, 0 refused", flush=True)
