//! The SQL of the store, read from its source: every string literal that is a statement, with `concat!` and the file's own macros
//! expanded.

use crate::store::memory;
use sqlx::{AssertSqlSafe, Executor, Row};
use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

/// Words at the beginning of a string literal that mark it as SQL.
const VERBS: [&str; 6] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "CREATE TEMP "];

/// Tokens of source code, as far as string literals are concerned.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Text(String),
    Word(String),
    Sign(char),
}

/// The macros of a file by name: the names of their arguments, and their body.
type Macros = HashMap<String, (Vec<String>, Vec<Token>)>;

/// Splits code into tokens, without its comments.
fn tokens(source: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if c == '"' {
            let (text, length) = text(&rest[1..]);
            found.push(Token::Text(text));
            length + 1
        } else if let Some(length) = character(rest) {
            length
        } else if c.is_alphanumeric() || c == '_' || c == '$' {
            let end = rest[1..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(rest.len(), |at| at + 1);
            found.push(Token::Word(rest[..end].to_owned()));
            end
        } else {
            if !c.is_whitespace() {
                found.push(Token::Sign(c));
            }
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    found
}

/// Returns the length in bytes of the character literal that begins here, or `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let escaped = usize::from(inside.starts_with('\\'));
    let length = escaped + inside[escaped..].chars().next()?.len_utf8();
    inside[length..].starts_with('\'').then_some(length + 2)
}

/// Returns a string literal as Rust reads it, from after its opening quote, and the number of bytes up to the end of its closing
/// one.
fn text(source: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = source.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' => match chars.next() {
                Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, 'n')) => text.push('\n'),
                Some((_, escaped)) => text.push(escaped),
                None => {}
            },
            c => text.push(c),
        }
    }
    (text, source.len())
}

/// Returns the tokens inside the bracket that opens at `at`, and the position after the group.
fn group(tokens: &[Token], at: usize) -> (&[Token], usize) {
    let mut depth = 0_usize;
    for (n, token) in tokens.iter().enumerate().skip(at) {
        match token {
            Token::Sign('(' | '{' | '[') => depth += 1,
            Token::Sign(')' | '}' | ']') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (&tokens[at + 1..n], n + 1);
        }
    }
    (&tokens[tokens.len()..], tokens.len())
}

