//! The key of a signing form, and the proof that the phone works out for it.

use leptos::prelude::*;
use service::{Effort, SignatureKey};

/// Hidden fields `key` and `proof`, and the script that fills in the proof where one is asked for.
#[component]
pub fn ProofFields(key: SignatureKey) -> impl IntoView {
    let SignatureKey { text, effort, proof } = key;
    let script = (effort > Effort::NONE).then(|| view! { <script src="/prove.js" defer></script> });
    // The service worker reads the first in this order.
    view! {
        <input type="hidden" name="key" value=text data-effort=effort.0 />
        <input type="hidden" name="proof" value=proof autocomplete="off" />
        {script}
    }
}
