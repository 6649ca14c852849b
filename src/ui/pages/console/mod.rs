//! Console: pages for staff. Same document as the public pages, without the tab bar.

pub mod account;
pub mod case;
pub mod check;
pub mod duty;
pub mod factor;
pub mod login;
pub mod messages;
pub mod new;
pub mod posters;
pub mod quarantine;
pub mod queue;
pub mod signatures;
pub mod staff_page;
pub mod stats;
pub mod weekly;

use std::sync::Arc;

use domain::staff::{Role, Staff};
use leptos::prelude::*;

use crate::{
    context::{Page, PageOutcome},
    error::Refusal,
    parts::{
        form::owner::{OwnerField, Personal},
        frame::title::PageTitle,
    },
};

/// The signed-in staff member. The server has admitted nobody else; if missing, refuses.
pub fn signed_in_staff(page: &Page) -> Option<Arc<Staff>> {
    let staff = page.staff.clone();
    if staff.is_none() {
        page.set_outcome(PageOutcome::Refuse(Refusal::NotFound));
    }
    staff
}

/// Frame of a console page: title, navigation by role, logout.
pub fn console_frame(page: &Page, staff: &Staff, title: &'static str, content: AnyView) -> AnyView {
    let links = [
        ("/console", "队列", Role::GridWorker),
        ("/console/new", "登记", Role::GridWorker),
        ("/console/check", "核查", Role::GridWorker),
        ("/console/duty", "清单", Role::GridWorker),
        ("/console/stats", "统计", Role::GridWorker),
        ("/console/weekly", "周报", Role::GridWorker),
        ("/console/messages", "寄语", Role::BranchLead),
        ("/console/posters", "海报", Role::GridWorker),
        ("/console/signatures", "签名", Role::Manager),
        ("/console/staff", "人员", Role::Manager),
        ("/console/account", "我", Role::GridWorker),
    ];
    let path = page.path.clone();
    let links = links.into_iter().filter(|(_, _, least)| staff.role >= *least);
    let links = links.map(|(href, word, _)| {
        let here = path == href || (href == "/console" && path.starts_with("/console/reports"));
        let current = here.then_some("page");
        view! { <a class="console-bar__item" href=href aria-current=current>{word}</a> }
    });
    let links = links.collect_view();
    let who = format!("{} {}", staff.role.title(), staff.name);
    view! {
        <PageTitle text=title />
        <Personal />
        <header class="console-bar">
            <nav class="console-bar__items" aria-label="工作台">{links}</nav>
            <form class="console-bar__who" method="post" action="/console/logout">
                <OwnerField />
                <span>{who}</span>
                <button class="console-bar__out" type="submit">"退出"</button>
            </form>
        </header>
        <main id="main" class="console">{content}</main>
    }
    .into_any()
}
