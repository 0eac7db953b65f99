//! A PostgreSQL cluster of the tests' own: an unprivileged server on a socket in a temporary folder, without any network, that ends
//! with this process. Each instance gets a database in it.

use sqlx::{
    AssertSqlSafe, Connection, Executor as _, PgConnection, Row as _, TypeInfo as _, ValueRef as _, postgres::PgRow,
};
use std::{
    fs,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// The user that a cluster runs as if the tests run as root, which PostgreSQL refuses: `nobody`.
const NOBODY: u32 = 65_534;

/// A running cluster.
pub struct Cluster {
    /// The folder of its data and socket.
    folder: PathBuf,
    /// The shell that stops the server once its input is closed, which the end of this process does.
    _keeper: Child,
}

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
static DATABASES: AtomicUsize = AtomicUsize::new(0);

/// Returns the cluster that all tests share; `None` if PostgreSQL is not installed, which is said aloud.
pub fn cluster() -> Option<&'static Cluster> {
    CLUSTER
        .get_or_init(|| {
            let programs = programs();
            if programs.is_none() {
                eprintln!("SKIPPED: PostgreSQL is not installed (apt install postgresql)");
            }
            programs.and_then(|programs| Cluster::start(&programs))
        })
        .as_ref()
}

/// Returns the folder of the server's programs, of the newest version from 15 on: where Debian, Red Hat and others have them.
fn programs() -> Option<PathBuf> {
    let folders =
        |parent: &str| fs::read_dir(parent).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let packaged =
        folders("/usr/lib/postgresql").chain(folders("/usr").filter(|path| path.to_string_lossy().contains("/pgsql-")));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let places =
        packaged.map(|path| path.join("bin")).chain(std::env::split_paths(&on_path).filter(|path| path.is_absolute()));
    places.filter_map(|bin| Some((version(&bin)?, bin))).filter(|(version, _)| *version >= 15).max().map(|(_, bin)| bin)
}

/// Returns the version of the server in a folder: `postgres (PostgreSQL) 15.14 (Debian …)`.
fn version(bin: &Path) -> Option<u32> {
    if !bin.join("initdb").exists() {
        return None;
    }
    let said = Command::new(bin.join("postgres")).arg("--version").output().ok()?.stdout;
    String::from_utf8(said).ok()?.split_whitespace().nth(2)?.split(['.', 'b', 'r']).next()?.parse().ok()
}

/// Makes a cluster and keeps its server until the standard input is closed, which the end of the tests does, however it comes. What
/// ends a group of processes (Ctrl-C, timeout) may not end the shell before the server, and a server whose shell is killed ends too.
const KEEPER: &str = r#"
trap '' HUP INT TERM
"$0/initdb" -D "$1/data" -U warraq -A trust -E UTF8 --locale=C -N >"$1/log" 2>&1 || exit 1
if setpriv --pdeathsig INT true 2>/dev/null; then bound="setpriv --pdeathsig INT"; fi
$bound "$0/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c max_connections=400 >>"$1/log" 2>&1 &
server=$!
read -r _
# Not once: a server that has just started does not listen to signals yet.
while kill -INT $server 2>/dev/null; do sleep 0.2; done
rm -rf "$1"
"#;

impl Cluster {
    /// Makes and starts a cluster. `None` if this user cannot, which is said aloud.
    fn start(programs: &Path) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("warraq-pg").tempdir().unwrap().keep();
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let mut command = Command::new(if is_root { "setpriv" } else { "sh" });
        if is_root {
            let user = NOBODY.to_string();
            command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
            let can_enter = chown(&folder, Some(NOBODY), Some(NOBODY)).is_ok()
                && Command::new("setpriv")
                    .args(command.get_args())
                    .args(["test", "-w"])
                    .arg(&folder)
                    .status()
                    .is_ok_and(|done| done.success());
            if !can_enter {
                eprintln!(
                    "SKIPPED: PostgreSQL does not run as root, and the user nobody cannot write to {}",
                    folder.display()
                );
                let _ = fs::remove_dir(&folder);
                return None;
            }
            command.arg("sh");
        }
        command.args(["-c", KEEPER]).arg(programs).arg(&folder).current_dir(&folder).env("HOME", &folder);
        // A group of its own: what ends the tests' group lets the server end in good order.
        let mut keeper = command.stdin(Stdio::piped()).process_group(0).spawn().unwrap();
        let log = |folder: &Path| fs::read_to_string(folder.join("log")).unwrap_or_default();
        for _ in 0..1_200 {
            if folder.join(".s.PGSQL.5432").exists() {
                return Some(Self { folder, _keeper: keeper });
            }
            assert!(keeper.try_wait().unwrap().is_none(), "the cluster cannot be made: {}", log(&folder));
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the cluster does not start: {}", log(&folder));
    }

    /// Returns the address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://warraq@localhost/{database}?host={}", self.folder.display())
    }

    /// Makes a new, empty database. Returns its address.
    pub async fn database(&self) -> String {
        let name = format!("t{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let mut connection = self.connect("postgres").await;
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).await.unwrap();
        self.url(&name)
    }

    /// Does the same as [`Cluster::database`] for what does not wait.
    pub fn database_now(&'static self) -> String {
        let made =
            || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(self.database());
        std::thread::spawn(made).join().unwrap()
    }

    /// Connects to a database. The server may still be starting.
    pub async fn connect(&self, database: &str) -> PgConnection {
        for _ in 0..200 {
            match PgConnection::connect(&self.url(database)).await {
                Ok(connection) => return connection,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        panic!("the cluster lets nobody in: {}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
    }
}

/// Returns the rows of a query over a database, with columns joined by `|`, in the form in which SQLite's are shown.
pub async fn sql(url: &str, query: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    // As text, whatever the types are.
    let rows = sqlx::raw_sql(AssertSqlSafe(query.to_owned())).fetch_all(&mut connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{query}: {error}"));
    let cell = |row: &PgRow, n: usize| {
        let value = row.try_get_raw(n).unwrap();
        let is_flag = value.type_info().name() == "BOOL";
        match value.as_str() {
            Ok("t") if is_flag => "1".to_owned(),
            Ok("f") if is_flag => "0".to_owned(),
            Ok(text) => text.to_owned(),
            Err(_) => String::new(),
        }
    };
    let rows = rows.iter().map(|row| (0..row.len()).map(|n| cell(row, n)).collect::<Vec<_>>().join("|")).collect();
    connection.close().await.unwrap();
    rows
}
