//! A script, what it is called with, and what it answers.

use std::{str::FromStr, sync::OnceLock};

use bytes::Bytes;
use fred::types::{Key, Value};

use super::pack::Unreadable;

/// Lua that runs as one step. The prelude is put before it.
#[derive(Debug)]
pub struct Script {
    pub name: &'static str,
    common: &'static str,
    /// Runs though Redis is full: what it writes is little, and lets go of more.
    relieves: bool,
    source: &'static str,
    whole: OnceLock<(String, String)>,
}

impl Script {
    pub const fn new(name: &'static str, source: &'static str) -> Self {
        Self::with(name, "", source)
    }

    /// With Lua that several scripts have in common, put between the prelude and this one.
    pub const fn with(name: &'static str, common: &'static str, source: &'static str) -> Self {
        Self {
            name,
            common,
            relieves: false,
            source,
            whole: OnceLock::new(),
        }
    }

    /// That it frees memory, or has to be done before that can be.
    #[must_use]
    pub const fn relieving(mut self) -> Self {
        self.relieves = true;
        self
    }

    /// Its SHA-1, by which Redis knows it, and its text.
    pub fn whole(&self) -> (&str, &str) {
        let (hash, text) = self.whole.get_or_init(|| {
            let text = format!(
                "{}{}\n{}\n{}",
                if self.relieves {
                    "#!lua flags=allow-oom\n"
                } else {
                    ""
                },
                include_str!("prelude.lua"),
                self.common,
                self.source
            );
            (fred::util::sha1_hash(&text), text)
        });
        (hash, text)
    }
}

/// The keys and arguments of one call, in the order in which the script reads them.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub keys: Vec<Key>,
    pub args: Vec<Value>,
}

impl Call {
    #[must_use]
    pub fn key(mut self, key: impl Into<Key>) -> Self {
        self.keys.push(key.into());
        self
    }

    #[must_use]
    pub fn arg(mut self, value: impl Into<Value>) -> Self {
        self.args.push(value.into());
        self
    }

    /// As text: the numbers of Lua are exact up to 2^53 only, and none that is counted with is above.
    #[must_use]
    pub fn number(self, value: u64) -> Self {
        self.arg(value.to_string())
    }

    #[must_use]
    pub fn flag(self, value: bool) -> Self {
        self.arg(if value { "1" } else { "" })
    }

    /// `None` as the empty text.
    #[must_use]
    pub fn maybe(self, value: Option<impl ToString>) -> Self {
        self.arg(value.map_or_else(String::new, |value| value.to_string()))
    }
}

/// An answer, read part by part.
#[derive(Debug)]
pub struct Reply(std::vec::IntoIter<Value>);

impl Reply {
    pub fn new(value: Value) -> Self {
        Self(match value {
            Value::Array(values) => values.into_iter(),
            other => vec![other].into_iter(),
        })
    }

    pub fn value(&mut self) -> Result<Value, Unreadable> {
        self.0.next().ok_or(Unreadable)
    }

    pub fn list(&mut self) -> Result<Self, Unreadable> {
        match self.value()? {
            Value::Array(values) => Ok(Self(values.into_iter())),
            Value::Null => Ok(Self(Vec::new().into_iter())),
            _ => Err(Unreadable),
        }
    }

    /// `None` for nil, which is what Lua's `false` becomes.
    pub fn maybe_bytes(&mut self) -> Result<Option<Bytes>, Unreadable> {
        match self.value()? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            Value::String(text) => Ok(Some(text.into_inner())),
            Value::Integer(number) => Ok(Some(number.to_string().into())),
            _ => Err(Unreadable),
        }
    }

    pub fn bytes(&mut self) -> Result<Bytes, Unreadable> {
        self.maybe_bytes()?.ok_or(Unreadable)
    }

    pub fn text(&mut self) -> Result<String, Unreadable> {
        String::from_utf8(self.bytes()?.into()).map_err(|_| Unreadable)
    }

    pub fn parsed<T: FromStr>(&mut self) -> Result<T, Unreadable> {
        self.text()?.parse().map_err(|_| Unreadable)
    }

    /// `None` for nil and for the empty text.
    pub fn maybe<T: FromStr>(&mut self) -> Result<Option<T>, Unreadable> {
        match self.maybe_bytes()? {
            None => Ok(None),
            Some(bytes) if bytes.is_empty() => Ok(None),
            Some(bytes) => {
                let text = std::str::from_utf8(&bytes).map_err(|_| Unreadable)?;
                text.parse().map(Some).map_err(|_| Unreadable)
            }
        }
    }

    pub fn flag(&mut self) -> Result<bool, Unreadable> {
        Ok(self
            .maybe_bytes()?
            .is_some_and(|bytes| !bytes.is_empty() && *bytes != *b"0"))
    }

    /// Lua's `false` instead of a list.
    pub fn is_nothing(&self) -> bool {
        matches!(self.0.as_slice(), [Value::Null])
    }

    pub fn is_empty(&self) -> bool {
        self.0.len() == 0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}
