//! Photo upload: scales photos down and uploads them at once, so that the form is small and a
//! refused form loses no photos. Without scripts a plain file input.

use domain::report::photo::PHOTOS_MAX;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::lang;

/// An uploaded photo that is not part of a report yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPhoto {
    /// Id of the photo, as in its URL.
    pub id: String,
    /// Whether it is submitted with the form.
    pub chosen: bool,
}

/// Message on a network failure: the photo stays in the file input.
fn sent_with_form_message() -> String {
    lang()
        .say(
            "网络不好，照片还没有传上；它会和表单一起提交",
            "The network is bad: the photo is not there yet; it will be sent with the form",
        )
        .to_owned()
}

/// Status of the current upload.
#[derive(Clone, Debug, PartialEq)]
enum UploadStatus {
    /// In progress: percent done.
    InProgress(u8),
    /// In progress, and the user has tried to submit the form.
    SubmitBlocked,
    /// Failed: the error message.
    Failed(String),
}

/// Uploaded photos as tiles, and the file input.
#[island]
pub fn PhotoPicker(
    /// Photos that the server already holds.
    held: Vec<HeldPhoto>,
    /// Name of the field for the ids of held photos.
    #[prop(into)]
    name: String,
    /// Name of the file input.
    #[prop(into)]
    field: String,
    /// Error from the server.
    error: Option<String>,
) -> impl IntoView {
    let lang = lang();
    let held = RwSignal::new(held);
    let sending = RwSignal::new(None::<UploadStatus>);
    let awake = RwSignal::new(false);
    let input = NodeRef::<leptos::html::Input>::new();
    let count = |held: &Vec<HeldPhoto>| held.iter().filter(|photo| photo.chosen).count();
    let full = move || held.with(count) >= PHOTOS_MAX;
    let unsent = browser::no_unsent_photos();
    // Reads no signal that it changes. Otherwise the effect below would run again for each uploaded
    // photo, and upload the same files again.
    let upload_chosen = move || {
        let Some(input) = input.get_untracked() else { return };
        let room = PHOTOS_MAX.saturating_sub(held.with_untracked(count));
        browser::send(
            &input,
            room,
            unsent.get_value(),
            move |percent| sending.set(Some(UploadStatus::InProgress(percent))),
            move |result| match result {
                Ok(ids) if ids.is_empty() => {
                    sending.set(Some(UploadStatus::Failed(sent_with_form_message())))
                }
                Ok(ids) => {
                    let arrived = ids.into_iter().map(|id| HeldPhoto { id, chosen: true });
                    held.update(|held| held.extend(arrived));
                    sending.set(None);
                }
                Err(sentence) => sending.set(Some(UploadStatus::Failed(sentence))),
            },
        );
    };
    // The user may have chosen files before hydration.
    Effect::new(move |_| {
        awake.set(true);
        upload_chosen();
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
        Some(UploadStatus::InProgress(percent)) => {
            Some(format!("{} {percent}%", lang.say("正在上传", "Sending")))
        }
        Some(UploadStatus::SubmitBlocked) => Some(
            lang.say("照片还在上传，传完再提交", "Photos are still being sent; please wait")
                .to_owned(),
        ),
        Some(UploadStatus::Failed(sentence)) => Some(sentence),
        None => None,
    };
    let busy = move || {
        matches!(
            *sending.read_untracked(),
            Some(UploadStatus::InProgress(_) | UploadStatus::SubmitBlocked)
        )
    };
    // Submitting during an upload would lose the photos.
    Effect::new(move |_| {
        if let Some(input) = input.get_untracked() {
            browser::block_submit_while(&input, move || {
                let busy = busy();
                if busy {
                    sending.set(Some(UploadStatus::SubmitBlocked));
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
                    on:change=move |_| upload_chosen()
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

    /// Maximum width and height of an uploaded photo, in pixels.
    const MAX_SIDE: f64 = 1600.0;
    /// JPEG quality, from 0 to 1.
    const QUALITY: f64 = 0.85;
    /// Timeout of one upload, in milliseconds.
    const UPLOAD_TIMEOUT: u32 = 60_000;

    /// Photos of one file input whose upload failed; they are submitted with the form.
    #[derive(Clone, Debug, Default)]
    pub struct UnsentPhotos(Rc<RefCell<Vec<File>>>);

    /// An empty list of unsent photos.
    pub fn no_unsent_photos() -> StoredValue<UnsentPhotos, LocalStorage> {
        StoredValue::new_local(UnsentPhotos::default())
    }

    #[derive(serde::Deserialize)]
    struct UploadResponse {
        held: Vec<String>,
        error: Option<String>,
        /// Whether the photo may be sent again, with the form.
        keep: bool,
    }

    /// Error message for a photo that was not uploaded.
    fn failed() -> String {
        let sentence = lang().say(
            "没有传上，请再选一次；网络不好时可以不附照片",
            "It was not sent; please choose it again, or go without it on a bad network",
        );
        sentence.to_owned()
    }

    /// Uploads the chosen files, at most `room`; one batch at a time. A file that fails stays in
    /// the file input, to be submitted with the form; `done` then gets an empty list.
    pub fn send(
        input: &HtmlInputElement,
        room: usize,
        unsent: UnsentPhotos,
        progress: impl Fn(u8) + Copy + 'static,
        done: impl Fn(Result<Vec<String>, String>) + Copy + 'static,
    ) {
        // Another batch is being uploaded.
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
            let room = room.saturating_sub(unsent.0.borrow().len());
            let too_many = files.len() > room;
            for file in files.into_iter().take(room) {
                progress(0);
                let smaller = scaled_down(&file).await.ok();
                match upload(&file, smaller.as_ref(), progress).await {
                    Ok(UploadResponse { held, error: None, .. }) => done(Ok(held)),
                    Ok(UploadResponse { error: Some(sentence), keep: false, .. }) => {
                        done(Err(sentence));
                    }
                    Ok(_) | Err(_) => match as_file(file, smaller.as_ref()) {
                        Ok(file) => {
                            unsent.0.borrow_mut().push(file);
                            done(Ok(Vec::new()));
                        }
                        Err(_) => done(Err(failed())),
                    },
                }
            }
            input.set_value("");
            input.set_disabled(false);
            if restore_files(&input, &unsent.0.borrow()).is_err() {
                unsent.0.take();
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

    /// Puts the unsent photos back into the file input.
    fn restore_files(input: &HtmlInputElement, unsent: &[File]) -> Result<(), JsValue> {
        let transfer = DataTransfer::new()?;
        unsent.iter().try_for_each(|file| transfer.items().add_with_file(file).map(drop))?;
        input.set_files(transfer.files().as_ref());
        Ok(())
    }

    /// Prevents submission of the form while `busy` returns true.
    pub fn block_submit_while(input: &HtmlInputElement, busy: impl Fn() -> bool + 'static) {
        let Ok(Some(form)) = input.closest("form") else { return };
        let listener = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            if busy() {
                event.prevent_default();
                event.stop_immediate_propagation();
            }
        });
        // In the capture phase: before other submit listeners.
        form.add_event_listener_with_callback_and_bool(
            "submit",
            listener.into_js_value().unchecked_ref(),
            true,
        )
        .ok();
    }

    /// The photo scaled down to a JPEG; fails if the browser cannot decode it.
    async fn scaled_down(file: &File) -> Result<Blob, JsValue> {
        let address = Url::create_object_url_with_blob(file)?;
        let image = HtmlImageElement::new()?;
        image.set_src(&address);
        let decoded = JsFuture::from(image.decode()).await;
        Url::revoke_object_url(&address)?;
        decoded?;
        let (width, height) = (f64::from(image.natural_width()), f64::from(image.natural_height()));
        let scale = (MAX_SIDE / width.max(height)).min(1.0);
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
    ) -> Result<UploadResponse, JsValue> {
        let form = FormData::new()?;
        match smaller {
            Some(blob) => form.append_with_blob_and_filename("photos", blob, "photo.jpg")?,
            None => form.append_with_blob_and_filename("photos", file, &file.name())?,
        }
        // `fetch` does not report upload progress, so XMLHttpRequest is used.
        let request = XmlHttpRequest::new()?;
        request.open("POST", "/report/photos")?;
        request.set_request_header("Accept", "application/json")?;
        request.set_timeout(UPLOAD_TIMEOUT);
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

/// Server side: no upload.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use leptos::{prelude::StoredValue, web_sys::HtmlInputElement};

    /// Placeholder of the browser type.
    #[derive(Clone, Debug)]
    pub struct UnsentPhotos;

    /// Not thread-local: the server renders pages on many threads.
    pub fn no_unsent_photos() -> StoredValue<UnsentPhotos> {
        StoredValue::new(UnsentPhotos)
    }

    pub fn block_submit_while(_: &HtmlInputElement, _: impl Fn() -> bool + 'static) {}

    pub fn send(
        _: &HtmlInputElement,
        _: usize,
        _: UnsentPhotos,
        _: impl Fn(u8) + Copy + 'static,
        _: impl Fn(Result<Vec<String>, String>) + Copy + 'static,
    ) {
    }
}
