//! Reasons to refuse a request, with a title and advice for the error page.

use domain::{campaign::Phase, lang::Lang};
use service::StoreError;

/// Reason to refuse a request. `server::http::error` maps it to an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request body or its fields cannot be parsed.
    Malformed,
    /// Submitted from another site; also any other 403.
    Forbidden,
    /// No such page, or not visible to this visitor.
    NotFound,
    /// Method not allowed.
    WrongMethod,
    /// The request body did not arrive in time.
    RequestTimeout,
    /// The campaign is not open: its current phase.
    Closed(Phase),
    /// This staff member may see it but not do it: the reason.
    NotPermitted(&'static str),
    /// Only another visitor may do this: only the reporter, or anybody but the reporter.
    WrongVisitor,
    /// The request had no visitor cookie, so the submission would belong to nobody.
    NoVisitorCookie,
    /// No recovery code: the visitor has neither a signature nor a report.
    NothingToRecover,
    /// Not possible any more, or not in the current state.
    Conflict,
    /// The form was rendered for another visitor on the same device, or for an earlier signature of
    /// this one.
    WrongOwner,
    /// Rate limit exceeded: seconds to wait.
    RateLimited(u32),
    /// The upload is not a JPEG, PNG or WebP image.
    UnsupportedImage,
    /// The request body is too large.
    TooLarge,
    /// Internal error.
    Internal,
    /// The database cannot be reached, is busy or full.
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
    /// Title of the error page: what happened.
    #[must_use]
    pub fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Malformed => lang.say("没有看懂这次提交", "This could not be read"),
            Self::Forbidden => lang.say("不能这样提交", "This cannot be sent like this"),
            Self::NotFound => lang.say("没有找到这个页面", "This page was not found"),
            Self::WrongMethod => {
                lang.say("这个页面不能这样打开", "This page cannot be opened like this")
            }
            Self::RequestTimeout => lang.say("网络太慢，没有收完", "The network is too slow"),
            Self::Closed(Phase::Before) => lang.say("活动还没有开始", "The campaign has not begun"),
            Self::Closed(_) => lang.say("活动已经结束", "The campaign is over"),
            Self::NotPermitted(_) | Self::WrongVisitor => {
                lang.say("您不能做这一步", "You cannot do this")
            }
            Self::NoVisitorCookie => lang.say("没有认出您的手机", "Your phone was not recognised"),
            Self::NothingToRecover => lang.say("现在不需要口令", "There is nothing to recover yet"),
            Self::Conflict => lang.say("这一步现在不能做了", "This can no longer be done"),
            Self::WrongOwner => lang.say("这不是您现在的签名", "This is not yours now"),
            Self::RateLimited(_) => lang.say("操作太频繁", "Too many attempts"),
            Self::UnsupportedImage => {
                lang.say("这不是能用的照片", "This is not a photo we can use")
            }
            Self::TooLarge => lang.say("提交的内容太大", "What was sent is too large"),
            Self::Internal => lang.say("出了一点问题", "Something went wrong"),
            Self::Unavailable => {
                lang.say("系统正忙，请稍后再试", "The system is busy, please try again soon")
            }
        }
    }

    /// Advice on the error page: what to do now.
    #[must_use]
    pub fn advice(self, lang: Lang) -> &'static str {
        match self {
            Self::Malformed => lang.say(
                "内容没有保存。请返回上一页，重新填写后再提交。",
                "Nothing was saved. Please go back, fill it in again and send it.",
            ),
            Self::Forbidden => lang.say(
                "请从本站的页面上提交。内容没有保存。",
                "Please send it from a page of this site. Nothing was saved.",
            ),
            Self::NotFound => lang.say(
                "网址可能写错了，或者页面已经不在。",
                "Perhaps the address is mistyped, or the page is gone.",
            ),
            Self::WrongMethod => lang.say("请从首页重新进入。", "Please start from the home page."),
            Self::RequestTimeout => lang.say(
                "内容没有保存。请在信号好的地方再试一次。",
                "Nothing was saved. Please try again where the signal is better.",
            ),
            Self::Closed(Phase::Before) => {
                lang.say("请在活动开始后再来。", "Please come back once it has begun.")
            }
            Self::Closed(_) => lang.say(
                "感谢您的关心，签名和反映已经停止。以前的仍可在“我的”里查看和撤回。",
                "Thank you for your interest. Signing and reporting have ended. You can still view and withdraw earlier ones under “Me”.",
            ),
            Self::NotPermitted(why) => why,
            Self::WrongVisitor => lang.say(
                "只有提交反映的人能这样做；自己的反映，不用再点“我也遇到过”。",
                "Only the person who sent this report can do this; on your own report there is no need to tap “I’ve seen this too”.",
            ),
            Self::NoVisitorCookie => {
                lang.say("内容没有保存，请返回再按一次。", "Nothing was saved; please go back and press once more.")
            }
            Self::NothingToRecover => lang.say(
                "您还没有签名或反映，等有了再生成口令。",
                "You have no signature or report yet. Create a recovery code once you do.",
            ),
            Self::Conflict => lang.say(
                "情况可能已经变了，请返回刷新后再看。内容没有保存。",
                "Things may have changed: please go back and reload. Nothing was saved.",
            ),
            Self::WrongOwner => lang.say(
                "那一页是这台设备上前一位的，或者已经过时，所以什么也没有改动。请重新打开您自己的页面。",
                "That page was someone else’s on this device, or is out of date, so nothing was changed. Please open your own page anew.",
            ),
            Self::RateLimited(_) => {
                lang.say("内容没有保存。请过一会儿再试。", "Nothing was saved. Please try again later.")
            }
            Self::UnsupportedImage => lang.say(
                "请选JPEG、PNG或WebP格式的照片。",
                "Please choose a JPEG, PNG or WebP photo.",
            ),
            Self::TooLarge => lang.say(
                "内容没有保存。请写短一些，或者选小一点的照片再提交。",
                "Nothing was saved. Please write less or choose smaller photos.",
            ),
            Self::Internal => lang.say(
                "我们已经记录下来。请稍后再试，或拨打页脚的电话。",
                "The problem has been recorded. Please try again later, or call the number at the foot of the page.",
            ),
            Self::Unavailable => lang.say(
                "刚才的操作可能没有保存。过几秒钟再试一次，重复提交不会重复计数。",
                "Your last action may not have been saved. Please try again in a few seconds; it will not be counted twice.",
            ),
        }
    }
}
