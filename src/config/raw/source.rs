//! What all sections share while a configuration is read.

use super::variable;
use crate::config::fault::{ConfigFault, ConfigLocation, did_you_mean};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    path::Path,
    sync::Arc,
};
use toml::de::DeTable;

/// What all sections share while a configuration is read: the positions of lines, the environment, and the faults found so far.
pub(in crate::config) struct ConfigSource<'a> {
    newlines: Vec<usize>,
    /// The file if it is an included one, else `None`.
    file: Option<Arc<Path>>,
    /// Offset at which the piece begins that is being read.
    piece: Cell<usize>,
    environment: &'a BTreeMap<String, String>,
    faults: RefCell<Vec<ConfigFault>>,
}

impl<'a> ConfigSource<'a> {
    pub(in crate::config) fn new(
        text: &str,
        file: Option<Arc<Path>>,
        environment: &'a BTreeMap<String, String>,
    ) -> Self {
        let newlines = text.bytes().enumerate().filter_map(|(at, b)| (b == b'\n').then_some(at)).collect();
        Self { newlines, file, piece: Cell::new(0), environment, faults: RefCell::default() }
    }

    /// Reads a piece of the file that begins at `start`.
    pub(in crate::config) fn in_piece<T>(&self, start: usize, read: impl FnOnce() -> T) -> T {
        let before = self.piece.replace(start);
        let done = read();
        self.piece.set(before);
        done
    }

    /// The line, counted from 1, that holds the byte at `offset` of the piece that is being read.
    pub(in crate::config) fn line(&self, offset: usize) -> ConfigLocation {
        let offset = self.piece.get() + offset;
        let line = self.newlines.partition_point(|newline| *newline < offset) + 1;
        self.file.as_ref().map_or(ConfigLocation::Line(line), |file| ConfigLocation::Included(Arc::clone(file), line))
    }

    pub(in crate::config) fn fault(&self, place: ConfigLocation, key: impl Into<String>, what: impl Into<String>) {
        self.faults.borrow_mut().push(ConfigFault { place, key: Some(key.into()), what: what.into() });
    }

    /// A variable's text.
    pub(in crate::config) fn variable(&self, name: &str) -> Option<&'a str> {
        self.environment.get(name).map(String::as_str)
    }

    pub(in crate::config) fn fault_without_key(&self, place: ConfigLocation, what: String) {
        self.faults.borrow_mut().push(ConfigFault { place, key: None, what });
    }

    pub(in crate::config) fn add_faults(&self, faults: Vec<ConfigFault>) {
        self.faults.borrow_mut().extend(faults);
    }

    pub(in crate::config) fn into_faults(self) -> Vec<ConfigFault> {
        self.faults.into_inner()
    }

    /// Reports every key of `table` that is not in `allowed`; in the fault, `prefix` precedes its name.
    pub(in crate::config) fn refuse_unknown_keys(&self, prefix: &str, table: &DeTable<'_>, allowed: &[&str]) {
        for key in table.keys() {
            let word: &str = key.get_ref();
            if !allowed.contains(&word) {
                let near = did_you_mean(word, allowed.iter().copied());
                let what = format!("unknown key{near}; allowed here: {}", allowed.join(", "));
                self.fault(self.line(key.span().start), format!("{prefix}{}", word.escape_debug()), what);
            }
        }
    }

    /// Reports every environment variable that begins like those of a section but names no key, or that differs from a known one
    /// by one or two letters, so that typing errors are not ignored. Other variables that begin with `WARRAQ_` are not ours: an
    /// orchestrator names some after its services. `keys` are the sections that variables can override, with their keys; `closed`
    /// are those they cannot.
    pub(in crate::config) fn refuse_unknown_variables(&self, keys: &[(&str, &[&str])], closed: &[&str]) {
        let all: Vec<String> =
            keys.iter().flat_map(|(section, keys)| keys.iter().map(|key| variable(section, key))).collect();
        for (name, _) in self.environment.iter().filter(|(name, value)| !is_service_link(name, value)) {
            let begins = |section: &str| name.starts_with(&variable(section, ""));
            if let Some((section, keys)) = keys.iter().find(|(section, _)| begins(section)) {
                let known: Vec<String> = keys.iter().map(|key| variable(section, key)).collect();
                if !known.contains(name) {
                    let near = did_you_mean(name, known.iter().map(String::as_str));
                    let what = format!("unknown variable{near}; allowed: {}", known.join(", "));
                    self.fault(ConfigLocation::Variable(name.clone()), *section, what);
                }
            } else if let Some(section) = closed.iter().find(|section| begins(section)) {
                let what = "cannot be set by an environment variable; set it in the file";
                self.fault(ConfigLocation::Variable(name.clone()), *section, what);
            } else {
                let near = did_you_mean(name, all.iter().map(String::as_str));
                if !near.is_empty() {
                    let place = ConfigLocation::Variable(name.clone());
                    self.fault_without_key(place, format!("unknown variable{near}"));
                }
            }
        }
    }
}

/// Returns whether a variable is one of those by which Docker and Kubernetes name the address of another service: a service that is
/// called `warraq-server` makes `WARRAQ_SERVER_SERVICE_HOST` and `WARRAQ_SERVER_PORT=tcp://10.0.0.1:80`, and others that begin alike.
fn is_service_link(name: &str, value: &str) -> bool {
    let is_numbered = |rest: &str| rest.split('_').next().is_some_and(|port| port.parse::<u16>().is_ok());
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.ends_with("_PORT") && value.contains("://"))
        || name.split("_PORT_").skip(1).any(is_numbered)
}
