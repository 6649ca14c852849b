//! What forms in the browser need the tables of Unicode for: crates on the server, and in the browser
//! its own, which keeps the tables out of the wasm file.

/// Code points of the longest emoji that phones have, and more; what has more counts as several.
const CLUSTER_MAX: usize = 12;

/// Length in characters as people see them (grapheme clusters, UAX #29), the unit of every limit:
/// a family emoji is one. Of a cluster that goes on and on, every twelve code points are one.
#[must_use]
pub fn length(text: &str) -> usize {
    graphemes(text).iter().map(|cluster| cluster.chars().count().div_ceil(CLUSTER_MAX)).sum()
}

/// Normalises to Unicode NFC, so that composed and decomposed characters are the same.
#[must_use]
pub fn nfc(text: &str) -> String {
    #[cfg(not(target_arch = "wasm32"))]
    return unicode_normalization::UnicodeNormalization::nfc(text).collect();
    #[cfg(target_arch = "wasm32")]
    return js_sys::JsString::from(text).normalize("NFC").into();
}

/// The characters of `text` as people see them (extended grapheme clusters, UAX #29).
#[must_use]
pub fn graphemes(text: &str) -> Vec<String> {
    #[cfg(not(target_arch = "wasm32"))]
    return unicode_segmentation::UnicodeSegmentation::graphemes(text, true)
        .map(str::to_owned)
        .collect();
    #[cfg(target_arch = "wasm32")]
    return segmented(text).unwrap_or_else(|| text.chars().map(String::from).collect());
}

/// By `Intl.Segmenter`; `None` in browsers without it, where the server counts more exactly.
#[cfg(target_arch = "wasm32")]
fn segmented(text: &str) -> Option<Vec<String>> {
    use js_sys::{
        Array, Function, Reflect,
        wasm_bindgen::{JsCast, JsValue},
    };
    let get = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).ok();
    let segmenter: Function =
        get(&get(&js_sys::global(), "Intl")?, "Segmenter")?.dyn_into().ok()?;
    let segmenter = Reflect::construct(&segmenter, &Array::new()).ok()?;
    let segment: Function = get(&segmenter, "segment")?.dyn_into().ok()?;
    let segments = segment.call1(&segmenter, &text.into()).ok()?;
    Array::from(&segments).iter().map(|found| get(&found, "segment")?.as_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_what_people_see() {
        for (text, seen) in [
            ("王测试", 3),
            ("e\u{301}", 1),
            ("👨\u{200D}👩\u{200D}👧", 1),
            ("🇨🇳", 1),
            ("👍🏽", 1),
            ("क्षि", 1),
            ("\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}", 1),
            ("", 0),
        ] {
            assert_eq!(length(text), seen, "{text}");
        }
        assert_eq!(length(&format!("a{}", "\u{301}".repeat(119))), 10, "it does not go on and on");
    }
}
