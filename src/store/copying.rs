//! The work of a copy between stores: copies everything, and compares what arrived with what was sent. The statements are written from
//! the names of the columns, which both databases are asked for, so that no column is forgotten.

mod rows;
mod tables;

pub(super) use rows::{Batch, Cell, CellKind, Column, Row};
pub(super) use tables::CopiedTable;

use super::{
    copied::Copied,
    error::StoreError,
    progress::{Progress, ProgressSender, ProgressUnit},
};
use rows::RowsDigest;
use tables::TABLES;
use tokio::sync::mpsc;

/// Number of batches of rows that are read ahead of the writer.
const AHEAD: usize = 2;

/// The last number that each counter has given out, by the name of its table. Numbers are never given twice, even if their rows
/// were deleted.
pub(super) type Counters = Vec<(String, i64)>;

/// A database that is copied from or to. Whoever has it open holds the right to write to it.
pub(super) trait CopyEnd {
    /// Returns the columns of a table, in order of their names.
    async fn columns(&mut self, table: &str) -> Result<Vec<Column>, StoreError>;
    /// Returns the number of rows of a table.
    async fn count(&mut self, table: &CopiedTable) -> Result<u64, StoreError>;
    /// Sends the rows of a table in batches. Ends early if nobody takes them.
    async fn read(
        &mut self,
        table: &CopiedTable,
        columns: &[Column],
        to: mpsc::Sender<Vec<Row>>,
    ) -> Result<(), StoreError>;
    /// Returns the last numbers that were given out.
    async fn counters(&mut self) -> Result<Counters, StoreError>;
    /// Ends the work on what was copied from.
    async fn release(self) -> Result<(), StoreError>;
}

/// A database that is copied to. Nothing of it can be seen before [`CopyTarget::complete`].
pub(super) trait CopyTarget: CopyEnd {
    /// Prepares a table for its rows: removes what the schema or other tables have put into it.
    async fn clear(&mut self, table: &CopiedTable) -> Result<(), StoreError>;
    /// Adds rows.
    async fn write(
        &mut self,
        table: &CopiedTable,
        columns: &[Column],
        from: &mut mpsc::Receiver<Vec<Row>>,
        wrote: impl FnMut(u64),
    ) -> Result<(), StoreError>;
    /// Sets the counters.
    async fn set_counters(&mut self, counters: &Counters) -> Result<(), StoreError>;
    /// Puts the copy into its place, whole, with its index of words.
    async fn complete(self, progress_sender: &ProgressSender) -> Result<(), StoreError>;
}

/// Copies all tables, compares them, and completes the copy.
pub(super) async fn run(
    mut source: impl CopyEnd,
    mut target: impl CopyTarget,
    progress_sender: &ProgressSender,
) -> Result<Copied, StoreError> {
    let mut shapes = Vec::with_capacity(TABLES.len());
    let mut total = 0;
    for table in &TABLES {
        shapes.push((table, shared_columns(table, &mut source, &mut target).await?));
        total += source.count(table).await?;
    }
    let mut copied = Copied { tables: TABLES.len(), ..Copied::default() };
    let mut sent = Vec::with_capacity(TABLES.len());
    for (table, columns) in &shapes {
        target.clear(table).await?;
        let before = copied.rows;
        let tell = |done| {
            progress_sender.send_replace(rows_of("copying", before + done, total));
        };
        let digest = transfer(&mut source, &mut target, table, columns, tell).await?;
        copied.rows += digest.count;
        copied.entries += if table.name == "entry" { digest.count } else { 0 };
        sent.push(digest);
    }
    target.set_counters(&source.counters().await?).await?;
    let mut checked = 0;
    for ((table, columns), sent) in shapes.iter().zip(&sent) {
        progress_sender.send_replace(rows_of("comparing", checked, total));
        let arrived = digest(&mut target, table, columns).await?;
        checked += arrived.count;
        if arrived != *sent {
            let why = format!("{} rows were sent and {} arrived, or their content differs", sent.count, arrived.count);
            return Err(StoreError::CopyDiffers { table: table.name.to_owned(), why });
        }
    }
    source.release().await?;
    target.complete(progress_sender).await?;
    Ok(copied)
}

fn rows_of(doing: &'static str, done: u64, total: u64) -> Progress {
    Progress { doing, done, total, unit: ProgressUnit::Rows }
}

/// Returns the columns of a table, which must be the same in both databases.
async fn shared_columns(
    table: &CopiedTable,
    source: &mut impl CopyEnd,
    target: &mut impl CopyTarget,
) -> Result<Vec<Column>, StoreError> {
    let (from, to) = (source.columns(table.name).await?, target.columns(table.name).await?);
    if from != to || from.is_empty() {
        let why = "its columns are not the same in both databases".to_owned();
        return Err(StoreError::CopyDiffers { table: table.name.to_owned(), why });
    }
    Ok(from)
}

/// Copies the rows of a table. Returns the digest of what was sent.
async fn transfer(
    source: &mut impl CopyEnd,
    target: &mut impl CopyTarget,
    table: &CopiedTable,
    columns: &[Column],
    tell: impl Fn(u64),
) -> Result<RowsDigest, StoreError> {
    let (read, mut noted) = mpsc::channel::<Vec<Row>>(AHEAD);
    let (pass, mut batches) = mpsc::channel::<Vec<Row>>(AHEAD);
    let note = async move {
        let mut digest = RowsDigest::default();
        while let Some(batch) = noted.recv().await {
            digest.add(&batch);
            if pass.send(batch).await.is_err() {
                break;
            }
        }
        Ok::<_, StoreError>(digest)
    };
    let reading = source.read(table, columns, read);
    let writing = target.write(table, columns, &mut batches, tell);
    let ((), digest, ()) = tokio::try_join!(reading, note, writing)?;
    Ok(digest)
}

/// Returns the digest of a table.
async fn digest(end: &mut impl CopyEnd, table: &CopiedTable, columns: &[Column]) -> Result<RowsDigest, StoreError> {
    let (read, mut batches) = mpsc::channel::<Vec<Row>>(AHEAD);
    let note = async {
        let mut digest = RowsDigest::default();
        while let Some(batch) = batches.recv().await {
            digest.add(&batch);
        }
        Ok::<_, StoreError>(digest)
    };
    let ((), digest) = tokio::try_join!(end.read(table, columns, read), note)?;
    Ok(digest)
}
