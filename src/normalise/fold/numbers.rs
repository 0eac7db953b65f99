//! Brings numbers into the form in which they are compared: digit groups joined, one decimal sign.

/// A number that is being read, with its separators.
#[derive(Debug, Default)]
pub struct Number {
    /// ASCII digits of all groups.
    digits: Vec<u8>,
    /// Start of each group but the first in `digits`, and the separator before it.
    breaks: Vec<(usize, char)>,
}

/// Returns whether `c` between two digits may belong to a number.
pub fn separates(c: char) -> bool {
    matches!(c, '.' | ',' | '٫' | '٬' | '،' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’')
}

impl Number {
    /// Appends a digit.
    pub fn push(&mut self, digit: u8) {
        self.digits.push(digit);
    }

    /// Begins a new group after `separator`.
    pub fn separate(&mut self, separator: char) {
        self.breaks.push((self.digits.len(), separator));
    }

    /// Returns whether no digit was read.
    pub fn is_empty(&self) -> bool {
        self.digits.is_empty()
    }

    /// Appends its tokens to `out`, each after a space, and clears it.
    ///
    /// `1 200`, `1.200` and `١٬٢٠٠` become `1200`; `2,75`, `2.75` and `٢٫٧٥` become `2.75`. Groups that only spaces connect and
    /// that do not have three digits become separate numbers.
    pub fn finish(&mut self, out: &mut String) {
        let starts = std::iter::once((0, ' ')).chain(self.breaks.iter().copied());
        let ends = self.breaks.iter().map(|(at, _)| *at).chain([self.digits.len()]);
        let mut thousands: Option<Option<char>> = None;
        for ((start, separator), end) in starts.zip(ends) {
            let group = &self.digits[start..end];
            let joins =
                start > 0 && group.len() == 3 && thousands.is_some_and(|sign| sign.is_none_or(|s| s == separator));
            if joins {
                thousands = Some(Some(separator));
            } else if start > 0 && !is_space(separator) {
                out.push('.');
                thousands = None;
            } else {
                out.push(' ');
                thousands = (group.len() <= 3 && group[0] != b'0').then_some(None);
            }
            out.extend(group.iter().map(|&d| char::from(d)));
        }
        self.digits.clear();
        self.breaks.clear();
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’')
}
