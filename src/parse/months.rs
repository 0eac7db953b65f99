//! Words in dates: months, halves of the day and zones.

/// Names of the months, full and short, in the languages of the outlets that Warraq reads, folded by [`fold`].
const MONTHS: [&str; 12] = [
    "jan january janv janvier enero ene janeiro gennaio gen januar jänner jän januari ocak január ιαν يناير جانفي ژانويه \
        gener oca янв января январь січ січня січень sty styczeń stycznia tam tammi tammikuu tammikuuta ינואר ינו جنوري",
    "feb february fév fev févr février fevrier febrero fevereiro febbraio februar februari şubat február februári φεβ فبراير فيفري شباط فوريه \
        febrer pebruari şub фев февр февраля февраль лют лютого лютий lut luty lutego hel helmi helmikuu helmikuuta פברואר פבר فروري",
    "mar march mars marzo março marco märz mär mrz maart mrt mart március μαρ μάρ μαώ μάώ مارس اذار \
        març maret мар марта март бер березня березень marzec marca maa maalis maaliskuu maaliskuuta מרץ מרס مارچ",
    "apr april avr avril abr abril aprile nisan április απρ ابريل افريل نيسان اوريل \
        nis апр апреля апрель кві квіт квітня квітень kwi kwiecień kwietnia huh huhti huhtikuu huhtikuuta אפריל אפר اپريل آپريل",
    "may mai mayo maio maggio mag mei mayıs május máujus μαι μάι μαϊ ماي مايو ايار مه \
        maig мая май тра трав травня травень maj maja tou touko toukokuu toukokuuta מאי مئي مي",
    "jun june juin junio junho giugno giu juni haziran június ιουν ιούν ιον يونيو يونيه جوان حزيران ژوين ژوئن \
        juny haz июн июня июнь чер черв червня червень cze czerwiec czerwca kes kesä kesäkuu kesäkuuta יוני יונ جون",
    "jul july juil juillet julio julho luglio lug juli temmuz július ιουλ ιούλ ιολ يوليو يوليوز يوليه جويليه تموز ژوئيه جولاي \
        juliol tem июл июля июль лип липня липень lip lipiec lipca hei heinä heinäkuu heinäkuuta יולי יול جولائي",
    "aug august août aout agosto ago augustus ağustos augusztus αυγ αύγ اغسطس غشت اوت اب \
        agost agustus agu ags augusti ağu авг августа август сер серп серпня серпень sie sierpień sierpnia elo elokuu elokuuta אוגוסט אוג اگست اگوست",
    "sep sept september septembre septiembre setiembre setembro set settembre eylül szeptember σεπ سبتمبر شتنبر ايلول سپتامبر \
        eyl сен сент сентября сентябрь вер верес вересня вересень wrz wrzesień września syy syys syyskuu syyskuuta ספטמבר ספט ستمبر",
    "oct october octobre octubre outubro out ottobre ott okt oktober ekim október οκτ اكتوبر اکتبر \
        eki окт октября октябрь жов жовт жовтня жовтень paź październik października lok loka lokakuu lokakuuta אוקטובר אוק",
    "nov november novembre noviembre novembro kasım νοε νοέ نوفمبر نونبر نوامبر \
        kas ноя нояб ноября ноябрь лис лист листоп листопада листопад lis listopad listopada marras marraskuu marraskuuta נובמבר נוב نومبر",
    "dec december déc décembre decembre diciembre dic dezembro dez dicembre dezember aralık δεκ ديسمبر دجنبر دسامبر \
        desembre desember des ara дек декабря декабрь гру груд грудня грудень gru grudzień grudnia jou joulu joulukuu joulukuuta דצמבר דצמ دسمبر",
];

