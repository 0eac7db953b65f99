//! Levels C and B by text: what joins, what never does, and what the evidence says.

use super::super::testing::*;
use super::super::*;

const BUS: &str = "أصيب أحد عشر شخصا بجروح متفاوتة، صباح الأحد، بعد انقلاب حافلة كانت تربط تنغير بورزازات على مستوى جماعة إيمي نولاون. \
    وأفادت السلطات المحلية بأن السائق فقد السيطرة على المقود بسبب الأمطار، وأن المصابين نقلوا إلى المستشفى الإقليمي حيث يخضعون للعلاج. \
    وفتح الدرك الملكي بحثا في ظروف الحادث تحت إشراف النيابة العامة المختصة.";
const BUS_TITLE: &str = "أحد عشر جريحا في انقلاب حافلة بين تنغير وورزازات";
const BRIDGE: &str = "Le pont suspendu de Sidi Anbar a été rouvert jeudi à la circulation après quatorze mois de travaux, a annoncé la \
    direction des routes de la vallée. L'ouvrage, long de 320 mètres, avait été fermé à la suite d'une crue qui avait emporté deux piles. \
    Les camions de plus de vingt tonnes devront encore emprunter la route de la plaine jusqu'à la fin de l'année.";
const BRIDGE_TITLE: &str = "Sidi Anbar : le pont suspendu rouvre après quatorze mois";
const CHEESE: &str = "A cooperative of forty shepherds in the hills above Tamlalt has won a prize for a hard goat cheese that it ages in \
    an abandoned mine. The jury in Lyon praised its taste of thyme and smoke. The cooperative sells eight tonnes a year and wants to double \
    that with a second gallery, its chairwoman said on Friday.";
const CHEESE_TITLE: &str = "Shepherds of Tamlalt win prize for cheese aged in a mine";

fn spelt_otherwise(text: &str) -> String {
    text.replace('أ', "ا").replace('ة', "ه").replace("على", "علی").replace("الحادث", "الحـــادِثِ")
}

#[test]
fn copies_join_in_every_language_whatever_their_spelling() {
    for (title, body, dateline) in [
        (BUS_TITLE, BUS, "متابعة:"),
        (BRIDGE_TITLE, BRIDGE, "Par la rédaction"),
        (CHEESE_TITLE, CHEESE, "TAMLALT, May 12:"),
    ] {
        let copy = format!("{dateline} {}", spelt_otherwise(body));
        let arrivals = vec![
            arrival("a", title, body).dated(990),
            arrival("b", "عنوان آخر", &copy).of_feed(11).dated(991),
            arrival("c", &spelt_otherwise(title), &copy.to_uppercase()).of_feed(21).dated(992),
        ];
        let decided = decided(KnownEntries::default(), arrivals);
        assert_eq!(decided[0], "new 100 in 100 by first");
        assert_eq!(decided[2], "new 102 in 100 by text", "{title}");
    }
}

#[test]
fn three_outlets_on_one_wire_report_are_one_story_with_its_evidence() {
    let mut window = Window::default();
    window.introduce(crate::model::OutletId(1), "hespress");
    let of = |feed| arrival("k", BRIDGE_TITLE, BRIDGE).of_feed(feed).dated(980 + feed);
    let changes = decide(vec![of(21), of(1), of(11)], KnownEntries::default(), &mut window, &mut ids());
    let new: Vec<_> = changes
        .into_decisions()
        .into_iter()
        .filter_map(|d| if let Change::New(n) = d.change { Some(n) } else { None })
        .collect();
    assert!(new.iter().all(|n| n.story.0 == 100) && new[0].starts && !new[2].starts);
    let evidence = &new[1].evidence;
    assert_eq!(evidence.words, "same report: 100 % of the lead and 100 % of the text of entry 100 (hespress)");
    assert_eq!((evidence.lmin, evidence.containment, evidence.start), (Some(1.0), Some(1.0), Some(1.0)));
}

