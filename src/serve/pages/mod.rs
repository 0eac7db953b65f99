//! Pages for people: rendered on the server, without scripts.

use super::river::River;
use askama::Template;
use std::sync::Arc;

/// The style sheet, served from a path that changes with it.
pub(super) const STYLE: &str = include_str!("../templates/style.css");

/// Path of the style sheet.
pub(super) fn style_path() -> String {
    format!("/style-{}.css", &blake3::hash(STYLE.as_bytes()).to_hex().as_str()[..16])
}

/// The front page, or a channel's.
#[derive(Template)]
#[template(path = "front.html", config = "src/serve/askama.toml")]
pub(super) struct Front<'a> {
    pub(super) style: &'a str,
    pub(super) river: &'a River,
    pub(super) channels: &'a [Arc<River>],
    pub(super) feeds: [(&'static str, String); 3],
}
