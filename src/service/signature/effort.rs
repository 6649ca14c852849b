//! How much work a signing form asks of a phone.

/// Mean number of tries of each part of a proof; 0 asks for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effort(pub u32);

impl Effort {
    /// No work.
    pub const NONE: Self = Self(0);

    /// About 0.3 s of a server's core (6 million iterations a second), 1 to 4 s of a phone.
    pub const BASE: Self = Self(960);

    /// The effort of the key that is the `issued`th of a network within the hour; `base` is the least
    /// that is asked for. A family asks for none; a carrier whose customers have all opened the form
    /// asks for twice that.
    pub(super) const fn after(issued: u32, base: Self) -> Self {
        match issued {
            0..=30 => Self::NONE,
            31..=5_000 => base,
            5_001..=20_000 => Self(base.0 * 2),
            _ => Self(base.0 * 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_follows_what_was_issued() {
        let after = |issued| Effort::after(issued, Effort(10)).0;
        assert_eq!([1, 30, 31, 5_000, 5_001, 20_001].map(after), [0, 0, 10, 10, 20, 40]);
    }
}
