//! `/me/data.json` and `POST /me/erase`: what is kept of someone, given and erased.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    domain::lang::Said,
    server::{
        forms::multipart::{Own, Received},
        http::error,
        pages::render,
        session::visitor::{BecomeVisitor, Hint, Visitor, remember},
        state::AppState,
    },
    ui::{context::RefusedPost, error::Refusal},
};

/// Drafts and forms that wait in the phone go, too.
const CLEAR: HeaderName = HeaderName::from_static("clear-site-data");

/// Everything that is kept of a visitor, as a file.
pub async fn data(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    match state.service.my_data(&visitor.id).await {
        Ok(mine) => {
            let headers = [
                (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
                (
                    header::CONTENT_DISPOSITION,
                    HeaderValue::from_static("attachment; filename=\"my-data.json\""),
                ),
            ];
            (headers, Json(mine)).into_response()
        }
        Err(error) => error::from_store(&error),
    }
}

/// Erases it, if that is what they want; the browser is a new visitor's then.
pub async fn erase(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Own(Received { parts, posted }): Own,
) -> Response {
    if !posted.fields.ticked("confirm") {
        let sentence = Said::new(
            "没有删除：请先勾选“我明白删除后找不回来”",
            "Nothing was deleted: please tick “I understand that this cannot be undone” first",
        );
        let errors = vec![("confirm", sentence)];
        let post = RefusedPost { form: "erase".into(), errors, ..RefusedPost::default() };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return render::refused_post(&state, parts, "/me/data", post, status).await;
    }
    let Some(fresh) = Visitor::fresh() else { return error::response(Refusal::Internal) };
    match state.service.forget_me(&visitor.id).await {
        Ok(()) => {
            let mut response = Redirect::to("/me/data").into_response();
            remember(&mut response, Hint::NotSigned, state.https);
            response.headers_mut().insert(CLEAR, HeaderValue::from_static("\"storage\""));
            response.extensions_mut().insert(BecomeVisitor(fresh.id));
            response
        }
        Err(error) => error::from_store(&error),
    }
}
