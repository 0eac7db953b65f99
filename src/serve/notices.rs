//! What people get in place of plain text: error pages in their language, and the choice of a language.

use super::browse::with_query;
use super::frames::frame;
use super::i18n::UiLanguage;
use super::pages::NoticeTemplate;
use super::reply::{ShortText, bad, notice, redirect};
use super::state::AppState;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Response, Uri};
use axum::middleware::Next;
use url::form_urlencoded::{Serializer, parse};

/// Seconds for which a browser remembers the language: a year.
const REMEMBERED: u32 = 31_536_000;

/// Stores the language that a reader chose (`?hl=fr`) in a cookie and redirects to the same address without the parameter.
/// Responds to people, who accept HTML, with a page where a program gets an error as plain text.
pub(super) async fn for_people(State(app): State<AppState>, request: Request<Body>, next: Next) -> Response<Body> {
    if let Some(response) = choose_language(request.uri()).or_else(|| without_tracking(request.uri())) {
        return response;
    }
    let (reads_html, ui_language) = (accepts_html(request.headers()), UiLanguage::of(request.headers()));
    let response = next.run(request).await;
    let Some(ShortText(text)) = response.extensions().get::<ShortText>().filter(|_| reads_html) else {
        return response;
    };
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let detail = if status.as_u16() == 400 { text.trim().to_owned() } else { String::new() };
    let page = NoticeTemplate { frame: frame(&app, ui_language, "/"), status: status.as_u16(), detail };
    notice(response, &page)
}

fn choose_language(uri: &Uri) -> Option<Response<Body>> {
    let query = uri.query()?;
    let (_, tag) = parse(query.as_bytes()).find(|(key, _)| key == UiLanguage::KEY)?;
    let Some(language) = UiLanguage::parse(&tag) else {
        return Some(bad(&format!("{}: allowed are ar, fr and en", UiLanguage::KEY)));
    };
    let rest = parse(query.as_bytes()).filter(|(key, _)| key != UiLanguage::KEY);
    let rest = Serializer::new(String::new()).extend_pairs(rest).finish();
    let mut response = redirect(&same_path(uri, &rest));
    let cookie =
        format!("{}={}; Path=/; Max-Age={REMEMBERED}; SameSite=Lax; HttpOnly", UiLanguage::KEY, language.tag());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Some(response)
}

/// Redirects to the same address without what other sites append to links, such as `utm_source`.
fn without_tracking(uri: &Uri) -> Option<Response<Body>> {
    let rest = crate::model::link::without_tracking(uri.query()?)?;
    Some(redirect(&same_path(uri, &rest)))
}

/// Returns the path of an address with another query string.
fn same_path(uri: &Uri, query: &str) -> String {
    // Two slashes at the beginning would be the address of another host.
    with_query(&format!("/{}", uri.path().trim_start_matches('/')), query)
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split([',', ';']).any(|range| range.trim().eq_ignore_ascii_case("text/html"))
}