/// Returns the macros that a file defines, and the code without them. Each macro has one arm: `($name:literal, …) => { body };`.
fn macros(tokens: &[Token]) -> (Macros, Vec<Token>) {
    let (mut found, mut code, mut at) = (Macros::new(), Vec::new(), 0);
    while at < tokens.len() {
        if tokens[at] != Token::Word("macro_rules".to_owned()) {
            code.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let Token::Word(name) = &tokens[at + 2] else { panic!("a macro without a name") };
        let (arms, next) = group(tokens, at + 3);
        let (arguments, arrow) = group(arms, 0);
        let (body, _) = group(arms, arrow + 2);
        let named = |token: &Token| match token {
            Token::Word(word) => word.starts_with('$').then(|| word.clone()),
            _ => None,
        };
        found.insert(name.clone(), (arguments.iter().filter_map(named).collect(), body.to_vec()));
        at = next;
    }
    (found, code)
}

/// Returns whether these tokens after a name make it a macro call; `!=` does not.
fn is_call(after: &[Token]) -> bool {
    matches!(after, [Token::Sign('!'), Token::Sign('(' | '{' | '['), ..])
}

/// Returns the string literals in some code, expanded. A list of arguments yields one text per argument.
fn texts(tokens: &[Token], macros: &Macros, arguments: &HashMap<String, String>) -> Vec<String> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        match &tokens[at] {
            Token::Text(text) => found.push(text.clone()),
            Token::Word(word) if arguments.contains_key(word) => found.push(arguments[word].clone()),
            Token::Word(word) if is_call(&tokens[at + 1..]) => {
                let (inside, next) = group(tokens, at + 2);
                let given = texts(inside, macros, arguments);
                if word == "concat" {
                    found.push(given.concat());
                    at = next;
                    continue;
                }
                if let Some((names, body)) = macros.get(word) {
                    found.extend(texts(body, macros, &names.iter().cloned().zip(given).collect()));
                    at = next;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Returns the statements of a source file.
fn statements_of(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let (macros, code) = macros(&tokens(source));
    let mut found = texts(&code, &macros, &HashMap::new());
    found.retain(|text| VERBS.iter().any(|verb| text.starts_with(verb)));
    found
}

/// Counts the calls that run a statement.
fn calls(source: &str) -> usize {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let calls = ["query(", "query_as(", "query_as::<", "query_scalar(", "query_scalar::<"];
    // What is put together from the names of columns is not in the source.
    let count = |call: &str| {
        source.matches(&format!("sqlx::{call}")).count()
            - source.matches(&format!("sqlx::{call}AssertSqlSafe(")).count()
    };
    calls.iter().map(|call| count(call)).sum()
}

/// Returns the source files of a folder and of those below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Returns the statements of a folder of the crate and of those below it, with the file of each.
pub fn statements(folder: &str) -> Vec<(PathBuf, String)> {
    let read = |path: PathBuf| {
        let found = statements_of(&fs::read_to_string(&path).unwrap());
        found.into_iter().map(move |sql| (path.clone(), sql))
    };
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).into_iter().flat_map(read).collect()
}

/// Returns the statements of a folder that are constants, with the file and the name of each.
fn named_statements(folder: &str) -> Vec<(PathBuf, String, String)> {
    let mut found = Vec::new();
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
        let source = fs::read_to_string(&path).unwrap();
        let names = source.split("    const ").skip(1).filter_map(|rest| rest.split_once(": &'static str"));
        let names: Vec<String> = names.map(|(name, _)| name.to_owned()).collect();
        let statements = statements_of(&source);
        assert_eq!(names.len(), statements.len(), "{}", path.display());
        found.extend(names.into_iter().zip(statements).map(|(name, sql)| (path.clone(), name, sql)));
    }
    found
}

/// Names of statements by which shared code runs them: `Db::NAME`.
fn run_by_name(source: &str) -> HashSet<String> {
    let names = source.split("Db::").skip(1);
    names
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_uppercase() && c != '_').next().map(str::to_owned))
        .collect()
}

#[test]
fn every_named_statement_is_run_and_both_stores_have_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/reading");
    let mut run: HashSet<String> =
        files(&root).iter().flat_map(|path| run_by_name(&fs::read_to_string(path).unwrap())).collect();
    // A function, and the example of the macro's documentation.
    run.retain(|name| !matches!(name.as_str(), "" | "NAME"));
    let names = |store: &str| -> HashSet<String> {
        named_statements(&format!("src/store/{store}/reading")).into_iter().map(|(_, name, _)| name).collect()
    };
    assert!(run.len() > 60, "{}", run.len());
    assert_eq!(run, names("sqlite"));
    assert_eq!(run, names("postgres"));
}

#[tokio::test]
async fn every_statement_is_one_that_the_schema_understands() {
    let mut connection = memory().await;
    let mut statements = statements("src/store/sqlite");
    // Temporary tables first, because others use them.
    statements.sort_by_key(|(_, sql)| !sql.starts_with("CREATE TEMP"));
    for (path, sql) in statements {
        let sql = if sql.starts_with("CREATE TEMP") { sql } else { format!("EXPLAIN {sql}") };
        let done = connection.execute(sqlx::query(AssertSqlSafe(sql.clone()))).await;
        assert!(done.is_ok(), "{}: {sql}\n{done:?}", path.display());
    }
}

/// Tables that grow with every entry or poll.
const LARGE: [&str; 12] = [
    "entry",
    "entry_text",
    "sighting",
    "lookup_1",
    "lookup_2",
    "story",
    "story_member",
    "revision",
    "place",
    "poll",
    "archive",
    "dropped_entry",
];

/// Returns the table that a name in a query plan stands for.
fn table_of<'a>(name: &'a str, sql: &'a str) -> &'a str {
    let words: Vec<&str> = sql.split([' ', '(', ')', ',']).filter(|word| !word.is_empty()).collect();
    let named = words.windows(3).find(|w| w[1] == "AS" && w[2] == name && LARGE.contains(&w[0]));
    named.map_or(name, |w| w[0])
}

