//! What a session has done here last, for 【処理終了】, and what it had typed when it went back. Under the key of the session: no other sees it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::accounts::Heard;
use crate::kernel::{TypedTwice, clock, text};
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const KEPT: Table<[u8; 32], Kept> = Table::new("user_info_kept");

/// What is kept of one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) at: Timestamp,
    #[serde(default)]
    pub(super) did: Option<Did>,
    /// At 【メールアドレス設定】.
    #[serde(default)]
    pub(super) typed: Option<Typed>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Did {
    Password,
    /// With who was told of it.
    NoticeMail(Heard),
}

/// What was typed at 【メールアドレス設定】.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Typed {
    /// The choice whether there is to be an address.
    pub(super) way: String,
    pub(super) mail: TypedTwice,
}

impl Typed {
    /// As it is kept.
    pub(super) fn kept(&self) -> Self {
        Self { way: text::kept(&self.way), mail: self.mail.kept() }
    }
}

/// Of the session of this key.
pub(super) fn find(r: &impl Reads, session: &[u8; 32]) -> Result<Option<Kept>, StoreError> {
    r.get(&KEPT, session)
}

pub(super) fn put(tx: &mut Tx<'_>, session: &[u8; 32], kept: &Kept) -> Result<(), StoreError> {
    tx.put(&KEPT, session, kept)
}

/// Something was done, and nothing is left of what was typed.
pub(super) fn done(tx: &mut Tx<'_>, session: &[u8; 32], at: Timestamp, did: Did) -> Result<(), StoreError> {
    put(tx, session, &Kept { at, did: Some(did), typed: None })
}

/// Removes what is older than `keep`, or of a clock that was ahead.
pub(super) async fn remove_old(store: &Store, now: Timestamp, keep: SignedDuration) -> Result<(), StoreError> {
    let old = move |kept: &Kept| now.duration_since(kept.at) >= keep || clock::is_ahead(kept.at, now);
    store::sweep(store, KEPT, old, |tx, key| tx.delete(&KEPT, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&KEPT, |_, _, _| Ok(()));
}
