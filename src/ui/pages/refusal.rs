//! Pages that say why not, and what to do now.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use crate::{domain::campaign::Phase, service::StoreError, ui::context::Page};

/// Why something asked for is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What was sent cannot be read.
    Malformed,
    /// It was sent from another site.
    Forbidden,
    /// There is no such page, or not for this visitor.
    NotFound,
    /// The page is there, but not for this method.
    WrongMethod,
    /// What was sent did not arrive in time.
    TooSlow,
    /// The campaign has not begun, or is over.
    Closed(Phase),
    /// It may be seen, but not done by this person: why.
    Barred(&'static str),
    /// It is no longer possible, or not in this state.
    Conflict,
    /// Too much of it from the same side in a short time.
    TooMany,
    /// What was sent is no picture.
    NotAPicture,
    /// What was sent is too large.
    TooLarge,
    /// A fault of this program.
    Internal,
    /// The database is away, busy or full.
    Unavailable,
}

impl From<&StoreError> for Refusal {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable,
            StoreError::Setup(_) | StoreError::Refused(_) => Self::Internal,
        }
    }
}

impl Refusal {
    /// What happened.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "没有看懂这次提交",
            Self::Forbidden => "不能这样提交",
            Self::NotFound => "没有找到这个页面",
            Self::WrongMethod => "这个页面不能这样打开",
            Self::TooSlow => "网络太慢，没有收完",
            Self::Closed(Phase::Before) => "活动还没有开始",
            Self::Closed(_) => "活动已经结束",
            Self::Barred(_) => "您不能做这一步",
            Self::Conflict => "这一步现在不能做了",
            Self::TooMany => "操作太频繁",
            Self::NotAPicture => "这不是能用的照片",
            Self::TooLarge => "提交的内容太大",
            Self::Internal => "出了一点问题",
            Self::Unavailable => "系统正忙，请稍后再试",
        }
    }

    /// What to do now.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Malformed => "内容没有保存。请返回上一页，重新填写后再提交。",
            Self::Forbidden => "请从本站的页面上提交。内容没有保存。",
            Self::NotFound => "网址可能写错了，或者页面已经不在。",
            Self::WrongMethod => "请从首页重新进入。",
            Self::TooSlow => "内容没有保存。请在信号好的地方再试一次。",
            Self::Closed(Phase::Before) => "请在活动开始后再来。",
            Self::Closed(_) => "感谢您的关心，签名和反映已经停止。以前的仍可在“我的”里查看和撤回。",
            Self::Barred(why) => why,
            Self::Conflict => "情况可能已经变了，请返回刷新后再看。内容没有保存。",
            Self::TooMany => "内容没有保存。请过一会儿再试。",
            Self::NotAPicture => "请选JPEG、PNG或WebP格式的照片。",
            Self::TooLarge => "内容没有保存。请写短一些，或者选小一点的照片再提交。",
            Self::Internal => "我们已经记录下来。请稍后再试，或拨打页脚的电话。",
            Self::Unavailable => "刚才的操作可能没有保存。过几秒钟再试一次，重复提交不会重复计数。",
        }
    }
}

/// The page that says why not.
#[component]
pub fn RefusalPage(
    /// Why.
    refusal: Refusal,
) -> impl IntoView {
    view! {
        <Title text="提示" />
        <main id="main" class="message-page">
            <h1>{refusal.title()}</h1>
            <p>{refusal.advice()}</p>
            {match Page::current().path.starts_with("/console") {
                true => Either::Left(view! { <a class="weui-btn weui-btn_default" href="/console">"回队列"</a> }),
                false => Either::Right(view! { <a class="weui-btn weui-btn_default" href="/">"回首页"</a> }),
            }}
        </main>
    }
}
