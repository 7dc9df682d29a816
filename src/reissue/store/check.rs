//! What must hold of every application, for `verify`.

use super::{APPLICATIONS, BY_CONTACT, BY_OFFICE, BY_STATE, RESTING, SEQUENCES, find, flows, state_key, statistics};
use crate::audit;
use crate::kernel::ControlNumber;
use crate::reissue::Application;
use crate::store::{Check, Read, Reads as _, Verdict, expect, leads_to};

/// Checks every row.
pub fn check(c: &mut Check<'_>) {
    c.table(&APPLICATIONS, |r, number, one| {
        expect(one.number == *number, "別の申請の行です")?;
        expect(one.history.last().is_none_or(|step| step.to == one.state), "状態が経過と合いません")?;
        leads_to(r, &BY_STATE, &state_key(one))?;
        leads_to(r, &BY_OFFICE, &(one.office, *number))?;
        if let Some(contact) = &one.contact {
            leads_to(r, &BY_CONTACT, &(one.office.prefecture, contact.key(), *number))?;
            if let Some(at) = one.rests_since() {
                leads_to(r, &RESTING, &(at, *number))?;
            }
        }
        let given = r.get(&SEQUENCES, &number.month())?;
        expect(given.is_some_and(|given| given.last >= number.sequence()), "受付番号が、その月の最後の番号より後です")?;
        expect(!audit::about(r, &number.to_string(), 1)?.is_empty(), "監査記録がありません")
    });
    c.table(&SEQUENCES, |r, month, given| {
        for sequence in (1..=given.last).filter(|sequence| !given.is_lost(*sequence)) {
            let number = ControlNumber::new(*month, sequence);
            let there = number.map(|number| r.has(&APPLICATIONS, &number)).transpose()?;
            expect(there == Some(true), &format!("{sequence}番の申請がありません"))?;
        }
        Ok(())
    });
    let same = |r: &Read, number: ControlNumber, fits: &dyn Fn(&Application) -> bool| -> Verdict {
        expect(find(r, number)?.is_some_and(|one| fits(&one)), "申請の行と合いません")
    };
    c.table(&BY_STATE, |r, key, ()| same(r, key.3, &|one| state_key(one) == *key));
    c.table(&BY_OFFICE, |r, (office, number), ()| same(r, *number, &|one| one.office == *office));
    c.table(&BY_CONTACT, |r, (prefecture, contact, number), ()| {
        same(r, *number, &|one| {
            one.office.prefecture == *prefecture && one.contact.as_ref().is_some_and(|address| address.key() == *contact)
        })
    });
    c.table(&RESTING, |r, (at, number), ()| same(r, *number, &|one| one.contact.is_some() && one.rests_since() == Some(*at)));
    statistics::check(c);
    flows::check(c);
}
