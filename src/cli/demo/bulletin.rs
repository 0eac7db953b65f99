//! Short bulletins of the outlets in turn, which follow when all written reports are published, for as long as the demo runs. As
//! in reality they differ only in time and figures, and must never be joined into one story.

use super::report::{DemoFeed, DemoReport, WINDOW, When};

/// Number of steps from one bulletin to the next.
const EVERY: u64 = 3;
/// Paths of the feeds that publish bulletins, in turn.
const TURNS: [&str; 4] = ["nakhil", "courrier", "lantern", "almarfa"];

/// Returns the bulletins of a feed that are published at a step, at most the latest [`WINDOW`].
pub(super) fn of(feed: &DemoFeed, step: u64, last_step: u64) -> Vec<DemoReport> {
    let Some(turn) = TURNS.iter().position(|path| *path == feed.path) else { return Vec::new() };
    let (turn, turns) = (turn as u64, TURNS.len() as u64);
    let out = step.saturating_sub(last_step) / EVERY;
    // Bulletin N belongs to the outlet N mod TURNS.
    (out.saturating_sub(turns * WINDOW as u64)..out)
        .filter(|n| n % turns == turn)
        .map(|n| bulletin(feed, n, last_step + (n + 1) * EVERY))
        .collect()
}

fn bulletin(feed: &DemoFeed, n: u64, step: u64) -> DemoReport {
    let (number, ships, wind, crates) =
        (n / TURNS.len() as u64 + 1, 3 + n * 7 % 11, 8 + n * 5 % 17, 120 + n * 37 % 240);
    let (title, paragraph, topic) = match feed.path {
        "courrier" => (
            format!("Point mer n° {number} : vent de {wind} nœuds au large du cap"),
            format!(
                "Le sémaphore relève un vent de {wind} nœuds et une mer peu agitée au large du cap. {ships} navires attendent \
                 au mouillage. Prochain point dans quelques instants."
            ),
            "Mer",
        ),
        "lantern" => (
            format!("Harbour log {number}: {ships} ships at anchor"),
            format!(
                "{ships} ships are at anchor outside the breakwater, and the wind at the light is {wind} knots. The pilots \
                 expect to bring two of them in with the next tide."
            ),
            "Harbour",
        ),
        "almarfa" => (
            format!("سوق السمك، النشرة {number}: عرض {crates} صندوقا"),
            format!(
                "عرض في سوق الجملة للسمك {crates} صندوقا منذ النشرة السابقة، معظمها من السردين. وأفاد القائمون على السوق بأن \
                 {ships} مراكب ما زالت في طريق العودة إلى الميناء."
            ),
            "اقتصاد",
        ),
        _ => (
            format!("موجز النخيل {number}: رياح بسرعة {wind} عقدة"),
            format!(
                "تهب على الساحل رياح بسرعة {wind} عقدة، والسماء قليلة السحب. وفي الميناء {ships} سفن تنتظر الدخول. هذا موجز قصير، \
                 والتفاصيل في النشرة المقبلة."
            ),
            "موجز",
        ),
    };
    let id = format!("{}/bulletin-{number}", feed.path);
    DemoReport {
        link: id.clone(),
        id,
        when: When::Step(step),
        title,
        revised: None,
        author: None,
        topics: vec![topic.to_owned()],
        paragraphs: vec![paragraph],
    }
}
