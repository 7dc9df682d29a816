//! The envelope of a stored value: one byte of format version, a checksum over key and record, then the record as named fields, so that
//! a field can be added without touching old rows.
//!
//! redb checks its own pages only when it repairs a file; the checksum here is looked at on every read, so that a record that a failing
//! disk altered is an error that names its table, and never somebody else's address. It needs no key: whoever alters on purpose makes it anew.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// 2 since the checksum.
const FORMAT: u8 = 2;
/// Format and checksum.
const HEAD: usize = 5;

pub(super) fn encode<V: Serialize>(table: &'static str, key: &[u8], value: &V) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::with_capacity(256);
    out.resize(HEAD, FORMAT);
    rmp_serde::encode::write_named(&mut out, value)
        .map_err(|error| StoreError::Unwritable { table, reason: error.to_string() })?;
    let sum = checksum(key, &out[HEAD..]);
    out[1..HEAD].copy_from_slice(&sum);
    Ok(out)
}

pub(super) fn decode<V: DeserializeOwned>(table: &'static str, key: &[u8], bytes: &[u8]) -> Result<V, StoreError> {
    let corrupt = |reason| StoreError::Corrupt { table, reason };
    let record = record(key, bytes).map_err(|spoilt| corrupt(spoilt.to_string()))?;
    // rmp_serde's own message quotes what it met: names and addresses, which have no place in a log.
    rmp_serde::from_slice(record).map_err(|_| corrupt("its form does not fit".to_owned()))
}

/// Why a stored value is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Spoilt {
    /// Key or record was altered.
    #[error("its checksum does not fit")]
    Altered,
    /// Written by another program, or the byte was altered.
    #[error("format {0} is unknown")]
    Format(u8),
    /// It has no room for format and checksum.
    #[error("it is too short")]
    Short,
}

/// The record inside the envelope, as it was written. Knows no type: for copies of older schemas, too.
pub(super) fn record<'a>(key: &[u8], bytes: &'a [u8]) -> Result<&'a [u8], Spoilt> {
    match bytes.split_first_chunk::<HEAD>() {
        Some(([FORMAT, sum @ ..], record)) if *sum == checksum(key, record) => Ok(record),
        Some(([FORMAT, ..], _)) => Err(Spoilt::Altered),
        Some(([format, ..], _)) => Err(Spoilt::Format(*format)),
        None => Err(Spoilt::Short),
    }
}

/// Over the key as well: a record under another's key is damage.
fn checksum(key: &[u8], record: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(record);
    hasher.finalize().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_holds_is_not_quoted_when_it_cannot_be_read() {
        #[derive(Debug, serde::Deserialize)]
        enum Kind {
            Known,
        }
        let stored = encode("t", b"key", &"office@example.jp").unwrap();
        let error = decode::<Kind>("t", b"key", &stored).map(|kind| matches!(kind, Kind::Known)).unwrap_err().to_string();
        assert!(error.contains("table t") && !error.contains("example"), "{error}");
    }

    #[test]
    fn any_altered_byte_of_key_or_value_is_found() {
        let (key, value) = (b"some key".to_vec(), "some value".to_owned());
        let stored = encode("t", &key, &value).unwrap();
        assert_eq!(decode::<String>("t", &key, &stored).unwrap(), value);
        for at in 0..stored.len() {
            for bit in 0..8 {
                let mut spoilt = stored.clone();
                spoilt[at] ^= 1 << bit;
                assert!(decode::<String>("t", &key, &spoilt).is_err(), "byte {at}, bit {bit}");
            }
        }
        assert!(decode::<String>("t", b"same key", &stored).is_err());
        assert!(decode::<String>("t", &key, &stored[..stored.len() - 1]).is_err());
        assert!(decode::<String>("t", &key, &[]).is_err());
    }
}
