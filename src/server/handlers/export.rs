//! `GET /console/export/{reports|signatures}.{csv|xlsx}`, and `chuangquan export`.

use std::{io, path::Path, sync::Arc};

use axum::{
    Extension,
    body::Body,
    extract::{self, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use rust_xlsxwriter::{Workbook, XlsxError};
use serde::Deserialize;
use service::{
    Busy, Service, StoreError, Turn,
    export::{Cursor, Export, ExportRow},
};
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;
use ui::error::Refusal;

use super::staff::factor;
use crate::{
    http::error::AppError,
    session::{staff::Session, visitor::Visitor},
    state::AppState,
};

/// Spreadsheets take a file for UTF-8 when it begins so.
const BOM: &str = "\u{FEFF}";

/// Most rows of a sheet.
const SHEET_MAX: u32 = 1_048_575;

/// In which pieces a file is sent, in bytes.
const PIECE: usize = 64 * 1024;

/// Whether personal fields are asked for.
#[derive(Debug, Default, Deserialize)]
pub struct ExportQuery {
    #[serde(default)]
    personal: String,
}

/// Why a file was not made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The sheet.
    #[error("the spreadsheet could not be written: {0}")]
    Sheet(#[from] XlsxError),
    /// More rows than a sheet has.
    #[error("more rows than a sheet has: export as csv")]
    TooMany,
}

/// The file that was asked for.
pub async fn export(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(visitor): Extension<Visitor>,
    extract::Path(file): extract::Path<String>,
    Query(wanted): Query<ExportQuery>,
) -> Result<Response, AppError> {
    let parts = file.split_once('.');
    let parts = parts.and_then(|(what, format)| Some((Export::parse(what)?, format)));
    let Some((what, format)) = parts.filter(|(_, format)| matches!(*format, "csv" | "xlsx")) else {
        return Err(Refusal::NotFound.into());
    };
    let personal = wanted.personal == "1";
    if personal && session.staff.manages_staff() && state.service.needs_code(&session).await? {
        return Ok(factor::confirm_first(&format!("/console/export/{file}?personal=1")));
    }
    let turn = state.service.export_turn(&session.staff, &visitor.requester()).await;
    let turn = turn.map_err(|Busy| Refusal::Unavailable)?;
    let cursor = state.service.begin_export(Some(&session.staff), what, personal).await?;
    let cursor = cursor.ok_or(Refusal::NotPermitted("导出由管理员来做"))?;
    let heading = what.heading(personal);
    if format == "csv" {
        let body = csv_body(Arc::clone(&state.service), heading, cursor, turn);
        return Ok(file_response(body, "text/csv; charset=utf-8", &file));
    }
    let made = sheet(&state.service, heading, cursor).await?;
    let made = ReaderStream::with_capacity(tokio::fs::File::from_std(made), PIECE);
    let content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(file_response(Body::from_stream(made), content_type, &file))
}

impl From<ExportError> for AppError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Store(error) => Self::Store(error),
            ExportError::TooMany => Refusal::NotPermitted("超过表格的行数，请导出CSV").into(),
            error => {
                tracing::error!(%error, "an export failed");
                Refusal::Internal.into()
            }
        }
    }
}

fn file_response(body: Body, kind: &'static str, name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// Rows as CSV.
fn lines(rows: &[ExportRow]) -> io::Result<Vec<u8>> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// CSV, a chunk at a time, in its turn.
fn csv_body(service: Arc<Service>, heading: ExportRow, cursor: Cursor, turn: Turn) -> Body {
    let first = lines(&[heading]).map(|line| Bytes::from([BOM.as_bytes(), &line].concat()));
    let rest = stream::try_unfold((service, cursor, turn), async |(service, cursor, turn)| {
        let (rows, next) = service.export_chunk(cursor).await.map_err(io::Error::other)?;
        if rows.is_empty() {
            return Ok(None);
        }
        Ok::<_, io::Error>(Some((Bytes::from(lines(&rows)?), (service, next, turn))))
    });
    Body::from_stream(futures::StreamExt::chain(stream::iter([first]), rest))
}

/// A sheet in a file that nobody else can see, written row by row.
async fn sheet(
    service: &Service,
    heading: ExportRow,
    mut cursor: Cursor,
) -> Result<std::fs::File, ExportError> {
    let (send, receive) = mpsc::channel::<Vec<ExportRow>>(4);
    let writing = tokio::task::spawn_blocking(move || write_sheet(receive));
    let mut rows = vec![heading];
    while !rows.is_empty() {
        if send.send(rows).await.is_err() {
            break;
        }
        (rows, cursor) = service.export_chunk(cursor).await?;
    }
    drop(send);
    writing.await.map_err(|error| ExportError::Io(io::Error::other(error)))?
}

fn write_sheet(mut rows: mpsc::Receiver<Vec<ExportRow>>) -> Result<std::fs::File, ExportError> {
    use std::io::Seek;
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    let mut at = 0;
    while let Some(chunk) = rows.blocking_recv() {
        for row in chunk {
            if at > SHEET_MAX {
                return Err(ExportError::TooMany);
            }
            for (column, cell) in (0..).zip(&row) {
                sheet.write_string(at, column, cell)?;
            }
            at += 1;
        }
    }
    let mut file = tempfile::tempfile()?;
    workbook.save_to_writer(&mut file)?;
    file.rewind()?;
    Ok(file)
}

/// Writes an export into `path`, or to standard output.
///
/// # Errors
/// [`ExportError`].
pub async fn write(
    service: &Service,
    what: Export,
    (format, personal): (&str, bool),
    path: Option<&Path>,
) -> Result<(), ExportError> {
    let cursor = service.begin_export(None, what, personal).await?;
    let Some(mut cursor) = cursor else { return Ok(()) };
    let mut out: Box<dyn io::Write> = match path {
        Some(path) => Box::new(std::fs::File::create(path)?),
        None => Box::new(io::stdout()),
    };
    if format == "xlsx" {
        let mut made = sheet(service, what.heading(personal), cursor).await?;
        io::copy(&mut made, &mut out)?;
        return Ok(out.flush()?);
    }
    out.write_all(BOM.as_bytes())?;
    let mut rows = vec![what.heading(personal)];
    while !rows.is_empty() {
        out.write_all(&lines(&rows)?)?;
        (rows, cursor) = service.export_chunk(cursor).await?;
    }
    Ok(out.flush()?)
}
