//! Compressed HTML responses: each encoding is made once, with a known length.

use std::{io::Write, sync::OnceLock};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use flate2::{Compression, write::GzEncoder};

/// Brotli's quality for a page that one person gets: higher ones cost more time than its last
/// bytes are worth.
const ONCE: u32 = 5;

/// That for a page which is compressed once and sent many times: a twelfth smaller, for half as
/// much time again.
const FOR_MANY: u32 = 7;

/// A page in every form that was asked for so far.
#[derive(Debug)]
pub struct Encoded {
    plain: Bytes,
    quality: u32,
    brotli: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

impl Encoded {
    pub const fn new(plain: Bytes) -> Self {
        Self { plain, quality: ONCE, brotli: OnceLock::new(), gzip: OnceLock::new() }
    }

    /// The same, to be sent to many.
    pub fn for_many(self) -> Self {
        Self { quality: FOR_MANY, ..self }
    }

    /// The form that suits the asker, with the name that it has in HTTP.
    fn encoded_for(&self, headers: &HeaderMap) -> (Bytes, Option<&'static str>) {
        if accepts(headers, "br") {
            (self.brotli.get_or_init(|| brotli(&self.plain, self.quality)).clone(), Some("br"))
        } else if accepts(headers, "gzip") {
            (self.gzip.get_or_init(|| gzip(&self.plain)).clone(), Some("gzip"))
        } else {
            (self.plain.clone(), None)
        }
    }

    /// An HTML response to someone who sent `headers`.
    pub fn response(&self, headers: &HeaderMap) -> Response {
        let (bytes, encoding) = self.encoded_for(headers);
        let mut response = Response::new(Body::from(bytes));
        let ours = response.headers_mut();
        ours.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        ours.insert(header::VARY, HeaderValue::from_static("accept-encoding, cookie"));
        if let Some(encoding) = encoding {
            ours.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }
}

/// Whether `Accept-Encoding` names `encoding` with a weight above nothing.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).iter();
    all.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        name.trim().eq_ignore_ascii_case(encoding) && weight.unwrap_or(0.0_f32) > 0.0
    })
}

fn brotli(plain: &[u8], quality: u32) -> Bytes {
    let mut out = Vec::with_capacity(plain.len() / 3);
    // Writing into memory does not fail.
    brotli::CompressorWriter::new(&mut out, 4096, quality, 20).write_all(plain).ok();
    out.into()
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::default());
    encoder.write_all(plain).ok();
    encoder.finish().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_asker_chooses() {
        let page = Encoded::new("<p>创全</p>".repeat(100).into());
        for (accept, encoding) in [
            ("gzip, deflate, br", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("br;q=x", None),
            ("identity", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(accept).unwrap());
            assert_eq!(page.encoded_for(&headers).1, encoding, "{accept}");
        }
        assert!(page.brotli.get().unwrap().len() < page.plain.len() / 4);
        assert!(page.gzip.get().unwrap().len() < page.plain.len() / 4);
    }
}
