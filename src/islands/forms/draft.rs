//! Drafts: what was typed into a form so far, kept in this browser for whoever typed it. The
//! next person at the phone gets none of it, also where the browser goes back to a form as it
//! was left.

use gloo_storage::{LocalStorage, Storage};
use js_sys::Reflect;
use leptos::prelude::{document, location, window};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

/// Where this browser keeps whose it was last.
const OWNER: &str = "chuangquan.owner";

/// A draft with whose it is.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    owner: String,
    draft: T,
}

/// A place for the drafts of one form by one person.
#[derive(Clone, Debug)]
pub struct Drafts {
    key: &'static str,
    owner: String,
}

impl Drafts {
    /// Those of the form that keeps them under `key`, on a page that says it is `owner`'s.
    /// `None` where the browser went back to a form of somebody else: it is asked for anew.
    /// Without a network the worker shows the form as everyone gets it, which is whoever's was
    /// here last.
    pub fn of(key: &'static str, owner: &str) -> Option<Self> {
        let last = LocalStorage::get::<String>(OWNER).ok();
        let owner = if is_offline() {
            last.unwrap_or_default()
        } else if went_back() && last.is_some_and(|last| last != owner) {
            ask_anew();
            return None;
        } else {
            LocalStorage::set(OWNER, owner).ok();
            owner.to_owned()
        };
        Some(Self { key, owner })
    }

    /// Asks for the page anew where somebody else has been here meanwhile.
    pub fn came_back(&self) {
        if LocalStorage::get::<String>(OWNER).is_ok_and(|last| last != self.owner) {
            ask_anew();
        }
    }

    /// What this person typed; another's is forgotten.
    pub fn get<T: DeserializeOwned>(&self) -> Option<T> {
        let kept = LocalStorage::get::<Kept<T>>(self.key).ok()?;
        if kept.owner == self.owner {
            return Some(kept.draft);
        }
        LocalStorage::delete(self.key);
        None
    }

    /// Keeps what was typed so far; nothing typed is no draft. Private windows have no storage:
    /// then there is none either.
    pub fn keep<T: Serialize + Default + PartialEq>(&self, draft: T) {
        if draft == T::default() {
            LocalStorage::delete(self.key);
        } else {
            LocalStorage::set(self.key, Kept { owner: self.owner.clone(), draft }).ok();
        }
    }
}

/// Forgets what was typed, whoever did: it has been sent.
pub fn forget(key: &str) {
    LocalStorage::delete(key);
}

/// Whether the worker shows the page from its store.
fn is_offline() -> bool {
    document().query_selector(".offline-mark").is_ok_and(|mark| mark.is_some())
}

/// Whether the browser came to this page by going back or forth.
fn went_back() -> bool {
    let entries = || -> Result<JsValue, JsValue> {
        let performance = Reflect::get(&window(), &"performance".into())?;
        let entries = Reflect::get(&performance, &"getEntriesByType".into())?;
        let entries: js_sys::Function = wasm_bindgen::JsCast::dyn_into(entries)?;
        let entries = entries.call1(&performance, &"navigation".into())?;
        Reflect::get(&Reflect::get(&entries, &0.into())?, &"type".into())
    };
    entries().is_ok_and(|kind| kind.as_string().as_deref() == Some("back_forward"))
}

fn ask_anew() {
    // With a fragment it would only be scrolled.
    if let (Ok(path), Ok(query)) = (location().pathname(), location().search()) {
        location().replace(&format!("{path}{query}")).ok();
    }
}
