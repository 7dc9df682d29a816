//! The envelope of a stored value: one byte of format version, then the record as named fields, so that a field can be added
//! without touching old rows.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

const FORMAT: u8 = 1;

pub(super) fn encode<V: Serialize>(table: &'static str, value: &V) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::with_capacity(256);
    out.push(FORMAT);
    rmp_serde::encode::write_named(&mut out, value)
        .map_err(|error| StoreError::Unwritable { table, reason: error.to_string() })?;
    Ok(out)
}

pub(super) fn decode<V: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<V, StoreError> {
    match bytes.split_first() {
        Some((&FORMAT, record)) => {
            rmp_serde::from_slice(record).map_err(|error| StoreError::Corrupt { table, reason: error.to_string() })
        }
        Some((format, _)) => Err(StoreError::Corrupt { table, reason: format!("format {format} is unknown") }),
        None => Err(StoreError::Corrupt { table, reason: "it is empty".to_owned() }),
    }
}
