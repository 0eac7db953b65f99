//! Time zones that are written out, as Windows and some content systems do: `Eastern Standard Time`.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The offset of the Line Islands, the largest there is, in seconds.
pub(super) const LARGEST_OFFSET: i64 = 14 * 3_600;

/// Names of zones in lower case, without the words `standard`, `daylight`, `summer`, `mean` and `time`, and the zones of the IANA
/// database. The names are those of Windows (CLDR, `windowsZones.xml`) and of everyday English.
const NAMES: [(&str, &str); 95] = [
    ("afghanistan", "Asia/Kabul"),
    ("alaska", "America/Anchorage"),
    ("alaskan", "America/Anchorage"),
    ("arab", "Asia/Riyadh"),
    ("arabia", "Asia/Riyadh"),
    ("arabian", "Asia/Dubai"),
    ("arabic", "Asia/Baghdad"),
    ("argentina", "America/Argentina/Buenos_Aires"),
    ("atlantic", "America/Halifax"),
    ("aus central", "Australia/Darwin"),
    ("aus eastern", "Australia/Sydney"),
    ("australian central", "Australia/Adelaide"),
    ("australian eastern", "Australia/Sydney"),
    ("australian western", "Australia/Perth"),
    ("azerbaijan", "Asia/Baku"),
    ("bangladesh", "Asia/Dhaka"),
    ("brasilia", "America/Sao_Paulo"),
    ("british", "Europe/London"),
    ("canada central", "America/Regina"),
    ("caucasus", "Asia/Yerevan"),
    ("cen australia", "Australia/Adelaide"),
    ("central", "America/Chicago"),
    ("central africa", "Africa/Maputo"),
    ("central america", "America/Guatemala"),
    ("central europe", "Europe/Budapest"),
    ("central european", "Europe/Warsaw"),
    ("central indonesia", "Asia/Makassar"),
    ("chile", "America/Santiago"),
    ("china", "Asia/Shanghai"),
    ("colombia", "America/Bogota"),
    ("coordinated universal", "Etc/UTC"),
    ("e africa", "Africa/Nairobi"),
    ("e australia", "Australia/Brisbane"),
    ("e europe", "Europe/Chisinau"),
    ("e south america", "America/Sao_Paulo"),
    ("east africa", "Africa/Nairobi"),
    ("eastern", "America/New_York"),
    ("eastern european", "Europe/Bucharest"),
    ("eastern indonesia", "Asia/Jayapura"),
    ("egypt", "Africa/Cairo"),
    ("fle", "Europe/Kyiv"),
    ("georgian", "Asia/Tbilisi"),
    ("greenwich", "Etc/UTC"),
    ("gtb", "Europe/Bucharest"),
    ("gulf", "Asia/Dubai"),
    ("hawaii", "Pacific/Honolulu"),
    ("hawaiian", "Pacific/Honolulu"),
    ("hong kong", "Asia/Hong_Kong"),
    ("india", "Asia/Kolkata"),
    ("indian", "Asia/Kolkata"),
    ("indochina", "Asia/Bangkok"),
    ("iran", "Asia/Tehran"),
    ("israel", "Asia/Jerusalem"),
    ("japan", "Asia/Tokyo"),
    ("jordan", "Asia/Amman"),
    ("korea", "Asia/Seoul"),
    ("libya", "Africa/Tripoli"),
    ("middle east", "Asia/Beirut"),
    ("montevideo", "America/Montevideo"),
    ("morocco", "Africa/Casablanca"),
    ("moscow", "Europe/Moscow"),
    ("mountain", "America/Denver"),
    ("myanmar", "Asia/Yangon"),
    ("nepal", "Asia/Kathmandu"),
    ("new zealand", "Pacific/Auckland"),
    ("newfoundland", "America/St_Johns"),
    ("north korea", "Asia/Pyongyang"),
    ("pacific", "America/Los_Angeles"),
    ("pacific sa", "America/Santiago"),
    ("pakistan", "Asia/Karachi"),
    ("peru", "America/Lima"),
    ("philippine", "Asia/Manila"),
    ("romance", "Europe/Paris"),
    ("russian", "Europe/Moscow"),
    ("sa pacific", "America/Bogota"),
    ("se asia", "Asia/Bangkok"),
    ("singapore", "Asia/Singapore"),
    ("south africa", "Africa/Johannesburg"),
    ("sri lanka", "Asia/Colombo"),
    ("sudan", "Africa/Khartoum"),
    ("syria", "Asia/Damascus"),
    ("taipei", "Asia/Taipei"),
    ("tasmania", "Australia/Hobart"),
    ("tokyo", "Asia/Tokyo"),
    ("turkey", "Europe/Istanbul"),
    ("ulaanbaatar", "Asia/Ulaanbaatar"),
    ("uruguay", "America/Montevideo"),
    ("us eastern", "America/Indiana/Indianapolis"),
    ("us mountain", "America/Phoenix"),
    ("venezuela", "America/Caracas"),
    ("w australia", "Australia/Perth"),
    ("w europe", "Europe/Berlin"),
    ("west africa", "Africa/Lagos"),
    ("west asia", "Asia/Tashkent"),
    ("western indonesia", "Asia/Jakarta"),
];

