//! The log's part of `verify`: every row, every seal, every signature.

use super::verify::{Damage, verify};
use super::{chain, keep};
use crate::security::Keys;
use crate::store::Check;

/// Checks the log. Without `keys` seals and signatures are left out.
pub fn check(c: &mut Check<'_>, keys: Option<&Keys>) {
    chain::check(c);
    keep::check(c);
    let Ok(found) = verify(c.read(), keys) else {
        c.note("audit", String::new(), "読めない記録があるため、監査記録の連鎖を最後まで確かめられません".to_owned());
        return;
    };
    for damage in found {
        let (table, sequence, what) = match damage {
            Damage::Missing(n) => ("audit", n, "監査記録が失われています"),
            Damage::Altered(n) => ("audit", n, "監査記録が書き換えられたか、前の記録が抜かれたか足されています"),
            Damage::Details(n) => ("audit_details", n, "監査記録の詳細が書き換えられています"),
            Damage::Lost(n) => ("audit_details", n, "監査記録の詳細が、保存期間の前に消されています"),
            Damage::Checkpoint(n) => {
                ("audit_checkpoints", n, "署名した監査記録がないか、別のものです（末尾が切られたか、作り直されています）")
            }
            Damage::Unsigned(n) => ("audit_checkpoints", n, "監査記録の署名が消されています"),
        };
        c.note(table, sequence.to_string(), what.to_owned());
    }
}
