//! Parameters of statements, as both databases take them.

/// A parameter.
#[derive(Clone, Debug)]
pub enum Value {
    /// Whole numbers, and flags as 0 and 1.
    Int(i64),
    Text(String),
    Null,
}

impl Value {
    /// Many texts as one parameter, for `sql_any_of`.
    pub fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        Self::Text(serde_json::Value::from_iter(texts).to_string())
    }

    /// Many objects as one parameter, for `sql_over_items`.
    pub fn items(items: impl IntoIterator<Item = serde_json::Value>) -> Self {
        Self::Text(serde_json::Value::from_iter(items).to_string())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

/// A serial or an ordinal. Databases count to 2^63 - 1, which no number of ours comes near.
impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