/// Words that name a zone whose clocks change: the general names of newsrooms, and names of the IANA database without a slash
/// (its file `backward`).
const WORDS: [(&str, &str); 31] = [
    ("at", "America/Halifax"),
    ("ct", "America/Chicago"),
    ("et", "America/New_York"),
    ("mt", "America/Denver"),
    ("pt", "America/Los_Angeles"),
    ("cuba", "America/Havana"),
    ("egypt", "Africa/Cairo"),
    ("eire", "Europe/Dublin"),
    ("gb", "Europe/London"),
    ("greenwich", "Etc/UTC"),
    ("hongkong", "Asia/Hong_Kong"),
    ("iceland", "Atlantic/Reykjavik"),
    ("iran", "Asia/Tehran"),
    ("israel", "Asia/Jerusalem"),
    ("jamaica", "America/Jamaica"),
    ("japan", "Asia/Tokyo"),
    ("kwajalein", "Pacific/Kwajalein"),
    ("libya", "Africa/Tripoli"),
    ("navajo", "America/Denver"),
    ("nz", "Pacific/Auckland"),
    ("poland", "Europe/Warsaw"),
    ("portugal", "Europe/Lisbon"),
    ("prc", "Asia/Shanghai"),
    ("roc", "Asia/Taipei"),
    ("rok", "Asia/Seoul"),
    ("singapore", "Asia/Singapore"),
    ("turkey", "Europe/Istanbul"),
    ("uct", "Etc/UTC"),
    ("universal", "Etc/UTC"),
    ("uk", "Europe/London"),
    ("zulu", "Etc/UTC"),
];

/// Returns the zone that one folded word names.
pub(super) fn of_word(word: &str) -> Option<TimeZone> {
    let (_, zone) = WORDS.iter().find(|(name, _)| *name == word)?;
    TimeZoneDatabase::bundled().get(zone).ok()
}

/// Returns the zone that a text writes out: what stands before the word `time`.
///
/// Whether it says `standard` or `daylight` does not count: Windows calls a zone by its standard time all year, and so do people.
pub(super) fn written_out(text: &str) -> Option<TimeZone> {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let end = words.iter().rposition(|word| *word == "time")?;
    let kind = words[..end].last().is_some_and(|word| matches!(*word, "standard" | "daylight" | "summer" | "mean"));
    let before = &words[..end - usize::from(kind)];
    // The longest name first: `Central Europe` is not `Europe`.
    let name = (1..=before.len().min(3)).rev().find_map(|count| {
        let name = before[before.len() - count..].join(" ");
        NAMES.iter().find(|(known, _)| *known == name)
    });
    // The time zone data compiled in, so that reading a date opens no file.
    TimeZoneDatabase::bundled().get(name?.1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_a_zone() {
        for (name, zone) in NAMES {
            let found = written_out(&format!("Mon, 2 Nov 2026 10:30:00 {name} Standard Time"));
            assert_eq!(found.and_then(|found| found.iana_name().map(str::to_owned)).as_deref(), Some(zone), "{name}");
        }
        for (name, zone) in WORDS {
            assert_eq!(of_word(name).unwrap().iana_name(), Some(zone), "{name}");
        }
    }
}
