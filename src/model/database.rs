//! Where the database is: a file, or a server.

use super::Secret;
use std::{
    fmt,
    path::{Path, PathBuf},
};
use url::Url;

/// The place of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabasePlace {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of PostgreSQL.
    Server(DatabaseServer),
}

/// The address of a database server, and a password for it from elsewhere. Shown without any password and without the query, which
/// may hold one.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseServer {
    address: Secret,
    password: Option<Secret>,
    shown: String,
}

impl DatabaseServer {
    /// Takes an address such as `postgres://user@host/database`.
    ///
    /// # Errors
    /// Fails, with the reason in words, if it is not the address of a PostgreSQL database. The reason does not repeat the address.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut shown = Url::parse(text).map_err(|_| "is not an address")?;
        if !matches!(shown.scheme(), "postgres" | "postgresql") {
            return Err("is not the address of a PostgreSQL database");
        }
        // Without a host there is no password either.
        let _ = shown.set_password(None);
        shown.set_query(None);
        shown.set_fragment(None);
        Ok(Self { address: Secret::new(text.to_owned()), password: None, shown: shown.into() })
    }

    /// Returns the same server, with this password instead of that in the address.
    #[must_use]
    pub fn with_password(self, password: Secret) -> Self {
        Self { password: Some(password), ..self }
    }

    /// Returns the address, which may contain a password.
    #[must_use]
    pub fn address(&self) -> &Secret {
        &self.address
    }

    /// Returns the password, if it is not in the address.
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }
}

impl fmt::Display for DatabaseServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseServer({self})")
    }
}

impl fmt::Display for DatabasePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(server) => server.fmt(f),
        }
    }
}

impl From<&Path> for DatabasePlace {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for DatabasePlace {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<&Self> for DatabasePlace {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let server = DatabaseServer::parse("postgres://news:s%40crit@db.example:6432/warraq?password=s@crit").unwrap();
        assert!(server.address().reveal().contains("s%40crit"));
        let place = DatabasePlace::Server(server);
        for shown in [place.to_string(), format!("{place:?}")] {
            assert!(!shown.contains("crit") && shown.contains("postgres://news@db.example:6432/warraq"), "{shown}");
        }
        for wrong in ["warraq.db", "mysql://db.example/warraq", "postgres"] {
            assert!(DatabaseServer::parse(wrong).is_err(), "{wrong}");
        }
    }
}
