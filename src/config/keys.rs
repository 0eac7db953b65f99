//! Keys for readers: `[server] token_file`, and which outlets only their holders see.

use super::{
    raw::Section,
    requests::{RequestSettings, SecretFiles},
    values,
};
use crate::model::{Channel, Outlet, ReaderKey, Readers, Slug};
use std::collections::HashMap;

/// Largest token file, in bytes: some ten thousand keys.
const FILE_MAX: u64 = 1_000_000;

/// Reads `token_file`: a key on each line, blank lines and lines that begin with `#` aside. `None` if it is not set.
pub(super) fn read(section: &Section<'_, '_>, files: SecretFiles<'_>) -> Option<Vec<ReaderKey>> {
    if !section.has("token_file") {
        return None;
    }
    // A faulty file is no reason to go on without keys, even though its fault ends the start.
    let read = section.text("token_file", |text| files.read(text, FILE_MAX));
    let (is_read, bytes) = (read.is_some(), read.unwrap_or_default());
    let mut keys = Vec::new();
    let text = String::from_utf8_lossy(&bytes);
    for (n, line) in
        text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.trim().starts_with('#'))
    {
        match ReaderKey::parse(line) {
            Ok(key) => keys.push(key),
            Err(why) => {
                section.fault("token_file", format!("line {} of the file is not a valid key line; {why}", n + 1));
                return Some(keys);
            }
        }
    }
    if keys.is_empty() && is_read {
        section.fault("token_file", "holds no key, so nobody could read; allowed: a line of `warraq token new`");
    }
    Some(keys)
}

/// Reads a channel's `token` and `public`.
pub(super) fn readers(section: &Section<'_, '_>, keys: Option<&[ReaderKey]>) -> Readers {
    let is_public = section.flag("public");
    let token = section.text("token", |text| {
        let name = values::slug(text)?;
        match keys {
            Some(keys) if keys.iter().any(|key| key.name == name.as_str()) => Ok(name.to_string()),
            Some(_) => {
                Err(format!("\"{name}\" is not in the token file; allowed: a name in the file of [server] token_file"))
            }
            None => Err("needs [server] token_file, which names the keys; allowed: a name in that file".to_owned()),
        }
    });
    if section.has("token") && is_public == Some(true) {
        section.fault(
            "public",
            "is true although only holders of a key read the channel; allowed: either token or public",
        );
    }
    match (token, keys, is_public) {
        (Some(name), ..) => Readers::HoldersOf(name),
        (None, Some(_), None | Some(false)) => Readers::KeyHolders,
        (None, ..) => Readers::Everyone,
    }
}

/// Marks the outlets that only readers with a key see: those whose requests carry credentials, and those that only channels with
/// a token name. `public` says otherwise.
pub(super) fn mark_private(
    outlets: &mut [Outlet],
    (public, own): (&HashMap<Slug, bool>, &HashMap<Slug, RequestSettings>),
    shared: &RequestSettings,
    channels: &[Channel],
) {
    let unsaid = RequestSettings::default();
    let (closed, open): (Vec<_>, Vec<_>) =
        channels.iter().partition(|channel| matches!(channel.readers, Readers::HoldersOf(_)));
    for outlet in outlets {
        let named_by = |channels: &[&Channel]| channels.iter().any(|c| c.names(outlet.slug.as_str(), &outlet.tags));
        let has_credentials = own.get(&outlet.slug).unwrap_or(&unsaid).carry_credentials(shared);
        let is_reserved = !closed.is_empty() && named_by(&closed) && !named_by(&open);
        outlet.private = match public.get(&outlet.slug) {
            Some(is_public) => !is_public,
            None => has_credentials || is_reserved,
        };
    }
}

/// Returns what readers without a key do not see although nobody may expect it, one sentence each.
pub(super) fn warnings(outlets: &[Outlet], has_keys: bool) -> Vec<String> {
    let mut private = outlets.iter().filter(|outlet| outlet.private);
    let Some(first) = private.next().filter(|_| !has_keys) else { return Vec::new() };
    let others = match private.count() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    vec![format!(
        "outlet.{}{others}: is private, so only readers with a key see its entries over HTTP, and there is no [server] \
         token_file; `public = true` shows them to everybody",
        first.slug
    )]
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::model::Readers;
    use std::collections::BTreeMap;

    const OUTLET: &str = "[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"http://a.example/feed\"]\n";

    #[test]
    fn keys_for_readers_are_read_and_their_faults_named() {
        let folder = tempfile::tempdir().unwrap();
        let hash = "0f".repeat(32);
        std::fs::write(folder.path().join("tokens"), format!("# Keys\n\namal sha256:{hash}\namal sha256:{hash}\n"))
            .unwrap();
        std::fs::write(folder.path().join("empty"), "# Nobody\n").unwrap();
        let parse = |text: &str| Config::parse(text, &folder.path().join("config.toml"), &BTreeMap::new());
        let channel = "[[channel]]\nslug = \"c\"\ntitle = \"C\"\noutlets = [\"a\"]\n";
        let with = |more: &str| format!("[server]\ntoken_file = \"tokens\"\n{OUTLET}{channel}{more}\n");
        let config = parse(&with("token = \"amal\"")).unwrap();
        assert_eq!(config.server.keys.as_ref().unwrap().len(), 2);
        assert_eq!(config.channels[1].readers, Readers::HoldersOf("amal".to_owned()));
        assert_eq!(config.channels[0].readers, Readers::KeyHolders);
        assert!(config.outlets[0].private, "only a channel with a token names it");
        let other = "[[channel]]\nslug = \"d\"\ntitle = \"D\"\noutlets = [\"a\"]";
        assert!(!parse(&with(&format!("token = \"amal\"\n{other}"))).unwrap().outlets[0].private);
        let open = parse(&with("public = true\n[[channel]]\nslug = \"all\"\npublic = true")).unwrap();
        assert!(open.channels.iter().all(|channel| channel.readers == Readers::Everyone));
        for (text, words) in [
            (with("token = \"badr\""), "\"badr\" is not in the token file"),
            (with("token = \"amal\"\npublic = true"), "either token or public"),
            (format!("{OUTLET}{channel}token = \"amal\"\n"), "needs [server] token_file"),
            (with("[[channel]]\nslug = \"all\"\ntoken = \"amal\""), "always contains everything"),
            ("[server]\ntoken_file = \"empty\"\n".to_owned(), "holds no key"),
            ("[server]\ntoken_file = \"nothing\"\n".to_owned(), "cannot be read"),
        ] {
            let error = parse(&text).expect_err(&text).to_string();
            assert!(error.contains(words), "{error}");
        }
        for (line, is_private) in [
            ("headers = { \"X-Key\" = \"k\" }", true),
            ("headers = { \"Cookie\" = \"k\" }", true),
            ("headers = { \"Accept-Language\" = \"ar\" }", false),
            ("auth = { bearer_file = \"empty\" }", true),
            ("auth = { bearer_file = \"empty\" }\npublic = true", false),
            ("public = false", true),
            ("", false),
        ] {
            let config = parse(&format!("{OUTLET}{line}\n")).unwrap();
            assert_eq!(
                (config.outlets[0].private, config.warnings().len()),
                (is_private, usize::from(is_private)),
                "{line}"
            );
        }
        assert!(parse(&format!("[fetch]\nheaders = {{ \"X-Key\" = \"k\" }}\n{OUTLET}")).unwrap().outlets[0].private);
    }
}
