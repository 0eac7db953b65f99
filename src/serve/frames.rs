//! The frame of a page for a reader.

use super::i18n::UiLanguage;
use super::pages::Frame;
use super::state::AppState;
use jiff::tz::TimeZone;

/// Builds the frame of a page for this reader; `here` is the path of the current tab.
pub(super) fn frame(app: &AppState, ui_language: UiLanguage, here: &str) -> Frame {
    let images = app.queries.as_ref().is_none_or(|queries| queries.images());
    let zone = app.queries.as_ref().map_or(TimeZone::UTC, |queries| queries.time_zone());
    Frame::new(ui_language, app.clock.now(), &app.channel_pages.all(), here, images, zone)
}