#[tokio::test]
async fn no_statement_of_the_writer_reads_a_whole_table_that_grows() {
    let mut connection = memory().await;
    let mut plans = 0;
    for (path, sql) in statements("src/store/sqlite/writing") {
        // The plans of these list what would happen if a row's id changed, which it never does.
        if sql.starts_with("INSERT INTO feed") || sql.starts_with("INSERT INTO outlet") {
            continue;
        }
        let plan =
            sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        plans += plan.len();
        let whole = |line: &String| {
            let name = line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            name.is_some_and(|name| LARGE.contains(&table_of(name, &sql)))
        };
        assert!(!plan.iter().any(whole), "{}: {sql}\n{plan:#?}", path.display());
        // JSON that is read again for each row of another table.
        let inner = plan.iter().skip_while(|line| !line.starts_with("SEARCH")).any(|line| {
            line.starts_with("SCAN json_each")
                && !plan.iter().any(|l| l.contains("LIST SUBQUERY") || l.contains("MATERIALIZE"))
        });
        assert!(!inner, "{}: {sql}\n{plan:#?}", path.display());
    }
    assert!(plans > 60, "{plans}");
}

#[tokio::test]
async fn no_statement_of_the_pages_about_feeds_and_stories_reads_a_whole_table_that_grows() {
    let mut connection = memory().await;
    let mut plans = 0;
    // Searches and the filters of feeds are bounded by their own limits, and `explain` may look longer.
    let others = ["EXPLAIN_", "DROPPED_AT", "FAMILIAR", "FEED_HEALTH", "WAITING", "HAS_LANGUAGE"];
    for (path, name, sql) in named_statements("src/store/sqlite/reading") {
        if others.iter().any(|other| name.starts_with(other)) {
            continue;
        }
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        let plan: Vec<String> =
            plan.fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get("detail")).collect();
        plans += plan.len();
        // An index in its own order, with a limit, is no scan of the whole table.
        let whole = |line: &String| {
            let name = line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            let ends = line.contains("USING INDEX") && sql.contains("LIMIT");
            name.is_some_and(|name| LARGE.contains(&table_of(name, &sql)) && !ends)
        };
        assert!(!plan.iter().any(whole), "{}: {name}: {sql}\n{plan:#?}", path.display());
    }
    assert!(plans > 30, "{plans}");
}

#[tokio::test]
async fn the_latest_revisions_of_an_outlet_are_read_in_their_order() {
    let mut connection = memory().await;
    let sql = "EXPLAIN QUERY PLAN SELECT * FROM revisions WHERE outlet = 'ville' LIMIT 100";
    let plan = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    assert!(plan.iter().any(|line| line.contains("revision_by_time")), "{plan:#?}");
    assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE FOR ORDER BY")), "{plan:#?}");
}

#[test]
fn every_file_gives_as_many_statements_as_it_runs() {
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")) {
        let source = fs::read_to_string(&path).unwrap();
        // PRAGMA and BEGIN are run too, but have no query plan.
        let found = tokens(&source).iter().filter(|token| is_unplanned(token)).count() + statements_of(&source).len();
        assert!(found >= calls(&source), "{}: {} calls, {found} statements found", path.display(), calls(&source));
    }
}

/// Returns whether a string literal is a statement that SQLite does not explain.
fn is_unplanned(token: &Token) -> bool {
    let begins =
        |text: &str| ["PRAGMA ", "BEGIN", "COMMIT", "ROLLBACK", "VACUUM"].iter().any(|verb| text.starts_with(verb));
    matches!(token, Token::Text(text) if begins(text))
}

#[test]
fn texts_are_read_as_the_compiler_does() {
    let source = r#"
        // "SELECT 0"
        macro_rules! both { ($a:literal, $b:literal) => { concat!("SELECT ", $a, " FROM ", $b) }; }
        const ONE: &str = both!("1", "one");
        const TWO: &str = concat!("WITH x ", "AS y");
        fn f(c: char) -> &'static str { if c == '"' { "DELETE \
            it" } else { "no statement" } }
    "#;
    assert_eq!(statements_of(source), ["SELECT 1 FROM one", "WITH x AS y", "DELETE it"]);
    assert_eq!(calls("sqlx::query(a); sqlx::query_scalar::<_, i64>(b); sqlx::query::Query"), 2);
}
