//! Pages that say why not, and what to do now.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::domain::campaign::Phase;

/// Why something asked for is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400
    Malformed,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 405
    WrongMethod,
    /// 408
    TooSlow,
    /// 409: the campaign has not begun, or is over.
    Closed(Phase),
    /// 413
    TooLarge,
    /// 500
    Internal,
    /// 503
    Unavailable,
}

impl Refusal {
    /// The refusal that a bare status code stands for; `None` for one that is none.
    #[must_use]
    pub const fn from_status(status: u16) -> Option<Self> {
        match status {
            403 => Some(Self::Forbidden),
            404 => Some(Self::NotFound),
            405 => Some(Self::WrongMethod),
            408 => Some(Self::TooSlow),
            413 => Some(Self::TooLarge),
            503 => Some(Self::Unavailable),
            500..=599 => Some(Self::Internal),
            400 | 411 | 414 | 415 | 417 | 431 => Some(Self::Malformed),
            _ => None,
        }
    }

    /// Its status code.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::WrongMethod => 405,
            Self::TooSlow => 408,
            Self::Closed(_) => 409,
            Self::TooLarge => 413,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

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
            Self::Closed(Phase::Before) => "请在活动开始后再来签名。",
            Self::Closed(_) => "感谢您的关心，签名已经停止。已经签过的，仍可在“我的”里查看和撤回。",
            Self::TooLarge => "内容没有保存。请写短一些再提交。",
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
            <a class="weui-btn weui-btn_default" href="/">"回首页"</a>
        </main>
    }
}
