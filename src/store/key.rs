//! Keys of tables: fixed-width parts, or strings that end in a zero byte, so that keys sort as their parts do.

use jiff::Timestamp;

use crate::kernel::{ControlNumber, Id, OfficeKey, OfficeNumber, Prefecture, UserId};

/// One part of a key: written so that byte order is the order of the values.
pub trait KeyPart: Sized {
    /// Appends the bytes.
    fn write(&self, out: &mut Vec<u8>);
    /// Takes the bytes off the front. `None` if they do not fit.
    fn read(input: &mut &[u8]) -> Option<Self>;
    /// As people read it, for naming a damaged row.
    fn show(&self) -> String;
}

/// A whole key: one part, or a tuple of up to four.
pub trait Key: Sized {
    /// The bytes of the key.
    fn bytes(&self) -> Vec<u8>;
    /// The key of these bytes. `None` if they do not fit.
    fn parse(bytes: &[u8]) -> Option<Self>;
    /// As people read it, for naming a damaged row.
    fn show(&self) -> String;
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*head)
}

macro_rules! unsigned {
    ($($t:ty),*) => {$(
        impl KeyPart for $t {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
            fn read(input: &mut &[u8]) -> Option<Self> {
                take(input).map(Self::from_be_bytes)
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}
unsigned!(u8, u16, u32, u64);

impl KeyPart for Timestamp {
    fn write(&self, out: &mut Vec<u8>) {
        // Flipping the sign puts instants before 1970 in front of those after.
        out.extend_from_slice(&(self.as_millisecond() ^ i64::MIN).to_be_bytes());
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        Self::from_millisecond(i64::from_be_bytes(take(input)?) ^ i64::MIN).ok()
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl KeyPart for Id {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.bytes());
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        take(input).map(Self::from_bytes)
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl KeyPart for [u8; 32] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        take(input)
    }
    fn show(&self) -> String {
        data_encoding::HEXLOWER.encode(self)
    }
}

impl KeyPart for Prefecture {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.number());
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        Self::new(u8::read(input)?)
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl KeyPart for OfficeNumber {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_str().as_bytes());
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        Self::parse(std::str::from_utf8(&take::<10>(input)?).ok()?).ok()
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl KeyPart for OfficeKey {
    fn write(&self, out: &mut Vec<u8>) {
        self.prefecture.write(out);
        self.number.write(out);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        Some(Self::new(Prefecture::read(input)?, OfficeNumber::read(input)?))
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl KeyPart for UserId {
    fn write(&self, out: &mut Vec<u8>) {
        self.office().write(out);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        OfficeKey::read(input).map(Self::of)
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl KeyPart for ControlNumber {
    fn write(&self, out: &mut Vec<u8>) {
        self.month().write(out);
        self.sequence().write(out);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        Self::new(u32::read(input)?, u32::read(input)?)
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl KeyPart for String {
    fn write(&self, out: &mut Vec<u8>) {
        // A zero byte inside would end the string early and let two keys meet; no text of ours holds one.
        out.extend(self.as_bytes().iter().filter(|b| **b != 0));
        out.push(0);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        let end = input.iter().position(|b| *b == 0)?;
        let text = std::str::from_utf8(&input[..end]).ok()?.to_owned();
        *input = &input[end + 1..];
        Some(text)
    }
    fn show(&self) -> String {
        self.clone()
    }
}

impl<A: KeyPart> Key for A {
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(40);
        self.write(&mut out);
        out
    }
    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let value = A::read(&mut bytes)?;
        bytes.is_empty().then_some(value)
    }
    fn show(&self) -> String {
        KeyPart::show(self)
    }
}

macro_rules! tuple {
    ($($name:ident $index:tt),*) => {
        impl<$($name: KeyPart),*> Key for ($($name,)*) {
            fn bytes(&self) -> Vec<u8> {
                let mut out = Vec::with_capacity(48);
                $(self.$index.write(&mut out);)*
                out
            }
            fn parse(mut bytes: &[u8]) -> Option<Self> {
                let value = ($($name::read(&mut bytes)?,)*);
                bytes.is_empty().then_some(value)
            }
            fn show(&self) -> String {
                [$(KeyPart::show(&self.$index)),*].join(" / ")
            }
        }
    };
}
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_parts_do() {
        let at = |s: &str| s.parse::<Timestamp>().unwrap();
        assert!(at("1969-01-01T00:00:00Z").bytes() < at("2026-01-01T00:00:00Z").bytes());
        assert!(("a".to_owned(), 2_u32).bytes() < ("a".to_owned(), 10_u32).bytes());
        assert!(("a".to_owned(), 9_u32).bytes() < ("ab".to_owned(), 1_u32).bytes());
    }

    #[test]
    fn keys_survive_being_written_and_read() {
        let office = OfficeKey::new(Prefecture::new(7).unwrap(), OfficeNumber::parse("07A1111111").unwrap());
        let key = (office, "mail@example.jp".to_owned(), 7_u64);
        assert_eq!(<(OfficeKey, String, u64)>::parse(&key.bytes()), Some(key));
        assert_eq!(u64::parse(&[1, 2]), None);
        assert_eq!(u8::parse(&[1, 2]), None, "left-over bytes are an error");
    }
}
