//! How values are put together that Redis holds as one: length, colon, bytes, one after the other.
//! Lua makes and reads it in a line, any bytes pass, and nothing has to be escaped.

use std::str::FromStr;

/// The value cannot be read: written by a release that this one does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value in Redis cannot be read")]
pub struct Unreadable;

/// Reads the parts of a packed value, in order.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    pub fn new(packed: &'a [u8]) -> Self {
        Self(packed)
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], Unreadable> {
        let colon = self.0.iter().position(|byte| *byte == b':');
        let (length, rest) = self.0.split_at(colon.ok_or(Unreadable)?);
        let length: usize = parse(length)?;
        let rest = &rest[1..];
        if rest.len() < length {
            return Err(Unreadable);
        }
        let (part, rest) = rest.split_at(length);
        self.0 = rest;
        Ok(part)
    }

    pub fn text(&mut self) -> Result<&'a str, Unreadable> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Unreadable)
    }

    pub fn parsed<T: FromStr>(&mut self) -> Result<T, Unreadable> {
        self.text()?.parse().map_err(|_| Unreadable)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends a part.
pub fn pack(packed: &mut Vec<u8>, part: &[u8]) {
    packed.extend_from_slice(part.len().to_string().as_bytes());
    packed.push(b':');
    packed.extend_from_slice(part);
}

fn parse<T: FromStr>(bytes: &[u8]) -> Result<T, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable)?;
    text.parse().map_err(|_| Unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_packed_is_read(parts: Vec<Vec<u8>>) {
            let mut packed = Vec::new();
            for part in &parts {
                pack(&mut packed, part);
            }
            let mut reader = Parts::new(&packed);
            for part in &parts {
                prop_assert_eq!(reader.bytes(), Ok(part.as_slice()));
            }
            prop_assert!(reader.is_empty());
            prop_assert_eq!(reader.bytes(), Err(Unreadable));
        }

        #[test]
        fn garbage_is_refused_or_read(bytes: Vec<u8>) {
            let mut reader = Parts::new(&bytes);
            while reader.bytes().is_ok() {}
        }
    }
}
