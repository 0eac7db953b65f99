//! The views that people search by: `folding` folds a letter as the index does, and the recipe of `deploy/database.md` folds words.

use crate::{
    page::examples,
    test_instance::{TestInstance, is_only_for_file, sql},
};
use std::{collections::BTreeMap, fs, path::Path};
use warraq::normalise::fold::fold;

/// Letters and marks of Latin, Greek, Cyrillic, Hebrew and Arabic texts.
const BLOCKS: [std::ops::RangeInclusive<u32>; 6] =
    [0x41..=0x24F, 0x300..=0x36F, 0x370..=0x52F, 0x591..=0x5F4, 0x610..=0x6F9, 0x1E80..=0x1EFF];

/// What the index makes of a character inside a word, where that is neither the character itself nor a gap.
fn folded(c: char) -> Option<String> {
    let within = fold(&format!("q{c}q"));
    let inner = within.strip_prefix('q')?.strip_suffix('q')?;
    let is_gap = inner == " " || inner.trim().contains(' ');
    (!is_gap && inner.trim() != c.to_string()).then(|| inner.trim().to_owned())
}

#[tokio::test]
async fn the_view_folds_each_letter_as_the_index_does() {
    let expected: BTreeMap<String, String> = BLOCKS
        .into_iter()
        .flatten()
        .filter_map(char::from_u32)
        .filter_map(|c| Some((c.to_string(), folded(c)?)))
        .collect();
    let instance = TestInstance::over(&[]).await;
    let rows = instance.sql("SELECT letter || '=' || folded FROM folding").await;
    let found: BTreeMap<String, String> =
        rows.iter().filter_map(|row| row.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    assert!(expected.len() > 500, "{}", expected.len());
    if let Some(path) = std::env::var_os("WARRAQ_FOLDING") {
        fs::write(path, serde_json::to_string(&expected).unwrap()).unwrap();
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_recipe_of_the_page_folds_words_as_the_index_does() {
    if is_only_for_file("the recipe of the page") {
        return;
    }
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/database.md")).unwrap();
    let recipe =
        examples(&page).into_iter().find(|e| e.language == "sql" && e.code.contains("FROM folding")).unwrap().code;
    let (before, rest) = recipe.split_once("VALUES ('").unwrap();
    let (_, after) = rest.split_once("')").unwrap();
    // Up to the words of the query, as they are given to MATCH.
    let (steps, _) = after.split_once("SELECT substr").unwrap();
    let instance = TestInstance::over(&[]).await;
    for words in [
        "جزيره اللوز",
        "الأخبار والثقافة",
        "وَزَارَة الْمَالِيَّة",
        "للأطفال بالمدارس كالشمس فالناس ولد وصول",
        "مؤسسة إلى آخر",
        "Récolte d'olives",
        "ŒUVRE Straße Ærø",
        "Ölpreis NAÏVE façade",
        "Ёлка ПРАВДА",
        "ΑΘΗΝΑ",
        "שָׁלוֹם",
        "۲۰۲۶ ١٢٣",
        "کتاب یک",
    ] {
        let sql_text = format!("{before}VALUES ('{}'){steps}SELECT terms FROM query", words.replace('\'', "''"));
        let found = sql(&instance.file(), &sql_text).await;
        let terms: Vec<&str> = found[0].split(['"', ' ', '\'']).filter(|term| !term.is_empty()).collect();
        assert_eq!(terms.join(" "), fold(words), "{words}");
    }
}
