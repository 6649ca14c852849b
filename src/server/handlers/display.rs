//! `POST /look`: how this visitor wants to see pages.

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use ui::{display::LargeText, error::Refusal};

use crate::{
    forms::urlencoded::Fields,
    http::error::AppError,
    session::visitor::{Hint, remember},
    state::AppState,
};

/// Remembers what was chosen (`care`: the size of the text, or empty), and goes back to
/// the page that it was chosen on (`back`).
pub async fn choose(State(state): State<AppState>, request: Request) -> Result<Response, AppError> {
    let (parts, body) = request.into_parts();
    let fields = Fields::read(&parts.headers, body).await?;
    let mut response = Redirect::to(&back(&fields.first("back"), &parts.headers)).into_response();
    remember(&mut response, Hint::LargeText(LargeText::parse(&fields.first("care"))), state.https);
    Ok(response)
}

/// URL to return to: our page `path`, with the query of the `Referer` if that is the same page.
/// Anything else would be an open redirect.
pub fn back(path: &str, headers: &HeaderMap) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte);
    if !path.starts_with('/') || path.contains("//") || !path.bytes().all(plain) {
        return "/".to_owned();
    }
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let referer = referer.and_then(|referer| referer.parse::<Uri>().ok());
    match referer.as_ref().filter(|uri| uri.path() == path).and_then(Uri::query) {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// A stairwell poster was scanned: its grid is remembered for the form.
pub async fn poster(
    State(state): State<AppState>,
    Path(grid): Path<String>,
) -> Result<Response, AppError> {
    state.service.campaign().grid(&grid).ok_or(Refusal::NotFound)?;
    let mut response = Redirect::to("/").into_response();
    remember(&mut response, Hint::Grid(&grid), state.https);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_gone_back_to() {
        let mut headers = HeaderMap::new();
        headers.insert(header::REFERER, "http://wenming.example/reports?page=2".parse().unwrap());
        for (path, address) in [
            ("/reports", "/reports?page=2"),
            ("/sign", "/sign"),
            ("", "/"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
        ] {
            assert_eq!(back(path, &headers), address, "{path}");
        }
    }
}
