//! The digits of a date, in any script, and the invisible characters around them.

pub(super) use crate::model::script::is_mark;

/// Reads at most nine digits from `at`, not beyond `most`. Also returns where they end.
pub(super) fn digits(chars: &[char], at: usize, most: usize) -> Option<(u32, usize)> {
    let chars = &chars[..most.min(chars.len())];
    let end = chars.get(at..)?.iter().position(|c| !c.is_ascii_digit()).map_or(chars.len(), |n| at + n);
    let value = (end - at <= 9).then(|| chars[at..end].iter().fold(0, |v, c| v * 10 + c.to_digit(10).unwrap_or(0)))?;
    (end > at).then_some((value, end))
}

/// Counts the white space characters from `at`.
pub(super) fn blanks(chars: &[char], at: usize) -> usize {
    chars.get(at..).unwrap_or_default().iter().take_while(|c| c.is_whitespace()).count()
}

/// Returns the end of the fraction of a second that may begin at `end`, or `end` if there is none.
pub(super) fn past_fraction(chars: &[char], end: usize) -> usize {
    let fraction = matches!(chars.get(end), Some('.' | ',')) && chars.get(end + 1).is_some_and(char::is_ascii_digit);
    if !fraction {
        return end;
    }
    end + 1 + chars[end + 1..].iter().take_while(|c| c.is_ascii_digit()).count()
}

/// Zones of the IANA database that are named like a rule of POSIX.
const AMERICAN: [&str; 4] = ["EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"];

/// Returns the zone name (`Asia/Riyadh`, `EST5EDT`) at the beginning of `chars`.
pub(super) fn zone_name(chars: &[char]) -> Option<String> {
    if chars.get(3).is_some_and(char::is_ascii_digit)
        && let Some(name) = chars.get(..7).map(|name| name.iter().collect::<String>())
        && AMERICAN.contains(&name.as_str())
    {
        return Some(name);
    }
    let area = chars.iter().take_while(|c| c.is_ascii_alphabetic()).count();
    if area < 2 || chars.get(area) != Some(&'/') {
        return None;
    }
    let name: String =
        chars.iter().take(64).take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+')).collect();
    let cities = name.split('/').skip(1).all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()));
    cities.then_some(name)
}

/// Converts Arabic-Indic, Persian and full-width digits, and the full-width colon, to ASCII.
pub(super) fn ascii_digit(c: char) -> char {
    let zero = match c {
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        '０'..='９' => '０',
        '०'..='९' => '०',
        '০'..='৯' => '০',
        '๐'..='๙' => '๐',
        '੦'..='੯' => '੦',
        '૦'..='૯' => '૦',
        '௦'..='௯' => '௦',
        '౦'..='౯' => '౦',
        '೦'..='೯' => '೦',
        '൦'..='൯' => '൦',
        '໐'..='໙' => '໐',
        '၀'..='၉' => '၀',
        '០'..='៩' => '០',
        '：' => return ':',
        c => return c,
    };
    char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c)
}
