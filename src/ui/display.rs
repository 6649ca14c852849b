//! How pages look to one visitor, as they chose it.

/// 大字版（关怀模式）, by the size of its text. The MIIT asks for 18 pixels at least, and
/// that text can grow to 30 without a loss (互联网网站适老化通用设计规范, 2021).
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

    /// The size of its text in pixels, as it is chosen and remembered.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Large => "20",
            Self::Larger => "24",
            Self::Largest => "30",
        }
    }

    /// Reads what [`LargeText::as_str`] wrote; anything else is the standard size.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|care| care.as_str() == text)
    }

    /// The next smaller and the next larger size.
    #[must_use]
    pub const fn neighbours(self) -> (Option<Self>, Option<Self>) {
        match self {
            Self::Large => (None, Some(Self::Larger)),
            Self::Larger => (Some(Self::Large), Some(Self::Largest)),
            Self::Largest => (Some(Self::Larger), None),
        }
    }
}