#[test]
fn follow_ups_and_appended_leads_stay_apart() {
    let follow_up = "غادر ستة من المصابين المستشفى بعد تحسن حالتهم، فيما نقل آخران إلى مراكش لإجراء عمليات جراحية، حسب مصدر طبي. \
        وأفادت السلطات المحلية بأن السائق فقد السيطرة على المقود بسبب الأمطار، وأن المصابين نقلوا إلى المستشفى الإقليمي حيث يخضعون للعلاج. \
        وفتح الدرك الملكي بحثا في ظروف الحادث تحت إشراف النيابة العامة المختصة.";
    let page = format!(
        "تعتذر الجريدة لقرائها عن تأخر صدور الملحق الثقافي لأسباب تقنية، وتعدهم باستدراكه في العدد المقبل. {BUS}"
    );
    let arrivals = vec![
        arrival("a", BUS_TITLE, BUS).dated(980),
        arrival("b", "مغادرة ستة من مصابي حافلة تنغير المستشفى", follow_up).of_feed(11).dated(985),
        arrival("c", "الجريدة تعتذر عن تأخر الملحق", &page).of_feed(21).dated(986),
    ];
    let decided = decided(KnownEntries::default(), arrivals);
    assert!(decided.iter().all(|d| d.ends_with("by first")), "{decided:?}");
}

fn times(day: &str, city: &str, hours: [&str; 4]) -> (String, String) {
    let [a, b, c, d] = hours;
    (
        format!("مواقيت الصلاة ليوم {day} بمدينة {city}"),
        format!(
            "في ما يلي مواقيت الصلاة بمدينة {city} والنواحي ليوم {day} حسب ما أعلنته الوزارة الوصية على القطاع: \
             الصبح {a} والظهر {b} والعصر {c} والمغرب {d}، مع مراعاة فارق التوقيت بين المدن"
        ),
    )
}

#[test]
fn templates_join_their_copies_and_never_each_other() {
    let first = times("الاثنين 11 ماي", "الرباط", ["4:52", "13:59", "17:32", "20:56"]);
    let next = times("الثلاثاء 12 ماي", "فاس", ["4:44", "13:11", "17:49", "20:54"]);
    let obituary = |name: &str| {
        (
            format!("تعزية في وفاة {name}"),
            format!(
                "انتقل إلى عفو الله {name} بعد مرض لم ينفع معه علاج، وبهذه المناسبة الأليمة تتقدم أسرة التحرير بأحر التعازي وأصدق \
                 المواساة إلى أسرة الفقيد الصغيرة والكبيرة راجية من العلي القدير أن يلهم ذويه الصبر والسلوان"
            ),
        )
    };
    let (one, other) = (obituary("المعلم زهير الغرباوي"), obituary("الأديبة نزهة البقيوي"));
    let a =
        |key: &str, (title, body): &(String, String), feed, hour| arrival(key, title, body).of_feed(feed).dated(hour);
    let arrivals = vec![
        a("1", &first, 1, 980),
        a("2", &next, 11, 981),
        a("3", &first, 11, 982),
        a("4", &one, 1, 983),
        a("5", &other, 11, 984),
        a("6", &other, 21, 985),
    ];
    let stories: Vec<String> = decided(KnownEntries::default(), arrivals).iter().map(|d| d[8..].to_owned()).collect();
    assert_eq!(
        stories,
        [
            "in 100 by first",
            "in 101 by first",
            "in 100 by text",
            "in 102 by first",
            "in 103 by first",
            "in 103 by text"
        ]
    );
}

#[test]
fn a_number_corrected_elsewhere_is_another_report_and_a_name_spelt_otherwise_is_not() {
    let numbers = BRIDGE.replace("320", "230").replace("quatorze", "15").replace("deux piles", "9 piles");
    let arrivals = vec![
        arrival("a", BRIDGE_TITLE, BRIDGE).dated(980),
        arrival("b", BRIDGE_TITLE, &numbers).of_feed(11).dated(981),
        arrival("c", BRIDGE_TITLE, &BRIDGE.replace("Anbar", "Anbare")).of_feed(21).dated(982),
    ];
    assert_eq!(
        decided(KnownEntries::default(), arrivals),
        ["new 100 in 100 by first", "new 101 in 101 by first", "new 102 in 100 by text"]
    );
}

#[test]
fn reports_in_two_languages_are_never_joined() {
    let french = "Onze personnes ont été blessées dimanche matin dans le renversement d'un autocar entre Tinghir et Ouarzazate, à la hauteur \
        de la commune d'Imi N'Oulaoun. Selon les autorités locales, le chauffeur a perdu le contrôle du véhicule à cause des pluies.";
    let arrivals = vec![
        arrival("a", BUS_TITLE, BUS).dated(980),
        arrival("b", "Onze blessés dans le renversement d'un autocar", french).of_feed(11).dated(980),
    ];
    assert!(decided(KnownEntries::default(), arrivals).iter().all(|d| d.ends_with("by first")));
}

