//! Entry points for fuzzing: each parser of untrusted input behind a function that takes bytes;
//! used by `fuzz/` and by the test that replays its corpus.
//!
//! None may panic; each asserts the invariants of its result.

use std::convert::Infallible;

use axum::{
    body::Body,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, header},
};
use axum_extra::extract::cookie::Key;
use bytes::Bytes;
use domain::{
    campaign::Campaign,
    client_network::ClientNetwork,
    report::{
        Action, CaseNumber, Code, Source,
        action::command::{Command, FormFields},
        filter::ReportFilter,
        form::DESCRIPTION_MAX,
        residents::reporter::ReporterCommand,
    },
    text,
    visitor::VisitorId,
};
use service::BYTES_MAX;
use tokio_util::sync::CancellationToken;

use super::{
    forms::{
        memory::{self, Sender},
        multipart::PostedForm,
        urlencoded::Fields,
    },
    handlers::{display, report, signature},
    http::client_ip,
    session::{cookies::CookieKeys, device, staff, visitor},
};

/// A form of text fields: as every handler reads it.
pub fn form(campaign: &Campaign, body: &[u8]) {
    let Ok(fields) = Fields::parse(body) else { return };
    if let Ok(signature) = signature::form_of(&fields).check(campaign) {
        let length = text::length(signature.name.as_str());
        assert!((1..=text::Name::MAX).contains(&length) && !signature.pledges.is_empty());
    }
    of_reports(campaign, &fields);
    filter(&fields);
}

fn of_reports(campaign: &Campaign, sent: &impl FormFields) {
    for source in [Source::Resident, Source::Hotline] {
        if let Ok(report) = report::form_of(sent).check(campaign, source) {
            assert!(text::length(&report.description) <= DESCRIPTION_MAX);
            assert!(report.position.is_none_or(|at| at.lat.abs() <= 90.0 && at.lon.abs() <= 180.0));
        }
    }
    for action in Action::ALL {
        Command::parse(action, sent, campaign).ok();
    }
    ReporterCommand::rate(sent).ok();
    ReporterCommand::add(sent, 0, 0).ok();
}

/// What a query asks for, and comes back as.
fn filter(fields: &Fields) {
    let filter = ReportFilter::from_query(|name| Some(fields.first(name)));
    let parts = filter.query_pairs();
    let again = ReportFilter::from_query(|name| {
        parts.iter().find(|(part, _)| *part == name).map(|(_, value)| value.clone())
    });
    assert_eq!(filter.query_pairs(), again.query_pairs(), "a filter that is linked to is the same");
    if let Some(number) = CaseNumber::parse(&filter.q) {
        assert_eq!(CaseNumber::parse(&number.to_string()), Some(number));
    }
    Code::parse(&filter.q).ok();
}

/// A form with files: the first line is its kind, the rest comes in pieces.
pub async fn multipart(campaign: &Campaign, bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (content_type, body) = bytes.split_at(end);
    let Ok(kind) = HeaderValue::from_bytes(content_type) else { return };
    let body = body.get(1..).unwrap_or_default();
    // Chunk size from the first byte, so that chunk boundaries fall anywhere within a field.
    let size = usize::from(body.first().copied().unwrap_or_default()).max(1);
    let pieces: Vec<_> =
        body.chunks(size).map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece))).collect();
    let body = Body::from_stream(futures::stream::iter(pieces));
    let request = Request::builder().header(header::CONTENT_TYPE, kind).body(body);
    let Ok(request) = request else { return };
    let (memory, network) = (memory::shared(), ClientNetwork::unknown());
    let visitor = VisitorId::parse(&"a".repeat(22));
    let evicted = &CancellationToken::new();
    let sender = Sender { memory: &memory, visitor: visitor.as_ref(), network: &network, evicted };
    let Ok(posted) = PostedForm::of(request, sender).await else {
        assert_eq!(memory.taken(), 0, "a refused form holds nothing");
        return;
    };
    let all: usize = posted.files.iter().map(|(_, file)| file.len()).sum();
    assert!(posted.files.iter().all(|(_, file)| file.len() <= BYTES_MAX));
    assert!(memory.taken() * memory::UNIT >= all);
    of_reports(campaign, &posted);
    drop(posted);
    assert_eq!(memory.taken(), 0, "all memory is given back");
}

/// Headers, one on a line, of which cookies, language and address are read; then what
/// stands in a cookie that is ours.
pub fn cookies(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or_default();
        let (name, value) = line.split_at(colon);
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name),
            HeaderValue::from_bytes(value.get(1..).unwrap_or_default()),
        ) {
            headers.append(name, value);
        }
    }
    let old = Key::from(&[8; 64]);
    let keys = CookieKeys::new(Key::from(&[7; 64]), [old]);
    assert!(visitor::visitor_of_request(&headers, &keys, false).is_none(), "nobody has our key");
    visitor::large_text_of(&headers);
    visitor::lang_of(&headers);
    let trusted = ["10.0.0.0/8", "2000::/3"].map(client_ip::network);
    let trusted: Vec<_> = trusted.into_iter().flatten().collect();
    let mut extensions = Extensions::new();
    extensions.insert(client_ip::Peer([10, 0, 0, 1].into()));
    client_ip::client_address(&extensions, &headers, &trusted).ok();
    let back = display::back("/look", &headers);
    assert!(back.starts_with('/') && !back.starts_with("//"), "{back}");
    if let Ok(text) = std::str::from_utf8(bytes) {
        visitor::parse(text, visitor::LIFETIME);
        device::read_device(text);
        let next = staff::safe_next(text);
        assert!(next.starts_with("/console"), "{next}");
        client_ip::network(text).ok();
    }
}

/// A campaign file.
pub fn campaign_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(checked) = campaign::parse("fuzz.toml", text) {
        assert!(!checked.campaign.pledges.is_empty() && !checked.campaign.categories.is_empty());
    }
}
