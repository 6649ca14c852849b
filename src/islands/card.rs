//! Pledge card (文明承诺卡) as an image, drawn on a canvas; a long press saves or sends it.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::lang;

/// A plane tree leaf as SVG path data in a 48 × 48 view box.
pub const LEAF: &str = "M24 3c1.500 4 2.500 6.500 4 9 2-1.500 4-2.500 7-3-.5 3-.5 5.500-.2 7.800 3.200-.4 6.200-.2 10.200.700-2.500 3-4 5-5 7.500 2 1 3.500 2.300 5 4.500-4.500.5-8 1-11.500 2.500.2 2 0 4-1 6.500-3-1.500-5.500-3-7.300-5.300L25.500 45h-3l.3-11.800c-1.800 2.300-4.300 3.800-7.300 5.300-1-2.500-1.200-4.500-1-6.500C11 30.500 7.500 30 3 29.500c1.500-2.200 3-3.500 5-4.500-1-2.500-2.500-4.500-5-7.500 4-.9 7-1.100 10.200-.7.3-2.300.3-4.800-.2-7.800 3 .5 5 1.500 7 3 1.500-2.500 2.500-5 4-9z";

/// Text of the card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardText {
    /// Name of the signer.
    pub name: String,
    /// Number of the signature, as text (第 N 位).
    pub number: String,
    /// Titles of the pledges.
    pub pledges: Vec<String>,
    /// Street and grid of the signer.
    pub place: String,
    /// The day of signing.
    pub day: String,
    /// QR code of the home page: rows of `1` (dark) and `0` (light) modules.
    pub code: Vec<String>,
}

/// Button that draws the card, then the image with a download link.
#[island]
pub fn CardPicture(
    /// Text of the card.
    card: CardText,
) -> impl IntoView {
    let lang = lang();
    let awake = RwSignal::new(false);
    let picture = RwSignal::new(None::<String>);
    Effect::new(move |_| awake.set(true));
    let (name, number) = (&card.name, &card.number);
    let label = lang.say(
        format!("{name}的文明承诺卡，{number}"),
        format!("Civility pledge card of {name}, {number}"),
    );
    let draw = move |_| picture.set(browser::draw(&card));
    let shown = move || {
        picture.get().map(|source| {
            view! {
                <p class="hint" role="status">{lang.say("长按图片，可以保存，也可以发给家人和邻居", "Press and hold the picture to save it or send it to family and neighbours")}</p>
                <img class="card-picture__image" src=source.clone() alt=label.clone() width="750" height="1200" />
                <a class="weui-btn weui-btn_default" href=source download=lang.say("文明承诺卡.png", "pledge-card.png")>{lang.say("下载图片", "Download")}</a>
            }
        })
    };
    view! {
        <div class="card-picture" hidden=move || !awake.get()>
            <button class="weui-btn weui-btn_primary" type="button" hidden=move || picture.read().is_some() on:click=draw>
                {lang.say("做成图片", "Make a picture")}
            </button>
            {shown}
        </div>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::document;
    use wasm_bindgen::{JsCast, JsValue};
    use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, Path2d};

    use super::{CardText, LEAF, lang};

    /// Width and height in pixels.
    const SIZE: (u32, u32) = (750, 1200);
    const FONT: &str = "'PingFang SC','HarmonyOS Sans SC','MiSans','Microsoft YaHei','Noto Sans CJK SC',sans-serif";
    const PAPER: &str = "#fff8ec";
    const INK: &str = "#3b2a12";
    const GOLD: &str = "#8a5a00";
    const LINE: &str = "#c49a3a";
    /// Size of the QR code with its quiet zone, and its top edge, in pixels.
    const CODE: f64 = 232.0;
    const CODE_TOP: f64 = 866.0;

    /// The card as a PNG data URL; `None` if the browser cannot draw it.
    pub fn draw(card: &CardText) -> Option<String> {
        let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
        canvas.set_width(SIZE.0);
        canvas.set_height(SIZE.1);
        let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
        paint(&context, card).ok()?;
        canvas.to_data_url_with_type("image/png").ok()
    }

    fn paint(c: &CanvasRenderingContext2d, card: &CardText) -> Result<(), JsValue> {
        let lang = lang();
        let (width, height) = (f64::from(SIZE.0), f64::from(SIZE.1));
        c.set_fill_style_str(PAPER);
        c.fill_rect(0.0, 0.0, width, height);
        c.set_stroke_style_str(LINE);
        c.set_line_width(2.0);
        for inset in [28.0, 38.0] {
            c.stroke_rect(inset, inset, width - 2.0 * inset, height - 2.0 * inset);
        }
        let leaf = Path2d::new_with_path_string(LEAF)?;
        c.set_fill_style_str("rgba(196,154,58,.45)");
        for (x, y, turned) in [(118.0, 122.0, -0.6), (width - 118.0, height - 122.0, 2.5)] {
            c.save();
            c.translate(x, y)?;
            c.rotate(turned)?;
            c.scale(2.4, 2.4)?;
            c.translate(-24.0, -24.0)?;
            c.fill_with_path_2d(&leaf);
            c.restore();
        }
        c.set_text_align("center");
        let line = |text: &str, size: f64, weight: &str, colour: &str, y: f64| {
            // Text that is too wide gets a smaller font, down to 24 px.
            let mut size = size;
            loop {
                c.set_font(&format!("{weight} {size}px {FONT}"));
                if size < 24.0 || c.measure_text(text)?.width() <= width - 150.0 {
                    break;
                }
                size -= 4.0;
            }
            c.set_fill_style_str(colour);
            c.fill_text(text, width / 2.0, y)
        };
        line(lang.say("文 明 承 诺 卡", "CIVILITY PLEDGE CARD"), 36.0, "400", GOLD, 170.0)?;
        line(&card.name, 112.0, "600", INK, 318.0)?;
        line(&card.number, 46.0, "500", GOLD, 400.0)?;
        line(lang.say("我承诺", "I pledge"), 32.0, "400", INK, 486.0)?;
        let mut y = 554.0;
        for pledge in &card.pledges {
            line(pledge, 44.0, "600", INK, y)?;
            y += 62.0;
        }
        line(&card.place, 30.0, "400", GOLD, 790.0)?;
        line(&card.day, 30.0, "400", GOLD, 832.0)?;
        draw_qr_code(c, card, (width - CODE) / 2.0);
        line(
            lang.say("扫一扫，一起签下文明承诺", "Scan to sign the civility pledge too"),
            28.0,
            "400",
            GOLD,
            1134.0,
        )
    }

    fn draw_qr_code(c: &CanvasRenderingContext2d, card: &CardText, left: f64) {
        c.set_fill_style_str("#fff");
        c.fill_rect(left, CODE_TOP, CODE, CODE);
        c.set_fill_style_str("#000");
        // A quiet zone of four modules on each side (ISO/IEC 18004), and modules of whole pixels.
        let modules = card.code.len() as f64;
        let module = (CODE / (modules + 8.0)).floor();
        let start = ((CODE - module * modules) / 2.0).floor();
        for (y, row) in card.code.iter().enumerate() {
            for (x, _) in row.bytes().enumerate().filter(|(_, dark)| *dark == b'1') {
                let (x, y) = (x as f64 * module, y as f64 * module);
                c.fill_rect(left + start + x, CODE_TOP + start + y, module, module);
            }
        }
    }
}

/// Server side: no canvas.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use super::CardText;

    pub const fn draw(_: &CardText) -> Option<String> {
        None
    }
}