#[test]
fn time_limits_hold() {
    let of = |feed, hour| arrival("k", CHEESE_TITLE, CHEESE).of_feed(feed).dated(hour);
    let joined = |a, b| decided(KnownEntries::default(), vec![a, b])[1].ends_with("in 100 by text");
    assert!(joined(of(1, 965), of(11, 1000)));
    // Older than the window when it arrives, so it is not compared.
    assert!(!joined(of(1, 960), of(11, 962)));
    // Each is in the window when it arrives, but they are too far apart.
    assert!(!joined(of(1, 975), of(11, 1012)));
    let mut window = Window::new(jiff::SignedDuration::from_hours(2));
    let changes = decide(vec![of(1, 997), of(11, 999)], KnownEntries::default(), &mut window, &mut ids());
    assert!(changes.into_decisions().iter().all(|d| in_short(&d.change).ends_with("by first")));
}

#[test]
fn entries_without_text_join_by_an_equal_title_alone() {
    let of = |key: &str, title: &str, feed, hour| arrival(key, title, "").of_feed(feed).dated(hour);
    let rule = |second| {
        let mut decided = decided(KnownEntries::default(), vec![arrival("a", CHEESE_TITLE, CHEESE).dated(980), second]);
        decided.remove(1)
    };
    let joins = "new 101 in 100 by title_only";
    assert_eq!(rule(of("b", CHEESE_TITLE, 11, 985)), joins);
    assert_eq!(rule(of("b", &format!("{CHEESE_TITLE} | Morning Post"), 11, 985)), joins);
    assert_eq!(rule(of("b", &CHEESE_TITLE.replace("Tamlalt", "Talmalt"), 11, 985)), joins);
    let apart = "new 101 in 101 by first";
    assert_eq!(rule(of("b", CHEESE_TITLE, 2, 985)), apart, "the outlet's own flash is no other outlet's report");
    assert_eq!(rule(of("b", "Shepherds of Tamlalt win medal for cheese aged underground", 11, 985)), apart);
    assert_eq!(rule(of("b", CHEESE_TITLE, 11, 1005)), apart, "a day later");
    let short = vec![of("a", "Cartoon of the day", 1, 980), of("b", "Cartoon of the day", 11, 981)];
    assert_eq!(decided(KnownEntries::default(), short)[1], apart, "too few words to say anything");
}

#[test]
fn a_title_that_an_outlet_uses_again_is_a_heading() {
    let heading = "Les matinales : la revue de presse du jour";
    let of = |key: &str, feed, hour| arrival(key, heading, "").of_feed(feed).dated(hour);
    let arrivals = vec![of("1", 1, 970), of("2", 1, 994), of("3", 11, 995), of("4", 21, 996)];
    let decided = decided(KnownEntries::default(), arrivals);
    assert!(decided.iter().all(|d| d.ends_with("by first")), "{decided:?}");
}

#[test]
fn a_former_title_still_joins() {
    let a = arrival("a", CHEESE_TITLE, CHEESE).dated(980);
    let edited = arrival("a", "Goat cheese from a mine wins in Lyon", CHEESE).dated(981);
    let flash = arrival("f", CHEESE_TITLE, "").of_feed(11).dated(982);
    assert_eq!(
        decided(KnownEntries::default(), vec![a, edited, flash]),
        ["new 100 in 100 by first", "revised 100 materially", "new 101 in 100 by title_only"]
    );
}

/// Returns ten words that occur nowhere else.
fn run(name: &str) -> String {
    ('a'..='j').map(|end| [name, end.encode_utf8(&mut [0; 4]), " "].concat()).collect()
}

fn of_runs(key: &str, feed: i64, hour: i64, runs: [&str; 4]) -> Arrival {
    let body: String = runs.into_iter().map(run).collect();
    arrival(key, &run(runs[0]), &body).of_feed(feed).dated(hour)
}

