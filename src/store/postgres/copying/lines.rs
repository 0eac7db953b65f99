//! Rows as COPY takes them.

use crate::{
    model::hex,
    store::copying::{Cell, Row},
};

/// Returns rows in COPY's text format (postgresql.org/docs/15/sql-copy.html). Their texts have no U+0000: reading them removed it.
pub(super) fn lines(rows: &[Row]) -> String {
    let mut lines = String::new();
    for row in rows {
        for (n, cell) in row.iter().enumerate() {
            if n > 0 {
                lines.push('\t');
            }
            field(&mut lines, cell);
        }
        lines.push('\n');
    }
    lines
}

fn field(line: &mut String, cell: &Cell) {
    match cell {
        Cell::Null => line.push_str("\\N"),
        Cell::Integer(number) => line.push_str(&number.to_string()),
        Cell::Real(number) => line.push_str(&number.to_string()),
        Cell::Text(value) => {
            for c in value.chars() {
                match c {
                    '\\' => line.push_str("\\\\"),
                    '\n' => line.push_str("\\n"),
                    '\r' => line.push_str("\\r"),
                    '\t' => line.push_str("\\t"),
                    c => line.push(c),
                }
            }
        }
        Cell::Bytes(bytes) => {
            line.push_str("\\\\x");
            line.push_str(&hex(bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_whatever_a_text_holds() {
        let row = vec![
            Cell::Text("a\tb\\N\n\rع".to_owned()),
            Cell::Null,
            Cell::Integer(-7),
            Cell::Real(0.1),
            Cell::Bytes(vec![0, 255]),
            Cell::Text(String::new()),
        ];
        assert_eq!(lines(&[row.clone(), row]), "a\\tb\\\\N\\n\\rع\t\\N\t-7\t0.1\t\\\\x00ff\t\n".repeat(2));
    }
}
