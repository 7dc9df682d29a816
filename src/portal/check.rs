//! What `verify` holds against the tables of this room.

use super::model::{Institution, MOST_ADDITIONAL, Medical, What};
use super::store::{
    BY_CODE, BY_HOME, BY_MAIL, BY_OFFICE, INSTITUTIONS, MEMBERS, MEMBERS_OF, MEMBERSHIPS, STRANGERS, TRIES, USERS, institution,
    member, members_of, memberships, user,
};
use crate::store::{Check, Read, Reads as _, Verdict, expect, leads_to};

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&USERS, |r, id, one| {
        expect(one.id == *id, "別の利用者の行です")?;
        expect(r.get(&BY_MAIL, &one.mail.key())? == Some(*id), "メールアドレスの索引と合いません")?;
        expect(!memberships(r, *id)?.is_empty(), "どの事業所・医療機関の利用者でもありません")
    });
    c.table(&BY_MAIL, |r, mail, id| expect(user(r, *id)?.is_some_and(|user| user.mail.key() == *mail), "利用者の行と合いません"));
    c.table(&INSTITUTIONS, |r, id, one| {
        expect(one.id == *id, "別の事業所・医療機関の行です")?;
        let indexed = match &one.what {
            What::Care(user_id) => r.get(&BY_OFFICE, user_id)?,
            What::Medical(Medical { code, .. }) => r.get(&BY_CODE, &code.as_str().to_owned())?,
        };
        expect(indexed == Some(*id), "事業所・医療機関の索引と合いません")?;
        leads_to(r, &BY_HOME, &(one.home, *id))?;
        places(r, one)
    });
    c.table(&BY_OFFICE, |r, user_id, id| {
        let fits = institution(r, *id)?.is_some_and(|one| one.what == What::Care(*user_id));
        expect(fits, "事業所・医療機関の行と合いません")
    });
    c.table(&BY_CODE, |r, code, id| {
        let found = institution(r, *id)?;
        let fits = found.is_some_and(|one| matches!(&one.what, What::Medical(medical) if medical.code.as_str() == code));
        expect(fits, "事業所・医療機関の行と合いません")
    });
    c.table(&BY_HOME, |r, (home, id), ()| {
        expect(institution(r, *id)?.is_some_and(|one| one.home == *home), "事業所・医療機関の行と合いません")
    });
    c.table(&MEMBERS, |r, id, one| {
        expect(one.id == *id, "別の利用者の行です")?;
        leads_to(r, &INSTITUTIONS, &one.institution)?;
        leads_to(r, &USERS, &one.user)?;
        leads_to(r, &MEMBERS_OF, &(one.institution, *id))?;
        leads_to(r, &MEMBERSHIPS, &(one.user, *id))
    });
    c.table(&MEMBERS_OF, |r, (institution, id), ()| {
        expect(member(r, *id)?.is_some_and(|one| one.institution == *institution), "利用者の行と合いません")
    });
    c.table(&MEMBERSHIPS, |r, (user, id), ()| {
        expect(member(r, *id)?.is_some_and(|one| one.user == *user), "利用者の行と合いません")
    });
    c.table(&TRIES, |_, _, _| Ok(()));
    c.table(&STRANGERS, |_, _, _| Ok(()));
}

/// One main user, four others at most, and nobody twice.
fn places(r: &Read, institution: &Institution) -> Verdict {
    let members = members_of(r, institution.id)?;
    let main: Vec<_> = members.iter().filter(|one| one.main).map(|one| one.id).collect();
    expect(main == [institution.main], "主たる利用者が1人ではないか、別の人です")?;
    expect(members.len() <= 1 + MOST_ADDITIONAL, "追加の利用者が多すぎます")?;
    let twice = members.iter().enumerate().any(|(at, one)| members[..at].iter().any(|other| other.user == one.user));
    expect(!twice, "同じ利用者が2回登録されています")
}