#[test]
fn likeness_to_a_member_in_the_middle_makes_no_chain() {
    let first = of_runs("a", 1, 980, ["pp", "qq", "uu", "ss"]);
    let second = of_runs("b", 11, 981, ["pp", "qq", "rr", "ss"]);
    let drifted = of_runs("d", 31, 983, ["rr", "ss", "pp", "tt"]);
    let latest = of_runs("c", 21, 982, ["pp", "qq", "uu", "ss"]);
    let with_latest = decided(KnownEntries::default(), vec![first.clone(), second.clone(), drifted.clone()]);
    assert_eq!(with_latest, ["new 100 in 100 by first", "new 101 in 100 by text", "new 102 in 100 by text"]);
    let in_the_middle = decided(KnownEntries::default(), vec![first, second, latest, drifted]);
    assert_eq!(in_the_middle[3], "new 103 in 101 by first");
}

#[test]
fn the_best_candidate_wins() {
    let arrivals = vec![
        of_runs("a", 1, 980, ["pp", "qq", "uu", "vv"]),
        of_runs("b", 11, 981, ["pp", "xx", "rr", "ss"]),
        of_runs("c", 21, 982, ["pp", "qq", "rr", "ss"]),
    ];
    assert_eq!(decided(KnownEntries::default(), arrivals)[2], "new 102 in 101 by text");
}

#[test]
fn boilerplate_of_an_outlet_stops_counting() {
    let blurb = "Every week our correspondents walk one street from end to end and write down what they hear, whom they meet and \
        what is for sale there, without asking anybody a question or taking a single picture";
    let title = "One street from end to end";
    let of = |key: &str, feed, hour, what: &str| {
        arrival(key, title, &format!("{blurb} {}", [run(what), run(&format!("{what}z"))].concat()))
            .of_feed(feed)
            .dated(hour)
    };
    let (own, other) = (of("1", 1, 980, "aa"), of("9", 11, 990, "ee"));
    assert!(
        decided(KnownEntries::default(), vec![own.clone(), other.clone()])[1].contains("in 100 by t"),
        "once, it is evidence"
    );
    let decided = decided(KnownEntries::default(), vec![own, of("2", 1, 981, "bb"), of("3", 1, 982, "cc"), other]);
    assert!(decided.iter().all(|d| d.ends_with("by first")), "{decided:?}");
}

#[test]
fn a_story_of_texts_takes_64_members_and_no_more() {
    let arrivals = (0..70).map(|n| arrival("k", CHEESE_TITLE, CHEESE).of_feed(n * 10 + 1).dated(980)).collect();
    let changes = decide(arrivals, KnownEntries::default(), &mut Window::default(), &mut ids());
    let news = changes.into_decisions().into_iter().filter_map(|decision| match decision.change {
        Change::New(new) => Some((new.story.0, new.evidence.words)),
        _ => None,
    });
    let (joined, first): (Vec<_>, Vec<_>) = news.partition(|(story, _)| *story == 100);
    assert_eq!((joined.len(), first.len()), (64, 6));
    // The index of beginnings counts as many entries of one beginning as a story may have.
    assert_eq!(first[0].1, "first report: the story of the matching entry 100 has all 64 entries it may have");
    assert_eq!(first[5].1, "first report: more than 64 recent entries begin with the same words");
}

