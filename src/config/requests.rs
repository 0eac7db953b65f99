//! Settings of requests in `[fetch]` and `[[outlet]]`: proxy, headers, credentials. Secrets are read from files. No message
//! repeats them.

use super::{
    fault::ConfigLocation,
    raw::{ConfigSource, Section},
    reading_now, values,
};
use crate::model::{EnvironmentProxies, Secret};
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// Keys that an outlet may set for its own requests.
pub(super) const KEYS: [&str; 8] =
    ["proxy", "proxy_dns", "user_agent", "timeout", "max_body", "ca_file", "headers", "auth"];
/// Prefix of paths in the folder of systemd credentials (systemd.exec(5)).
const CREDENTIALS: &str = "$CREDENTIALS_DIRECTORY/";
/// Environment variable that contains the path of this folder.
pub(super) const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// Largest secret, in bytes. Servers refuse longer headers.
const SECRET_MAX: u64 = 8_000;
/// Largest file of certificates, in bytes.
const CA_MAX: u64 = 1_000_000;
/// Maximum number of configured headers.
const HEADERS_MAX: usize = 50;
/// Headers that Warraq sets itself, and hop-by-hop headers (RFC 9110 7.6.1).
const OWN: [&str; 12] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "accept-encoding",
    "if-none-match",
    "if-modified-since",
    "te",
    "upgrade",
    "proxy-authorization",
    "authorization",
    "user-agent",
];

/// Settings of requests; `None` where a setting is not given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestSettings {
    /// URL of a proxy. It may contain a password.
    pub proxy: Option<Secret>,
    /// Whether the proxy resolves names.
    pub proxy_dns: Option<bool>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// Time limit of a whole poll.
    pub timeout: Option<Duration>,
    /// Largest body, in bytes after decompression.
    pub max_body: Option<u64>,
    /// Additional trusted certificates, as PEM.
    pub ca: Option<Vec<u8>>,
    /// Additional headers.
    pub headers: Option<Vec<(String, Secret)>>,
    /// Value of the header `Authorization`.
    pub authorization: Option<Secret>,
}

/// Where secret files are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct SecretFiles<'a> {
    /// Folder of the configuration file.
    pub(super) directory: &'a Path,
    /// Value of `$CREDENTIALS_DIRECTORY`.
    pub(super) credentials: Option<&'a str>,
}

impl RequestSettings {
    /// Reads the settings of a section, and records faults there.
    pub(super) fn read(section: &Section<'_, '_>, files: SecretFiles<'_>) -> Self {
        let duration = |text: &str| values::duration(text, super::Fetch::TIMEOUT_BOUNDS);
        Self {
            proxy: section.text("proxy", proxy),
            proxy_dns: section.flag("proxy_dns"),
            user_agent: section.text("user_agent", values::user_agent),
            timeout: section.text("timeout", duration),
            max_body: section.text("max_body", |text| values::size(text, super::Fetch::MAX_BODY_BOUNDS)),
            ca: section.text("ca_file", |text| files.read(text, CA_MAX)).and_then(|pem| certificates(section, pem)),
            headers: section.has("headers").then(|| headers(section, files)),
            authorization: authorization(section, files),
        }
    }
}

/// Headers that contain no secret. Any other configured header may contain a key.
const HARMLESS: [&str; 10] = [
    "accept",
    "accept-language",
    "cache-control",
    "dnt",
    "from",
    "origin",
    "pragma",
    "priority",
    "referer",
    "x-requested-with",
];

impl RequestSettings {
    /// Returns whether a header may contain a secret.
    fn has_secret_headers(&self) -> bool {
        let is_secret = |(name, _): &(String, Secret)| !HARMLESS.contains(&name.to_ascii_lowercase().as_str());
        self.headers.as_ref().is_some_and(|headers| headers.iter().any(is_secret))
    }

    /// Returns whether requests with these settings carry credentials. Settings missing in `self` are taken from `shared`.
    pub(super) fn carry_credentials(&self, shared: &Self) -> bool {
        let headers = if self.headers.is_some() { self } else { shared };
        self.authorization.is_some() || shared.authorization.is_some() || headers.has_secret_headers()
    }
}

impl SecretFiles<'_> {
    /// Resolves a path. Paths that begin with `$CREDENTIALS_DIRECTORY/` are looked up in the folder that the environment names.
    fn path(self, text: &str) -> Result<PathBuf, String> {
        let path = values::path(text)?;
        match (text.strip_prefix(CREDENTIALS), self.credentials) {
            (Some(name), Some(folder)) => Ok(Path::new(folder).join(name)),
            (Some(_), None) => {
                Err("is in $CREDENTIALS_DIRECTORY, which is not set; allowed: under systemd only".to_owned())
            }
            (None, _) => Ok(self.directory.join(path)),
        }
    }

    pub(super) fn read(self, text: &str, most: u64) -> Result<Vec<u8>, String> {
        let path = self.path(text)?;
        let mut bytes = Vec::new();
        reading_now::begins(&path);
        let read = fs::File::open(&path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
        read.map_err(|why| format!("{} cannot be read: {why}", path.display()))?;
        if bytes.len() as u64 > most {
            return Err(format!("{} is too large; allowed: {most} bytes", path.display()));
        }
        Ok(bytes)
    }

    /// Reads the first line of a file, which must be a valid header value.
    pub(super) fn secret(self, text: &str) -> Result<Secret, String> {
        let bytes = self.read(text, SECRET_MAX)?;
        let secret = String::from_utf8(bytes).unwrap_or_default().trim_end_matches(['\r', '\n']).to_owned();
        if is_value(&secret) {
            return Ok(Secret::new(secret));
        }
        let path = self.path(text)?;
        Err(format!(
            "{} is empty, has several lines or is not plain text; allowed: the secret on one line",
            path.display()
        ))
    }
}

