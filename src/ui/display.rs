//! Display settings of a visitor: text size.

/// Text size of the large-text mode (大字版, 关怀模式). The MIIT guideline requires 18 px or more,
/// scalable to 30 px without loss (互联网网站适老化通用设计规范, 2021).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LargeText {
    /// 20 pixels.
    Large,
    /// 24 pixels.
    Larger,
    /// 30 pixels.
    Largest,
}

impl LargeText {
    const ALL: [Self; 3] = [Self::Large, Self::Larger, Self::Largest];

    /// Text size in pixels, as in the form field and the cookie.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Large => "20",
            Self::Larger => "24",
            Self::Largest => "30",
        }
    }

    /// Parses the output of [`LargeText::as_str`]; `None` (standard size) for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|care| care.as_str() == text)
    }

    /// The next smaller and the next larger size.
    #[must_use]
    pub const fn smaller_and_larger(self) -> (Option<Self>, Option<Self>) {
        match self {
            Self::Large => (None, Some(Self::Larger)),
            Self::Larger => (Some(Self::Large), Some(Self::Largest)),
            Self::Largest => (Some(Self::Larger), None),
        }
    }
}
