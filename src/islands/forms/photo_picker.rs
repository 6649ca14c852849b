//! Photos: chosen, made smaller, and sent on at once, so that the form itself is light
//! and a refused one has lost nothing. Without scripts it is a plain file field.

use domain::report::photo::PHOTOS_MAX;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::lang;

/// A photo that is on the server already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPhoto {
    /// Its address.
    pub id: String,
    /// Whether it goes with the form.
    pub chosen: bool,
}

/// Said where there is no network: the photo stays in the file field.
fn with_the_form() -> String {
    lang()
        .say(
            "网络不好，照片还没有传上；它会和表单一起提交",
            "The network is bad: the photo is not there yet; it will be sent with the form",
        )
        .to_owned()
}

/// How far a photo has come.
#[derive(Clone, Debug, PartialEq)]
enum Sending {
    /// So many percent.
    Percent(u8),
    /// Someone wanted to send the form meanwhile.
    Waiting,
    /// It did not arrive: why.
    Failed(String),
}

/// The tiles and the file field.
#[island]
pub fn PhotoPicker(
    /// Photos that are on the server already.
    held: Vec<HeldPhoto>,
    /// The field that names them.
    #[prop(into)]
    name: String,
    /// The field that the files themselves are sent in.
    #[prop(into)]
    field: String,
    /// What the server said about the files.
    error: Option<String>,
) -> impl IntoView {
    let lang = lang();
    let held = RwSignal::new(held);
    let sending = RwSignal::new(None::<Sending>);
    let awake = RwSignal::new(false);
    let input = NodeRef::<leptos::html::Input>::new();
    let count = |held: &Vec<HeldPhoto>| held.iter().filter(|photo| photo.chosen).count();
    let full = move || held.with(count) >= PHOTOS_MAX;
    let left = browser::nothing_left();
    // Reads nothing that it changes: an effect that did would send the same files anew with
    // each photo that arrives.
    let take_up = move || {
        let Some(input) = input.get_untracked() else { return };
        let room = PHOTOS_MAX.saturating_sub(held.with_untracked(count));
        browser::send(
            &input,
            room,
            left.get_value(),
            move |percent| sending.set(Some(Sending::Percent(percent))),
            move |result| match result {
                Ok(ids) if ids.is_empty() => sending.set(Some(Sending::Failed(with_the_form()))),
                Ok(ids) => {
                    let arrived = ids.into_iter().map(|id| HeldPhoto { id, chosen: true });
                    held.update(|held| held.extend(arrived));
                    sending.set(None);
                }
                Err(sentence) => sending.set(Some(Sending::Failed(sentence))),
            },
        );
    };
    // What was chosen before this woke is taken up, too.
    Effect::new(move |_| {
        awake.set(true);
        take_up();
    });
    let tiles = move || {
        let name = name.clone();
        let photos = held.get().into_iter().enumerate();
        let tile = photos.map(move |(i, photo)| {
            let src = format!("/photos/{}?size=thumb", photo.id);
            let id = photo.id.clone();
            let on_tick = move |event| {
                let ticked = event_target_checked(&event);
                held.update(|held| {
                    if let Some(photo) = held.iter_mut().find(|photo| photo.id == id) {
                        photo.chosen = ticked;
                    }
                });
            };
            view! {
                <label class="tile">
                    <img src=src alt=format!("{}{}", lang.say("已选的照片", "Chosen photo "), i + 1) width="104" height="104" />
                    <span class="tile__keep">
                        <input type="checkbox" name=name.clone() value=photo.id checked=photo.chosen on:change=on_tick />
                        {lang.say("用这张", "Use this")}
                    </span>
                </label>
            }
        });
        tile.collect_view()
    };
    let said = move || match sending.get() {
        Some(Sending::Percent(percent)) => {
            Some(format!("{} {percent}%", lang.say("正在上传", "Sending")))
        }
        Some(Sending::Waiting) => Some(
            lang.say("照片还在上传，传完再提交", "Photos are still being sent; please wait")
                .to_owned(),
        ),
        Some(Sending::Failed(sentence)) => Some(sentence),
        None => None,
    };
    let busy =
        move || matches!(*sending.read_untracked(), Some(Sending::Percent(_) | Sending::Waiting));
    // A form that is sent while its photos are under way would lose them.
    Effect::new(move |_| {
        if let Some(input) = input.get_untracked() {
            browser::hold_back(&input, move || {
                let busy = busy();
                if busy {
                    sending.set(Some(Sending::Waiting));
                }
                busy
            });
        }
    });
    let described = error.is_some().then(|| format!("error-{field}"));
    let invalid = error.is_some().then_some("true");
    view! {
        <div class="tiles">
            {tiles}
            <label class="tile tile_add" class:tile_full=full class:tile_awake=awake>
                <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
                    <path class="icon__line" d="M4 7.500h3.500L9 5h6l1.500 2.500H20V19H4zM12 16a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400z" />
                </svg>
                <span>{lang.say("加照片", "Add photos")}</span>
                <span class="tile__hint">{lang.say("拍照，或从相册选", "Take or choose pictures")}</span>
                <input
                    class="tile__file"
                    type="file"
                    name=field
                    accept="image/jpeg,image/png,image/webp"
                    multiple
                    node_ref=input
                    aria-invalid=invalid
                    aria-describedby=described
                    on:change=move |_| take_up()
                />
            </label>
        </div>
        <p class="tiles__said" role="status">{said}</p>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::{cell::RefCell, rc::Rc};

    use leptos::{prelude::*, task::spawn_local};
    use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{
        Blob, CanvasRenderingContext2d, DataTransfer, File, FilePropertyBag, FormData,
        HtmlCanvasElement, HtmlImageElement, HtmlInputElement, ProgressEvent, Url, XmlHttpRequest,
    };

    use crate::lang;

    /// The longer side of what is sent, in pixels.
    const LONGEST: f64 = 1600.0;
    /// JPEG quality of 1.
    const QUALITY: f64 = 0.85;
    /// How long a photo may be on its way without getting on, in milliseconds.
    const PATIENCE: u32 = 60_000;

    /// Photos of one field that did not arrive, to go with the form.
    #[derive(Clone, Debug, Default)]
    pub struct Left(Rc<RefCell<Vec<File>>>);

    /// No photo is left yet.
    pub fn nothing_left() -> StoredValue<Left, LocalStorage> {
        StoredValue::new_local(Left::default())
    }

    #[derive(serde::Deserialize)]
    struct Answer {
        held: Vec<String>,
        error: Option<String>,
    }

    /// Said of a photo that did not arrive.
    fn failed() -> String {
        let sentence = lang().say(
            "没有传上，请再选一次；网络不好时可以不附照片",
            "It was not sent; please choose it again, or go without it on a bad network",
        );
        sentence.to_owned()
    }

    /// Sends what was chosen, as far as there is room: one lot at a time. What does not
    /// arrive stays in the field, and goes with the form; then `done` hears of no photo.
    pub fn send(
        input: &HtmlInputElement,
        room: usize,
        left: Left,
        progress: impl Fn(u8) + Copy + 'static,
        done: impl Fn(Result<Vec<String>, String>) + Copy + 'static,
    ) {
        // A lot is on its way already.
        if input.disabled() {
            return;
        }
        let Some(list) = input.files() else { return };
        let files: Vec<File> = (0..list.length()).filter_map(|i| list.get(i)).collect();
        if files.is_empty() {
            return;
        }
        let input = input.clone();
        input.set_disabled(true);
        spawn_local(async move {
            let room = room.saturating_sub(left.0.borrow().len());
            let too_many = files.len() > room;
            for file in files.into_iter().take(room) {
                progress(0);
                let smaller = smaller(&file).await.ok();
                match upload(&file, smaller.as_ref(), progress).await {
                    Ok(Answer { held, error: None }) => done(Ok(held)),
                    Ok(Answer { error: Some(sentence), .. }) => done(Err(sentence)),
                    Err(_) => match as_file(file, smaller.as_ref()) {
                        Ok(file) => {
                            left.0.borrow_mut().push(file);
                            done(Ok(Vec::new()));
                        }
                        Err(_) => done(Err(failed())),
                    },
                }
            }
            input.set_value("");
            input.set_disabled(false);
            if put_back(&input, &left.0.borrow()).is_err() {
                left.0.take();
                done(Err(failed()));
            }
            if too_many {
                done(Err(lang()
                    .say("最多3张照片，多的没有选上", "At most 3 photos; the others were not taken")
                    .to_owned()));
            }
        });
    }

    fn as_file(file: File, smaller: Option<&Blob>) -> Result<File, JsValue> {
        let Some(smaller) = smaller else { return Ok(file) };
        let kind = FilePropertyBag::new();
        kind.set_type("image/jpeg");
        File::new_with_blob_sequence_and_options(&js_sys::Array::of1(smaller), "photo.jpg", &kind)
    }

    /// Puts the photos that did not arrive into the field.
    fn put_back(input: &HtmlInputElement, left: &[File]) -> Result<(), JsValue> {
        let transfer = DataTransfer::new()?;
        left.iter().try_for_each(|file| transfer.items().add_with_file(file).map(drop))?;
        input.set_files(transfer.files().as_ref());
        Ok(())
    }

    /// Keeps the form from being sent while `busy` says so.
    pub fn hold_back(input: &HtmlInputElement, busy: impl Fn() -> bool + 'static) {
        let Ok(Some(form)) = input.closest("form") else { return };
        let listener = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            if busy() {
                event.prevent_default();
                event.stop_immediate_propagation();
            }
        });
        // Before any other listener hears of it.
        form.add_event_listener_with_callback_and_bool(
            "submit",
            listener.into_js_value().unchecked_ref(),
            true,
        )
        .ok();
    }

    /// The picture in a size that is enough; fails where the browser can't read it.
    async fn smaller(file: &File) -> Result<Blob, JsValue> {
        let address = Url::create_object_url_with_blob(file)?;
        let image = HtmlImageElement::new()?;
        image.set_src(&address);
        let decoded = JsFuture::from(image.decode()).await;
        Url::revoke_object_url(&address)?;
        decoded?;
        let (width, height) = (f64::from(image.natural_width()), f64::from(image.natural_height()));
        let scale = (LONGEST / width.max(height)).min(1.0);
        let (width, height) = ((width * scale).round(), (height * scale).round());
        let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 1600")]
        {
            canvas.set_width(width as u32);
            canvas.set_height(height as u32);
        }
        let context = canvas.get_context("2d")?.ok_or(JsValue::NULL)?;
        let context: CanvasRenderingContext2d = context.unchecked_into();
        context
            .draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, width, height)?;
        let made = js_sys::Promise::new(&mut |resolve, _| {
            canvas
                .to_blob_with_type_and_encoder_options(&resolve, "image/jpeg", &QUALITY.into())
                .ok();
        });
        JsFuture::from(made).await?.dyn_into()
    }

    async fn upload(
        file: &File,
        smaller: Option<&Blob>,
        progress: impl Fn(u8) + 'static,
    ) -> Result<Answer, JsValue> {
        let form = FormData::new()?;
        match smaller {
            Some(blob) => form.append_with_blob_and_filename("photos", blob, "photo.jpg")?,
            None => form.append_with_blob_and_filename("photos", file, &file.name())?,
        }
        // Only this old interface tells how much has been sent.
        let request = XmlHttpRequest::new()?;
        request.open("POST", "/report/photos")?;
        request.set_request_header("Accept", "application/json")?;
        request.set_timeout(PATIENCE);
        let sent = Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of 100"
            )]
            progress((event.loaded() / event.total().max(1.0) * 100.0) as u8);
        });
        request.upload()?.set_onprogress(Some(sent.as_ref().unchecked_ref()));
        let ended = js_sys::Promise::new(&mut |resolve, _| {
            request.set_onloadend(Some(&resolve));
        });
        request.send_with_opt_form_data(Some(&form))?;
        JsFuture::from(ended).await?;
        let text = request.response_text()?.unwrap_or_default();
        serde_json::from_str(&text).map_err(|error| error.to_string().into())
    }
}

/// On the server nothing is sent.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use leptos::{prelude::StoredValue, web_sys::HtmlInputElement};

    /// Nothing is left.
    #[derive(Clone, Debug)]
    pub struct Left;

    /// Not bound to a thread: pages are drawn by many.
    pub fn nothing_left() -> StoredValue<Left> {
        StoredValue::new(Left)
    }

    pub fn hold_back(_: &HtmlInputElement, _: impl Fn() -> bool + 'static) {}

    pub fn send(
        _: &HtmlInputElement,
        _: usize,
        _: Left,
        _: impl Fn(u8) + Copy + 'static,
        _: impl Fn(Result<Vec<String>, String>) + Copy + 'static,
    ) {
    }
}