/// Returns whether a text is a valid header value (RFC 9110 5.5).
fn is_value(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().all(|c| !c.is_control())
}

/// Reads the URL of a proxy. Messages do not repeat it, because it may contain a password.
fn proxy(text: &str) -> Result<Secret, String> {
    let allowed = "allowed: http://, https:// or socks5:// with a host and a port, such as \"socks5://127.0.0.1:1080\"";
    let url = values::url(text).map_err(|why| format!("{why}; {allowed}"))?;
    if !matches!(url.scheme(), "http" | "https" | "socks5") || url.host_str().is_none_or(str::is_empty) {
        return Err(format!("has another scheme, or no host; {allowed}"));
    }
    Ok(Secret::new(text.to_owned()))
}

fn certificates(section: &Section<'_, '_>, pem: Vec<u8>) -> Option<Vec<u8>> {
    if memchr::memmem::find(&pem, b"-----BEGIN CERTIFICATE-----").is_some() {
        return Some(pem);
    }
    section.fault("ca_file", "holds no certificate; allowed: certificates in PEM form");
    None
}

/// Reads `headers = { NAME = "value", NAME = { file = "…" } }`.
fn headers(section: &Section<'_, '_>, files: SecretFiles<'_>) -> Vec<(String, Secret)> {
    let Some(table) = section.table("headers", None) else { return Vec::new() };
    let mut headers = Vec::new();
    for name in table.keys() {
        let is_token = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        if !is_token || name.is_empty() || OWN.contains(&name.to_ascii_lowercase().as_str()) {
            table.fault(
                &name,
                "is a header that cannot be set here; allowed: names of other headers (credentials: auth)",
            );
            continue;
        }
        let literal = |text: &str| {
            if is_value(text) {
                Ok(Secret::new(text.to_owned()))
            } else {
                Err("is not the value of a header; allowed: a text on one line".to_owned())
            }
        };
        let value = if table.is_table(&name) {
            table.table(&name, Some(&["file"])).and_then(|file| file.required("file", |text| files.secret(text)))
        } else {
            table.text(&name, literal)
        };
        headers.extend(value.map(|value| (name, value)));
    }
    if headers.len() > HEADERS_MAX {
        section.fault("headers", format!("are too many; allowed: {HEADERS_MAX}"));
    }
    headers
}

/// Reads `auth = { user = "…", password_file = "…" }` or `{ bearer_file = "…" }` (RFC 7617, RFC 6750).
fn authorization(section: &Section<'_, '_>, files: SecretFiles<'_>) -> Option<Secret> {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let table = section.table("auth", Some(&["user", "password_file", "bearer_file"]))?;
    if table.has("bearer_file") {
        if table.has("user") || table.has("password_file") {
            table.fault("bearer_file", "stands beside a user; allowed: either user and password_file, or bearer_file");
        }
        let token = table.text("bearer_file", |text| files.secret(text))?;
        return Some(Secret::new(format!("Bearer {}", token.reveal())));
    }
    let name = |text: &str| {
        if is_value(text) && !text.contains(':') {
            Ok(text.to_owned())
        } else {
            Err("is not a valid user name; allowed: a text without colons (RFC 7617)".to_owned())
        }
    };
    let user = table.required("user", name);
    let password = table.required("password_file", |text| files.secret(text));
    let pair = format!("{}:{}", user?, password?.reveal());
    Some(Secret::new(format!("Basic {}", BASE64_STANDARD.encode(pair))))
}

/// Returns where the secret files of a configuration are looked for.
pub(super) fn files<'a>(source: &ConfigSource<'a>, directory: &'a Path) -> SecretFiles<'a> {
    SecretFiles { directory, credentials: source.variable(CREDENTIALS_DIRECTORY) }
}

/// The variables that name proxies.
pub(super) const PROXY_VARIABLES: [&str; 8] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

/// Reads the proxies of the environment. `ALL_PROXY` is for addresses whose scheme has no proxy of its own; empty variables count as unset. Faults are recorded in the source.
pub(super) fn environment_proxies(source: &ConfigSource<'_>) -> EnvironmentProxies {
    let set = |names: &[&'static str]| {
        names.iter().find_map(|name| Some((*name, source.variable(name).filter(|text| !text.is_empty())?)))
    };
    let read = |names: &[&'static str]| {
        let (name, text) = set(names)?;
        // curl takes a proxy without a scheme for an HTTP proxy. One that resolves names (socks5h) takes addresses as well.
        let text =
            if text.contains("://") { text.replacen("socks5h://", "socks5://", 1) } else { format!("http://{text}") };
        let read = proxy(&text);
        read.map_err(|what| source.fault_without_key(ConfigLocation::Variable(name.to_owned()), what)).ok()
    };
    let no_proxy = set(&["no_proxy", "NO_PROXY"]).map(|(_, text)| text.to_owned()).unwrap_or_default();
    // Every host, also one that is a number, which the HTTP client does not take it for.
    if no_proxy.split(',').any(|host| host.trim() == "*") {
        return EnvironmentProxies::default();
    }
    EnvironmentProxies {
        http: read(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
        https: read(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
        no_proxy,
    }
}
