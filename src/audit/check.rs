//! The log's part of `verify`: every row, every link, every signature.

use super::chain::{self, Damage};
use super::keep;
use crate::security::Keys;
use crate::store::Check;

/// Checks the log. Without `keys` the signatures are left out.
pub fn check(c: &mut Check<'_>, keys: Option<&Keys>) {
    chain::check(c);
    keep::check(c);
    let links = chain::verify(c.read());
    let signatures = keys.map_or(Ok(Vec::new()), |keys| keep::verify_checkpoints(c.read(), keys));
    for found in [links, signatures] {
        let Ok(found) = found else {
            c.note("audit", String::new(), "読めない記録があるため、監査記録の連鎖を最後まで確かめられません".to_owned());
            continue;
        };
        for damage in found {
            let (table, sequence, what) = match damage {
                Damage::Missing(n) => ("audit", n, "監査記録が失われています"),
                Damage::Altered(n) => ("audit", n, "監査記録が書き換えられたか、前の記録が抜かれたか足されています"),
                Damage::Details(n) => ("audit_details", n, "監査記録の詳細が書き換えられています"),
                Damage::Checkpoint(n) => {
                    ("audit_checkpoints", n, "署名した監査記録がないか、別のものです（末尾が切られたか、作り直されています）")
                }
            };
            c.note(table, sequence.to_string(), what.to_owned());
        }
    }
}
