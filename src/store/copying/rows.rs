//! Rows during a copy, and the digest by which they are compared.

use crate::store::error::StoreError;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Column {
    /// Its name.
    pub(in crate::store) name: String,
    /// Its type.
    pub(in crate::store) kind: CellKind,
}

/// The type of a column, which both stores have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum CellKind {
    /// INTEGER, bigint.
    Integer,
    /// REAL, double precision.
    Real,
    /// TEXT, text.
    Text,
    /// BLOB, bytea.
    Bytes,
}

impl Column {
    /// Creates the columns of a table from their names and types. `kinds` says what the types of the store mean.
    ///
    /// # Errors
    /// Fails if a type is not among them: its column would not be copied.
    pub(in crate::store) fn all(
        table: &str,
        columns: Vec<(String, String)>,
        kinds: [(&str, CellKind); 4],
    ) -> Result<Vec<Self>, StoreError> {
        let column = |(name, stated): (String, String)| match kinds.iter().find(|(known, _)| *known == stated) {
            Some((_, kind)) => Ok(Self { name, kind: *kind }),
            None => Err(StoreError::CopyDiffers {
                table: table.to_owned(),
                why: format!("its column {name} has the type {stated:?}, which this program cannot copy"),
            }),
        };
        columns.into_iter().map(column).collect()
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::store) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row: a value for each column.
pub(in crate::store) type Row = Vec<Cell>;

/// Maximum number of rows of a batch.
const BATCH_ROWS: usize = 1_000;
/// Size at which a batch is full, in bytes. One row more can go beyond.
const BATCH_BYTES: usize = 1 << 20;

/// Rows that are collected until they are worth sending.
#[derive(Debug, Default)]
pub(in crate::store) struct Batch {
    rows: Vec<Row>,
    bytes: usize,
}

impl Batch {
    /// Adds a row. Returns the batch once it is full.
    pub(in crate::store) fn add(&mut self, row: Row) -> Option<Vec<Row>> {
        self.bytes += row.iter().map(Cell::size).sum::<usize>();
        self.rows.push(row);
        (self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES).then(|| self.take())
    }

    /// Returns the rows that were added since the last full batch.
    pub(in crate::store) fn take(&mut self) -> Vec<Row> {
        self.bytes = 0;
        std::mem::take(&mut self.rows)
    }
}

impl Cell {
    fn size(&self) -> usize {
        match self {
            Self::Null => 1,
            Self::Integer(_) | Self::Real(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// Adds the value to a hash, with its type and length, so that no two rows have the same bytes.
    fn hash(&self, hasher: &mut blake3::Hasher) {
        let mut sized = |tag: u8, bytes: &[u8]| {
            hasher.update(&[tag]).update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        };
        match self {
            Self::Null => sized(0, &[]),
            Self::Integer(number) => sized(1, &number.to_le_bytes()),
            Self::Real(number) => sized(2, &number.to_bits().to_le_bytes()),
            Self::Text(text) => sized(3, text.as_bytes()),
            Self::Bytes(bytes) => sized(4, bytes),
        }
    }
}

/// The number of rows and the sum of their hashes, which does not depend on their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RowsDigest {
    pub(super) count: u64,
    sum: u128,
}

impl RowsDigest {
    pub(super) fn add(&mut self, rows: &[Row]) {
        for row in rows {
            let mut hasher = blake3::Hasher::new();
            for cell in row {
                cell.hash(&mut hasher);
            }
            let mut first = [0; 16];
            first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
            self.sum = self.sum.wrapping_add(u128::from_le_bytes(first));
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn a_digest_tells_any_change_of_rows_and_nothing_else() {
        let digest = |rows: &[Row]| {
            let mut digest = RowsDigest::default();
            digest.add(rows);
            digest
        };
        let rows = [vec![Cell::Integer(1), text("a"), Cell::Null], vec![Cell::Integer(2), text(""), Cell::Real(0.5)]];
        let whole = digest(&rows);
        assert_eq!(whole, digest(&[rows[1].clone(), rows[0].clone()]));
        for other in [
            vec![rows[0].clone()],
            vec![rows[0].clone(), rows[0].clone()],
            vec![rows[0].clone(), vec![Cell::Integer(2), Cell::Null, Cell::Real(0.5)]],
            vec![rows[0].clone(), vec![Cell::Integer(2), Cell::Bytes(Vec::new()), Cell::Real(0.5)]],
            vec![vec![Cell::Integer(1), text("a"), text("")], rows[1].clone()],
        ] {
            assert_ne!(whole, digest(&other), "{other:?}");
        }
        assert_ne!(digest(&[vec![text("ab"), text("c")]]), digest(&[vec![text("a"), text("bc")]]));
    }

    #[test]
    fn a_column_of_an_unknown_type_is_an_error() {
        let kinds = [("A", CellKind::Integer), ("B", CellKind::Real), ("C", CellKind::Text), ("D", CellKind::Bytes)];
        let all = |kind: &str| {
            Column::all("t", vec![("id".to_owned(), "A".to_owned()), ("x".to_owned(), kind.to_owned())], kinds)
        };
        assert_eq!(all("D").unwrap()[1], Column { name: "x".to_owned(), kind: CellKind::Bytes });
        assert!(all("E").unwrap_err().to_string().contains("column x has the type \"E\""));
    }

    #[test]
    fn batches_are_bounded_and_lose_no_row() {
        let mut batch = Batch::default();
        let mut sizes = Vec::new();
        for n in 0..2_500 {
            sizes.extend(batch.add(vec![Cell::Integer(n)]).map(|rows| rows.len()));
        }
        sizes.push(batch.take().len());
        assert_eq!(sizes, [1_000, 1_000, 500]);
        let large = || vec![text(&"x".repeat(BATCH_BYTES / 2))];
        assert!(batch.add(large()).is_none());
        assert_eq!(batch.add(large()).map(|rows| rows.len()), Some(2));
    }
}
