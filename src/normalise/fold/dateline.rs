//! The place, agency and day that papers put before a report, and that copies of the report lack or write differently.

/// Maximum length of a dateline that ends in a parenthesis, in characters.
const MAX: usize = 90;

/// Maximum length of a dateline without a parenthesis, in characters. A longer one is probably the beginning of a sentence with a
/// dash.
const MAX_BARE: usize = 45;

/// Maximum length of the text in the parenthesis, in characters: enough for an agency or a paper, too short for a statement.
const MAX_SIGNED: usize = 24;

/// Agencies that are named after the dash.
const AGENCIES: &[&str] = &[
    "و م ع",
    "و.م.ع",
    "ومع",
    "أ ف ب",
    "أ.ف.ب",
    "ا ف ب",
    "أف ب",
    "د ب أ",
    "رويترز",
    "وكالات",
    "MAP",
    "AFP",
    "AP",
    "Reuters",
    "APS",
    "TAP",
    "EFE",
    "DPA",
    "QNA",
    "WAM",
    "SPA",
];

/// Removes the dateline from a text: "الرباط - و م ع", "العلم الإلكترونية - ", "(CNN) --", "RABAT, 11 mai (MAP) –".
///
/// A dateline stands at the very beginning, contains no end of a sentence, and ends with a dash or colon after a parenthesis, or
/// with a dash between spaces.
#[must_use]
pub fn without_dateline(text: &str) -> &str {
    let text = text.trim_start();
    let Some(end) = dateline_end(text) else { return text };
    let rest = text[end..].trim_start_matches(is_joint);
    let signed = rest.strip_prefix('(').unwrap_or(rest);
    let agency = AGENCIES.iter().find_map(|name| signed.strip_prefix(name));
    match agency.filter(|after| !after.starts_with(char::is_alphanumeric)) {
        Some(after) => after.trim_start_matches(|c| is_joint(c) || c == ')'),
        None => rest,
    }
}

/// Returns the position of the dash that ends a dateline, in bytes.
fn dateline_end(text: &str) -> Option<usize> {
    let mut opened = 0;
    let mut signed = false;
    let mut before = ' ';
    let mut chars = text.char_indices().enumerate().take(MAX).peekable();
    while let Some((count, (at, c))) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, (_, c))| *c);
        match c {
            '\n' | '?' | '!' | '؟' => return None,
            '.' if next.is_whitespace() => return None,
            '(' => (opened, signed) = (count, false),
            ')' => signed = count - opened <= MAX_SIGNED,
            _ if is_dash(c) || c == ':' => {
                let bare = before.is_whitespace() && (next.is_whitespace() || is_dash(next)) && count <= MAX_BARE;
                if signed || (bare && c != ':' && count > 1) {
                    return Some(at);
                }
            }
            _ if !c.is_whitespace() => signed = false,
            _ => {}
        }
        before = c;
    }
    None
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '–' | '—' | '―' | '−')
}

/// Returns whether a character may stand between a dateline and its report.
fn is_joint(c: char) -> bool {
    is_dash(c) || c == ':' || c.is_whitespace()
}
