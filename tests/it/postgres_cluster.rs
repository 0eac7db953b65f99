//! A PostgreSQL cluster of the tests' own: an unprivileged server on a socket in a temporary folder, without any network, that ends
//! with this process. Each instance gets a database in it.

use sqlx::{
    AssertSqlSafe, Connection, Executor as _, PgConnection, Row as _, TypeInfo as _, ValueRef as _, postgres::PgRow,
};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown},
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
            programs.map(|programs| Cluster::start(&programs))
        })
        .as_ref()
}

/// Returns the folder of the server's programs, of the newest version from 15 on.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter(|path| path.join("bin/initdb").exists() && number(path) >= Some(15));
    newest.max_by_key(|path| number(path)).map(|path| path.join("bin"))
}

impl Cluster {
    /// Makes and starts a cluster.
    fn start(programs: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("warraq-pg").tempdir().unwrap().keep();
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        if is_root {
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        // The server ends when this process does, however that happens: the shell reads to the end of its input.
        let script = "\"$0/initdb\" -D \"$1/data\" -U warraq -A trust -E UTF8 --locale=C -N >\"$1/log\" 2>&1 && \
            { \"$0/postgres\" -D \"$1/data\" -k \"$1\" -c listen_addresses= -c fsync=off -c max_connections=400 >>\"$1/log\" 2>&1 & \
              read -r _; kill -INT $!; wait; }; rm -rf \"$1\"";
        let mut command = if is_root {
            let mut command = Command::new("setpriv");
            let user = NOBODY.to_string();
            command.args(["--reuid", &user, "--regid", &user, "--clear-groups", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.args(["-c", script]).arg(programs).arg(&folder).current_dir(&folder).env("HOME", &folder);
        let keeper = command.stdin(Stdio::piped()).spawn().unwrap();
        let cluster = Self { folder, _keeper: keeper };
        for _ in 0..600 {
            if cluster.folder.join(".s.PGSQL.5432").exists() {
                return cluster;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the cluster does not start: {}", fs::read_to_string(cluster.folder.join("log")).unwrap_or_default());
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
