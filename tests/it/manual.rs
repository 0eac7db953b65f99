//! The man page and the shell completions are generated from the commands and committed under `deploy/`. The tests generate them
//! again and compare. `WARRAQ_BLESS=1 cargo test --test it manual` writes them.

use crate::deploy::verdict;
use clap::{Arg, Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use std::{env, fs};

const PAGE: &str = "deploy/warraq.1";
const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "deploy/completions/warraq.bash"),
    (Shell::Zsh, "deploy/completions/_warraq"),
    (Shell::Fish, "deploy/completions/warraq.fish"),
];

/// Returns the command line, as the binary defines it.
pub fn command() -> Command {
    warraq::cli::Cli::command()
}

/// Fails when a committed file differs from this text; writes it if asked to.
fn committed(path: &str, text: &str) {
    if env::var_os("WARRAQ_BLESS").is_some() {
        fs::create_dir_all("deploy/completions").unwrap();
        fs::write(path, text).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == text, "{path} is not what the verbs say now: WARRAQ_BLESS=1 cargo test --test it manual");
}

/// Formats an option or argument for a synopsis.
fn usage(arg: &Arg) -> String {
    let value = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let many = if arg.get_num_args().is_some_and(|n| n.max_values() > 1) { " ..." } else { "" };
    let text = match arg.get_long() {
        Some(name) if arg.get_action().takes_values() => format!("\\fB--{name}\\fR \\fI{value}\\fR"),
        Some(name) => format!("\\fB--{name}\\fR"),
        None => format!("\\fI{value}\\fR{many}"),
    };
    let text = text.replace('-', "\\-");
    if arg.is_required_set() { text } else { format!("[{text}]") }
}

/// Formats options and arguments, one paragraph each.
fn options(command: &Command) -> String {
    let mut page = Vec::new();
    Man::new(command.clone().disable_help_flag(true).disable_version_flag(true).disable_help_subcommand(true))
        .render_options_section(&mut page)
        .unwrap();
    // The preamble and the heading belong to a separate page.
    let page = String::from_utf8(page).unwrap();
    page.split_once(".SH OPTIONS\n").map(|(_, items)| items.to_owned()).unwrap_or_default()
}

/// Formats a section for a command and for each of its subcommands.
fn verb(above: &str, verb: &Command) -> String {
    let name = format!("{above} {}", verb.get_name());
    if verb.has_subcommands() {
        return verb.get_subcommands().map(|below| self::verb(&name, below)).collect();
    }
    let built = {
        let mut built = verb.clone();
        built.build();
        built
    };
    let shown = |arg: &&Arg| !matches!(arg.get_id().as_str(), "help" | "version");
    let (positional, named): (Vec<_>, Vec<_>) =
        built.get_arguments().filter(shown).partition(|arg| arg.is_positional());
    let arguments: Vec<String> = named.into_iter().chain(positional).map(usage).collect();
    let heading = format!("{} {}", name.replace('-', "\\-"), arguments.join(" "));
    let about = verb.get_about().unwrap().to_string().replace('-', "\\-");
    format!(".SS \"{}\"\n{about}.\n{}", heading.trim_end(), options(verb))
}

fn page() -> String {
    let whole = command();
    let verbs: String = whole.get_subcommands().map(|below| verb("warraq", below)).collect();
    fs::read_to_string("deploy/warraq.1.in")
        .unwrap()
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
        .replace("@OPTIONS@\n", &options(&whole))
        .replace("@VERBS@\n", &verbs)
}

fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut command(), "warraq", &mut script);
    String::from_utf8(script).unwrap()
}

#[test]
fn the_manual_is_what_the_verbs_say() {
    committed(PAGE, &page());
    for (shell, path) in COMPLETIONS {
        committed(path, &completions(shell));
    }
}

#[test]
fn the_manual_is_good_roff_and_names_every_verb_and_option() {
    let Some((content, said)) = verdict("mandoc", &["-T", "lint", "-W", "warning", PAGE]) else { return };
    assert!(content && said.is_empty(), "{said}");
    if let Some((content, said)) = verdict("man", &["--warnings", "-l", "-Tutf8", "-Z", PAGE]) {
        assert!(content && !said.contains("warning"), "{said}");
    }
    let (content, shown) = verdict("mandoc", &["-T", "utf8", "-O", "width=1000", PAGE]).unwrap();
    assert!(content, "{shown}");
    // Bold and italics are overstruck.
    let mut plain = String::new();
    for c in shown.chars() {
        if c == '\u{8}' {
            plain.pop();
        } else {
            plain.push(c);
        }
    }
    for below in command().get_subcommands() {
        assert!(plain.contains(&format!("warraq {}", below.get_name())), "{}", below.get_name());
        for option in below.get_arguments().filter_map(Arg::get_long) {
            assert!(plain.contains(&format!("--{option}")), "{} --{option}", below.get_name());
        }
    }
    for line in ["SIGHUP", "EXIT STATUS", "78", "WARRAQ_LOG", "warraq explain feed [--json] FEED"] {
        assert!(plain.contains(line), "{line} in\n{plain}");
    }
}

/// Returns what bash offers after these words; the last one is incomplete. If the function offers nothing and the completion
/// allows it, bash offers files.
fn offered(words: &[&str]) -> Option<Vec<String>> {
    let script = format!(
        "source {}; COMP_WORDS=({}); COMP_CWORD={}; \
         COMP_LINE=\"${{COMP_WORDS[*]}}\"; COMP_POINT=${{#COMP_LINE}}; \
         rule=$(complete -p warraq); function=${{rule#*-F }}; function=${{function%% *}}; \
         word=${{COMP_WORDS[COMP_CWORD]}}; \"$function\" warraq \"$word\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
         [[ ${{#COMPREPLY[@]}} > 0 || $rule != *'-o default'* ]] || COMPREPLY=($(compgen -o default -- \"$word\")); printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        COMPLETIONS[0].1,
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1
    );
    let (content, said) = verdict("bash", &["--norc", "-c", &script])?;
    assert!(content, "{words:?}: {said}");
    Some(said.lines().map(str::to_owned).collect())
}

#[test]
fn shells_take_the_completions_and_bash_completes() {
    for (shell, path) in COMPLETIONS {
        if let Some((content, said)) = verdict(&shell.to_string(), &["-n", path]) {
            assert!(content, "{path}: {said}");
        }
    }
    let fish = format!("source {}; complete -C 'warraq ex'", COMPLETIONS[2].1);
    if let Some((content, said)) = verdict("fish", &["-c", &fish]) {
        assert!(content && said.contains("explain\t") && said.contains("export-opml\t"), "{said}");
    }
    let Some(verbs) = offered(&["warraq", "ex"]) else { return };
    assert_eq!(verbs, ["explain", "export-opml"]);
    assert_eq!(offered(&["warraq", "poll", "--a"]).unwrap(), ["--all"]);
    assert_eq!(offered(&["warraq", "explain", "st"]).unwrap(), ["story"]);
    for words in
        [&["warraq", "restore", "Cargo.t"][..], &["warraq", "inspect", "Cargo.t"], &["warraq", "--config", "Cargo.t"]]
    {
        assert_eq!(offered(words).unwrap(), ["Cargo.toml"], "{words:?}");
    }
}
