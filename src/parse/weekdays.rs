//! Names of the days of the week in dates.

use super::months::{fold, is_word};
use jiff::civil::Weekday;

/// Names of the days, full and short, folded as those of the months, Monday first.
const WEEKDAYS: [&str; 7] = [
    "mon monday lun lundi lunes lunedi mo montag ma maandag seg segunda pzt pazartesi пн понедельник понеділок pon \
        poniedzialek isnin senin الاثنين اثنين",
    "tue tues tuesday mar mardi martes martedi di die dienstag dinsdag ter terca sal sali вт вторник вто вівторок wto \
        wtorek الثلاثاء ثلاثاء الثلثاء",
    "wed weds wednesday mer mercredi mie miercoles mercoledi mi mit mittwoch wo woensdag qua quarta car carsamba ср среда \
        сре середа sroda الاربعاء اربعاء",
    "thu thur thurs thursday jeu jeudi jue jueves gio giovedi do don donnerstag donderdag qui quinta per persembe чт \
        четверг четвер czw czwartek الخميس خميس",
    "fri friday ven vendredi vie viernes venerdi fr fre freitag vr vrijdag sex sexta cum cuma пт пятница piatek الجمعه جمعه",
    "sat saturday sam samedi sab sabado sabato sa samstag sonnabend za zaterdag cmt cumartesi сб суббота субота sob sobota \
        السبت سبت",
    "sun sunday dim dimanche dom domingo domenica so son sonntag zo zondag paz pazar вс воскресенье неділя niedziela الاحد \
        احد",
];

/// Returns the first day of the week that a text names.
pub(super) fn stated(text: &str) -> Option<Weekday> {
    let words = text.split(|c| !is_word(c)).filter(|word| !word.is_empty());
    words.into_iter().find_map(|word| {
        let folded: String = word.chars().flat_map(char::to_lowercase).filter_map(fold).collect();
        let at = WEEKDAYS.iter().position(|names| names.split(' ').any(|name| name == folded))?;
        Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_folded_and_each_names_one_day() {
        for name in WEEKDAYS.iter().flat_map(|names| names.split(' ')) {
            assert_eq!(name.chars().filter_map(fold).collect::<String>(), name);
            let days = WEEKDAYS.iter().filter(|names| names.split(' ').any(|other| other == name)).count();
            assert_eq!((days, name.is_empty()), (1, false), "{name}");
        }
        assert_eq!(stated("الجُمعة 05/08/2026"), Some(Weekday::Friday));
        assert_eq!(stated("le 05/08/2026, Miércoles"), Some(Weekday::Wednesday));
        assert_eq!(stated("05/08/2026 10:30 AM"), None);
    }
}