/// Returns the month, 1 to 12, that a folded word names.
pub(super) fn of(word: &str) -> Option<i8> {
    // Most dates are in English and abbreviated.
    const SHORT: &str = "jan feb mar apr may jun jul aug sep oct nov dec";
    if word.len() == 3
        && word.is_ascii()
        && let Some(at) = SHORT.find(word).filter(|at| at % 4 == 0)
    {
        return i8::try_from(at / 4 + 1).ok();
    }
    // Hebrew writes "in November" as one word.
    let word = word.strip_prefix('ב').filter(|rest| rest.chars().count() >= 3).unwrap_or(word);
    let at = MONTHS.iter().position(|names| names.split(' ').any(|name| name == word))?;
    i8::try_from(at + 1).ok()
}

/// Returns the first word of a Levantine month that has two.
pub(super) fn first_of_two(word: &str) -> Option<&'static str> {
    ["كانون", "تشرين"].into_iter().find(|first| *first == word)
}

/// Returns the Levantine month that two words name.
pub(super) fn of_two(first: &str, second: &str) -> Option<i8> {
    match (first, second) {
        ("كانون", "الثاني") => Some(1),
        ("تشرين", "الاول") => Some(10),
        ("تشرين", "الثاني") => Some(11),
        ("كانون", "الاول") => Some(12),
        _ => None,
    }
}

/// Returns whether a word means afternoon (`true`) or morning (`false`).
pub(super) fn half_day(word: &str) -> Option<bool> {
    match word {
        "pm" | "م" | "مساء" | "오후" | "下午" => Some(true),
        "am" | "ص" | "صباحا" | "오전" | "上午" => Some(false),
        _ => None,
    }
}

/// Returns the offset of a named zone, in seconds east of UTC. Names that several countries use have the meaning that RFC 822 and
/// mail readers give them.
pub(super) fn zone(word: &str) -> Option<i64> {
    const ZONES: [(&str, i64); 50] = [
        ("z", 0),
        ("ut", 0),
        ("utc", 0),
        ("gmt", 0),
        ("wet", 0),
        ("west", 60),
        ("bst", 60),
        ("cet", 60),
        ("met", 60),
        ("mez", 60),
        ("wat", 60),
        ("cest", 120),
        ("mest", 120),
        ("mesz", 120),
        ("eet", 120),
        ("cat", 120),
        ("sast", 120),
        ("eest", 180),
        ("msk", 180),
        ("eat", 180),
        ("trt", 180),
        ("irst", 210),
        ("gst", 240),
        ("pkt", 300),
        ("ist", 330),
        ("wib", 420),
        ("ict", 420),
        ("hkt", 480),
        ("sgt", 480),
        ("pht", 480),
        ("jst", 540),
        ("kst", 540),
        ("acst", 570),
        ("aest", 600),
        ("aedt", 660),
        ("nzst", 720),
        ("nzdt", 780),
        ("nst", -210),
        ("adt", -180),
        ("brt", -180),
        ("art", -180),
        ("ast", -240),
        ("edt", -240),
        ("est", -300),
        ("cdt", -300),
        ("cst", -360),
        ("mdt", -360),
        ("mst", -420),
        ("pdt", -420),
        ("pst", -480),
    ];
    // RFC 822 5.1 defines the letters; A, M, N and Y are the ones it spells out. General names such as `ET` are read as newsrooms
    // use them.
    const OTHERS: [(&str, i64); 11] = [
        ("a", -60),
        ("n", 60),
        ("m", -720),
        ("y", 720),
        ("at", -240),
        ("et", -240),
        ("ct", -300),
        ("mt", -360),
        ("pt", -420),
        ("akst", -540),
        ("hst", -600),
    ];
    ZONES.iter().chain(&OTHERS).find(|(name, _)| *name == word).map(|(_, minutes)| minutes * 60)
}

/// Folds a letter of a lower-case word as in the tables: Arabic variants of a letter become one, vowel signs are removed.
pub(super) fn fold(c: char) -> Option<char> {
    match c {
        'أ' | 'إ' | 'آ' | 'ٱ' => Some('ا'),
        'ى' | 'ی' => Some('ي'),
        'ة' => Some('ه'),
        '\u{64B}'..='\u{65F}' | '\u{640}' | '\u{670}' => None,
        c => Some(c),
    }
}
