//! Form fields of each action: the console renders them, `command` parses them.

use super::Action;

/// A field of an action's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name of the form field.
    pub name: &'static str,
    /// Label.
    pub label: &'static str,
    /// Kind of input.
    pub input: Input,
    /// Whether it must be filled.
    pub required: bool,
}

/// Kind of input of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Single-line text.
    Line,
    /// Multi-line text, with reply templates.
    Text,
    /// A number of working days.
    Days,
    /// A category of casework.
    Category,
    /// A category of any kind.
    AnyCategory,
    /// A grid.
    Grid,
    /// A branch.
    Branch,
    /// A unit.
    Unit,
    /// New photos.
    Photos,
    /// A selection of the report's photos that become public.
    PublicPhotos,
    /// Yes or no, with the label of each.
    Choice(&'static str, &'static str),
}

const fn field(name: &'static str, label: &'static str, input: Input, required: bool) -> Field {
    Field { name, label, input, required }
}

impl Action {
    /// Whether its form has a photo field.
    #[must_use]
    pub fn takes_photos(self) -> bool {
        self.fields().iter().any(|field| field.input == Input::Photos)
    }

    /// Fields of its form.
    #[must_use]
    pub const fn fields(self) -> &'static [Field] {
        use Input::{
            AnyCategory, Branch, Category, Choice, Days, Grid, Line, Photos, PublicPhotos, Text,
            Unit,
        };
        match self {
            Self::Accept => {
                const {
                    &[
                        field("category", "分类", Category, true),
                        field("grid", "网格", Grid, true),
                        field("summary", "公开摘要（写小区或路段，不写门牌和姓名）", Text, true),
                        field("public_photos", "公开哪些照片", PublicPhotos, false),
                    ]
                }
            }
            Self::Acknowledge => {
                const { &[field("summary", "公开摘要（可不写）", Text, false)] }
            }
            Self::Reject => const { &[field("reason", "原因，以及居民可以找谁", Text, true)] },
            Self::Return | Self::Reopen | Self::Hide => {
                const { &[field("reason", "原因", Text, true)] }
            }
            Self::Ask => const { &[field("text", "请居民补充什么", Text, true)] },
            Self::Answer => {
                const { &[field("text", "居民在电话里或当面怎样说", Text, true)] }
            }
            Self::Correct => {
                const {
                    &[
                        field("category", "分类", AnyCategory, false),
                        field("grid", "网格", Grid, false),
                        field("branch", "牵头支部", Branch, false),
                        field("unit", "承办单位", Unit, false),
                        field("reason", "原因（换网格时必填，反映人看得到）", Text, false),
                    ]
                }
            }
            Self::Duplicate => {
                const { &[field("of", "合并到哪一件（办件编号）", Line, true)] }
            }
            Self::Refer => {
                const {
                    &[
                        field("to", "转给谁", Line, true),
                        field("number", "对方编号（可不写）", Line, false),
                    ]
                }
            }
            Self::Dispatch => const { &[field("unit", "承办单位", Unit, true)] },
            Self::Settle => {
                const {
                    &[
                        field("before", "处理前照片（居民拍过的可不拍）", Photos, false),
                        field("photos", "处理后照片", Photos, true),
                        field("text", "怎样处理的（会公开，不写门牌和姓名）", Text, true),
                    ]
                }
            }
            Self::Extend => {
                const {
                    &[
                        field("days", "延长几个工作日", Days, true),
                        field("reason", "原因", Text, true),
                    ]
                }
            }
            Self::ApproveExtension => {
                const { &[field("result", "是否同意", Choice("同意", "不同意"), true)] }
            }
            Self::Supervise => const { &[field("text", "督办意见", Text, true)] },
            Self::Note => const { &[field("text", "备注（居民看不到）", Text, true)] },
            Self::Reply => const { &[field("text", "回复（居民看得到）", Text, true)] },
            Self::Finish => {
                const {
                    &[
                        field("text", "怎样处理的（会公开，不写门牌和姓名）", Text, true),
                        field("photos", "处理后照片", Photos, false),
                    ]
                }
            }
            Self::Check => {
                const {
                    &[
                        field("result", "核查结果", Choice("通过", "退回处置"), true),
                        field("reason", "说明（退回或没有处理后照片时必填）", Text, false),
                    ]
                }
            }
            Self::Revisit => {
                const {
                    &[
                        field("result", "居民说", Choice("已解决", "没解决"), true),
                        field("text", "回访记录", Text, true),
                    ]
                }
            }
            Self::Redact => const { &[field("text", "新的公开摘要", Text, true)] },
            Self::Claim
            | Self::Release
            | Self::Start
            | Self::Unhide
            | Self::Admit
            | Self::Dismiss => &[],
        }
    }
}