#[test]
fn one_article_at_another_address_of_the_outlet_is_kept_once() {
    let a = arrival("a", BUS_TITLE, BUS).dated(980).link("https://outlet1.example/old-slug-918273.html");
    let duplicate = |second: Arrival| decided(KnownEntries::default(), vec![a.clone(), second]).remove(1);
    // The id identifies the article even if everything else is edited within the same minute.
    let edited = arrival("b", "حادثة", "نص قصير").dated(980).link("https://outlet1.example/new-slug-918273.html");
    assert_eq!(duplicate(edited.clone()), "revised 100 materially");
    assert_eq!(duplicate(edited.of_feed(11)), "new 101 in 101 by first");
    let dated = |key: &str, title: &str| {
        arrival(key, title, "").dated(980).link(&format!("https://outlet1.example/20260511/{key}.html"))
    };
    assert_eq!(
        decided(KnownEntries::default(), vec![dated("x", "One"), dated("y", "Two")])[1],
        "new 101 in 101 by first"
    );
    // Equal text matches only if nothing contradicts it.
    let again = |hour| arrival("b", BUS_TITLE, BUS).dated(hour);
    assert_eq!(duplicate(again(985)), "new 101 in 101 by first", "another second");
    let mut guidless = again(980);
    guidless.entry_mut().source_id = None;
    let stated = guidless.entry.published;
    guidless.entry_mut().believed = stated;
    assert_eq!(duplicate(guidless), "duplicate of 100 by stamp");
    let undated = |mut a: Arrival, id: Option<&str>| {
        let entry = a.entry_mut();
        (entry.believed, entry.published) = (None, None);
        entry.source_id = id.map(str::to_owned);
        a
    };
    let pair = |second| decided(KnownEntries::default(), vec![undated(a.clone(), Some("a")), second]).remove(1);
    assert_eq!(pair(undated(again(980), Some("b"))), "new 101 in 101 by first", "another guid");
    assert_eq!(pair(undated(again(980), None)), "duplicate of 100 by same_text");
    let longer = format!("{BUS} وستعلن النتائج لاحقا.");
    assert_eq!(duplicate(arrival("b", BUS_TITLE, &longer).of_feed(2).dated(985)), "duplicate of 100 by near_text");
    assert_eq!(duplicate(arrival("b", "قصة أخرى تماما", &longer).of_feed(2).dated(985)), "new 101 in 101 by first");
    let cartoons = vec![arrival("1", "Cartoon of the day", ""), arrival("2", "Cartoon of the day", "").dated(998)];
    assert_eq!(decided(KnownEntries::default(), cartoons)[1], "new 101 in 101 by first");
}

#[test]
fn a_flash_gets_its_text_from_another_feed_and_keeps_it() {
    let page = "https://outlet1.example/a/7";
    let flash = arrival("f", CHEESE_TITLE, "").link(page).dated(980);
    let full = arrival("g", CHEESE_TITLE, CHEESE).link(page).of_feed(2).dated(981);
    let copy = arrival("c", "Other words for it", CHEESE).of_feed(11).dated(983);
    let mut again = flash.clone().dated(982);
    again.entry_mut().shown += 1;
    assert_eq!(
        decided(KnownEntries::default(), vec![flash, full, again, copy]),
        ["new 100 in 100 by first", "revised 100 materially", "unchanged 100", "new 101 in 101 by first"][..3]
            .iter()
            .map(|s| (*s).to_owned())
            .chain(["new 101 in 100 by text".to_owned()])
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_guid_that_is_but_the_title_is_void_when_it_returns_for_another_page() {
    let cartoon = |n: i64, hour| {
        arrival("Cartoon of the day", "Cartoon of the day", "")
            .link(&format!("https://outlet1.example/c/{n}"))
            .dated(hour)
    };
    let arrivals = vec![cartoon(1, 970), cartoon(2, 994), cartoon(1, 995), cartoon(2, 996)];
    assert_eq!(
        decided(KnownEntries::default(), arrivals),
        ["new 100 in 100 by first", "new 101 in 101 by first", "unchanged 100", "unchanged 101"]
    );
    let named = |title: &str, n: i64| arrival("id-7", title, "").link(&format!("https://outlet1.example/c/{n}"));
    assert_eq!(
        decided(recalled([named("Cartoon", 1)]), vec![named("Cartoon", 2)])[0],
        "unchanged 1",
        "a real id stays"
    );
}

#[test]
fn nothing_joins_what_retention_deleted_and_the_rest_of_the_window_stays() {
    let (mut window, mut ids) = (Window::default(), ids());
    let mut told = |window: &mut Window, arrivals| {
        let changes = decide(arrivals, KnownEntries::default(), window, &mut ids);
        changes.into_decisions().iter().map(|d| in_short(&d.change)).collect::<Vec<_>>()
    };
    let first = vec![arrival("a", CHEESE_TITLE, CHEESE).dated(980), arrival("b", BRIDGE_TITLE, BRIDGE).dated(981)];
    assert_eq!(told(&mut window, first), ["new 100 in 100 by first", "new 101 in 101 by first"]);
    window.forget_deleted([EntryId(100)]);
    assert_eq!(window.len(), 1);
    let copies = vec![
        arrival("c", CHEESE_TITLE, CHEESE).of_feed(11).dated(982),
        arrival("d", BRIDGE_TITLE, BRIDGE).of_feed(11).dated(983),
    ];
    assert_eq!(told(&mut window, copies), ["new 102 in 102 by first", "new 103 in 101 by text"]);
}
