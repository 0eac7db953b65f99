//! Opens the database for writing, wherever it is: the one place where the store is chosen for the writer.

#[cfg(feature = "postgres")]
use super::postgres;
use super::{
    error::StoreError,
    location, sqlite,
    writer::{Writer, WriterTask},
};
use crate::{dedup::Window, model::DatabasePlace};
use jiff::SignedDuration;
use std::time::Duration;

/// Number of whole texts kept in memory for comparison, about 2 kB each. Copies usually arrive soon; other texts are read from
/// the database.
const TEXTS: usize = 2_048;

/// Checks what can be known of the place of a database without opening it: that a file can be there, and that the parameters of an
/// address can be read. Nothing is created, and no server is asked.
///
/// # Errors
/// Returns the error that opening the database would end with.
pub fn check_place(place: &DatabasePlace) -> Result<(), StoreError> {
    match place {
        DatabasePlace::File(path) => location::real_path(path).map(drop),
        #[cfg(feature = "postgres")]
        DatabasePlace::Server(server) => postgres::open::options(server).map(drop),
        #[cfg(not(feature = "postgres"))]
        DatabasePlace::Server(_) => Err(StoreError::WithoutPostgres),
    }
}

impl Writer {
    /// Opens the database for writing, migrates its schema and starts the writer. `window` is the longest time between two reports
    /// of one story.
    ///
    /// # Errors
    /// Fails if another Warraq writes to the database, if it is not Warraq's or is newer than this program, or if it cannot be
    /// opened.
    pub async fn open(database: impl Into<DatabasePlace>, window: Duration) -> Result<(Self, WriterTask), StoreError> {
        let window = Window::new(SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX)).holding_texts(TEXTS);
        match database.into() {
            DatabasePlace::File(path) => sqlite::writing::start::open(&path, window).await,
            #[cfg(feature = "postgres")]
            DatabasePlace::Server(server) => postgres::writing::start::open(&server, window).await,
            #[cfg(not(feature = "postgres"))]
            DatabasePlace::Server(_) => Err(StoreError::WithoutPostgres),
        }
    }
}
