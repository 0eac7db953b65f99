//! Time zones that are written out, as Windows and some content systems do: `Eastern Standard Time`.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The offset of the Line Islands, the largest there is, in seconds.
pub(super) const LARGEST_OFFSET: i64 = 14 * 3_600;

/// Names of zones in lower case, without the words `standard`, `daylight`, `summer`, `mean` and `time`, and the zones of the IANA
/// database. The names are those of Windows (CLDR, `windowsZones.xml`) and of everyday English.
const NAMES: [(&str, &str); 162] = [
    ("afghanistan", "Asia/Kabul"),
    ("alaska", "America/Anchorage"),
    ("alaskan", "America/Anchorage"),
    ("aleutian", "America/Adak"),
    ("altai", "Asia/Barnaul"),
    ("arab", "Asia/Riyadh"),
    ("arabia", "Asia/Riyadh"),
    ("arabian", "Asia/Dubai"),
    ("arabic", "Asia/Baghdad"),
    ("argentina", "America/Argentina/Buenos_Aires"),
    ("astrakhan", "Europe/Astrakhan"),
    ("atlantic", "America/Halifax"),
    ("aus central", "Australia/Darwin"),
    ("aus central w", "Australia/Eucla"),
    ("aus eastern", "Australia/Sydney"),
    ("australian central", "Australia/Adelaide"),
    ("australian eastern", "Australia/Sydney"),
    ("australian western", "Australia/Perth"),
    ("azerbaijan", "Asia/Baku"),
    ("azores", "Atlantic/Azores"),
    ("bahia", "America/Bahia"),
    ("bangladesh", "Asia/Dhaka"),
    ("belarus", "Europe/Minsk"),
    ("bougainville", "Pacific/Bougainville"),
    ("brasilia", "America/Sao_Paulo"),
    ("british", "Europe/London"),
    ("canada central", "America/Regina"),
    ("cape verde", "Atlantic/Cape_Verde"),
    ("caucasus", "Asia/Yerevan"),
    ("cen australia", "Australia/Adelaide"),
    ("central", "America/Chicago"),
    ("central africa", "Africa/Maputo"),
    ("central african", "Africa/Maputo"),
    ("central america", "America/Guatemala"),
    ("central asia", "Asia/Bishkek"),
    ("central brazilian", "America/Cuiaba"),
    ("central europe", "Europe/Budapest"),
    ("central european", "Europe/Warsaw"),
    ("central indonesia", "Asia/Makassar"),
    ("central mexico", "America/Mexico_City"),
    ("central pacific", "Pacific/Guadalcanal"),
    ("chatham islands", "Pacific/Chatham"),
    ("chile", "America/Santiago"),
    ("china", "Asia/Shanghai"),
    ("colombia", "America/Bogota"),
    ("coordinated universal", "Etc/UTC"),
    ("cuba", "America/Havana"),
    ("dateline", "Etc/GMT+12"),
    ("e africa", "Africa/Nairobi"),
    ("e australia", "Australia/Brisbane"),
    ("e europe", "Europe/Chisinau"),
    ("e south america", "America/Sao_Paulo"),
    ("east africa", "Africa/Nairobi"),
    ("east african", "Africa/Nairobi"),
    ("easter island", "Pacific/Easter"),
    ("eastern", "America/New_York"),
    ("eastern european", "Europe/Bucharest"),
    ("eastern indonesia", "Asia/Jayapura"),
    ("eastern mexico", "America/Cancun"),
    ("egypt", "Africa/Cairo"),
    ("ekaterinburg", "Asia/Yekaterinburg"),
    ("fiji", "Pacific/Fiji"),
    ("fle", "Europe/Kyiv"),
    ("georgian", "Asia/Tbilisi"),
    ("greenland", "America/Nuuk"),
    ("greenwich", "Etc/UTC"),
    ("gtb", "Europe/Bucharest"),
    ("gulf", "Asia/Dubai"),
    ("haiti", "America/Port-au-Prince"),
    ("hawaii", "Pacific/Honolulu"),
    ("hawaiian", "Pacific/Honolulu"),
    ("hong kong", "Asia/Hong_Kong"),
    ("india", "Asia/Kolkata"),
    ("indian", "Asia/Kolkata"),
    ("indochina", "Asia/Bangkok"),
    ("iran", "Asia/Tehran"),
    ("irish", "Europe/Dublin"),
    ("israel", "Asia/Jerusalem"),
    ("japan", "Asia/Tokyo"),
    ("jordan", "Asia/Amman"),
    ("kaliningrad", "Europe/Kaliningrad"),
    ("kamchatka", "Asia/Kamchatka"),
    ("korea", "Asia/Seoul"),
    ("libya", "Africa/Tripoli"),
    ("line islands", "Pacific/Kiritimati"),
    ("lord howe", "Australia/Lord_Howe"),
    ("magadan", "Asia/Magadan"),
    ("magallanes", "America/Punta_Arenas"),
    ("marquesas", "Pacific/Marquesas"),
    ("mauritius", "Indian/Mauritius"),
    ("middle east", "Asia/Beirut"),
    ("montevideo", "America/Montevideo"),
    ("morocco", "Africa/Casablanca"),
    ("moscow", "Europe/Moscow"),
    ("mountain", "America/Denver"),
    ("mountain mexico", "America/Mazatlan"),
    ("myanmar", "Asia/Yangon"),
    ("n central asia", "Asia/Novosibirsk"),
    ("namibia", "Africa/Windhoek"),
    ("nepal", "Asia/Kathmandu"),
    ("new zealand", "Pacific/Auckland"),
    ("newfoundland", "America/St_Johns"),
    ("norfolk", "Pacific/Norfolk"),
    ("north asia", "Asia/Krasnoyarsk"),
    ("north asia east", "Asia/Irkutsk"),
    ("north korea", "Asia/Pyongyang"),
    ("omsk", "Asia/Omsk"),
    ("pacific", "America/Los_Angeles"),
    ("pacific mexico", "America/Tijuana"),
    ("pacific sa", "America/Santiago"),
    ("pakistan", "Asia/Karachi"),
    ("paraguay", "America/Asuncion"),
    ("peru", "America/Lima"),
    ("philippine", "Asia/Manila"),
    ("qyzylorda", "Asia/Qyzylorda"),
    ("romance", "Europe/Paris"),
    ("russian", "Europe/Moscow"),
    ("sa eastern", "America/Cayenne"),
    ("sa pacific", "America/Bogota"),
    ("sa western", "America/La_Paz"),
    ("saint pierre", "America/Miquelon"),
    ("sakhalin", "Asia/Sakhalin"),
    ("samoa", "Pacific/Apia"),
    ("sao tome", "Africa/Sao_Tome"),
    ("saratov", "Europe/Saratov"),
    ("se asia", "Asia/Bangkok"),
    ("singapore", "Asia/Singapore"),
    ("south africa", "Africa/Johannesburg"),
    ("south african", "Africa/Johannesburg"),
    ("south sudan", "Africa/Juba"),
    ("sri lanka", "Asia/Colombo"),
    ("sudan", "Africa/Khartoum"),
    ("syria", "Asia/Damascus"),
    ("taipei", "Asia/Taipei"),
    ("tasmania", "Australia/Hobart"),
    ("tocantins", "America/Araguaina"),
    ("tokyo", "Asia/Tokyo"),
    ("tomsk", "Asia/Tomsk"),
    ("tonga", "Pacific/Tongatapu"),
    ("transbaikal", "Asia/Chita"),
    ("turkey", "Europe/Istanbul"),
    ("turks and caicos", "America/Grand_Turk"),
    ("ulaanbaatar", "Asia/Ulaanbaatar"),
    ("uruguay", "America/Montevideo"),
    ("us eastern", "America/Indiana/Indianapolis"),
    ("us mountain", "America/Phoenix"),
    ("venezuela", "America/Caracas"),
    ("vladivostok", "Asia/Vladivostok"),
    ("volgograd", "Europe/Volgograd"),
    ("w australia", "Australia/Perth"),
    ("w central africa", "Africa/Lagos"),
    ("w europe", "Europe/Berlin"),
    ("w mongolia", "Asia/Hovd"),
    ("west africa", "Africa/Lagos"),
    ("west african", "Africa/Lagos"),
    ("west asia", "Asia/Tashkent"),
    ("west bank", "Asia/Hebron"),
    ("west pacific", "Pacific/Port_Moresby"),
    ("western european", "Europe/Lisbon"),
    ("western indonesia", "Asia/Jakarta"),
    ("yakutsk", "Asia/Yakutsk"),
    ("yukon", "America/Whitehorse"),
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
    // `Central Standard Time (Mexico)`.
    let country = words.get(end + 1).filter(|word| **word == "mexico");
    let whole: Vec<&str> = before.iter().chain(country).copied().collect();
    // The longest name first: `Central Europe` is not `Europe`.
    let find = |words: &[&str]| {
        (1..=words.len().min(3)).rev().find_map(|count| {
            let name = words[words.len() - count..].join(" ");
            NAMES.iter().find(|(known, _)| *known == name)
        })
    };
    let name = find(&whole).or_else(|| find(before));
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
