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

/// The address of a database server, and the password for it. Shown without the password and without the query, which may hold one.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseServer {
    url: Url,
    password: Option<Secret>,
}

impl DatabaseServer {
    /// Takes an address such as `postgres://user@host/database`. A password in it is taken out.
    ///
    /// # Errors
    /// Fails, with the reason in words, if it is not the address of a PostgreSQL database. The reason does not repeat the address.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut url = Url::parse(text).map_err(|_| "is not an address")?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("is not the address of a PostgreSQL database");
        }
        let password = url.password().map(|password| {
            let password = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
            Secret::new(password.into_owned())
        });
        if password.is_some() {
            url.set_password(None).map_err(|()| "has a password but no host")?;
        }
        Ok(Self { url, password })
    }

    /// Returns the same server, with this password.
    #[must_use]
    pub fn with_password(self, password: Secret) -> Self {
        Self { password: Some(password), ..self }
    }

    /// Returns the address without its password.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the password, if one is configured.
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }
}

impl fmt::Display for DatabaseServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        f.write_str(shown.as_str())
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
        assert_eq!(server.password().unwrap().reveal(), "s@crit");
        let place = DatabasePlace::Server(server);
        for shown in [place.to_string(), format!("{place:?}")] {
            assert!(!shown.contains("crit") && shown.contains("postgres://news@db.example:6432/warraq"), "{shown}");
        }
        for wrong in ["warraq.db", "mysql://db.example/warraq", "postgres"] {
            assert!(DatabaseServer::parse(wrong).is_err(), "{wrong}");
        }
    }
}
