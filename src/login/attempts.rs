//! Tries to log in that did not lead in, as the log has them: for the office's own page and for the desk.

use jiff::{SignedDuration, Timestamp};

use super::store::{known_subject, refused_subject};
use crate::audit::{self, Entry};
use crate::kernel::{ClientNetwork, OfficeKey, clock};
use crate::store::{Reads, StoreError};

/// Entries that are read at a time. When all of one reading are too old, so are those before them.
const AT_A_TIME: usize = 50;
/// Whoever gets the security code right within this time of a try that stopped at it, from the same machine, was that try (D).
const SLIP: SignedDuration = SignedDuration::from_hours(1);
/// Entries that are looked at in all, of those that knew the password and of the others.
const LOOKED_AT: usize = 2_000;

/// The password was right, and the login waits for its security code.
pub(super) const WAITS_FOR_CODE: &str = "waits_for_code";
/// The security code was wrong.
pub(super) const CODE_WRONG: &str = "code_wrong";
/// The login is over for wrong security codes.
pub(super) const CODE_OVER: &str = "code_over";
/// The counter of a passkey did not go on.
const COPIED: &str = "passkey_copied";
/// Somebody entered. After a security code the entry stands among those who knew the password as well, and takes the waiting one from them.
pub(super) const ENTERED: &str = "entered";
/// Somebody has shown to the portal that they are the office: the same, but no session was opened.
pub(super) const PROVED: &str = "entered_portal";
/// The detail of such an entry that names the client of the waiting one, if it was another.
pub(super) const WAITED_FROM: &str = "waited_from";

/// A try that did not lead in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// When.
    pub at: Timestamp,
    /// The network it came from, without the machine: `203.0.113.*`.
    pub from: String,
    /// What it failed at, for the office to read.
    pub outcome_word: &'static str,
    /// The password was right. If it was not the office itself, somebody knows it.
    pub knew_password: bool,
    /// Nobody can bring it about who has not got hold of something: it goes before the others, which strangers make as many of as they like.
    pub matters: bool,
}

/// Tries to log in as an office that were refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefusedTries {
    /// How many, counted up to a limit.
    pub count: usize,
    /// When the newest was; `None` if there was none.
    pub last: Option<Timestamp>,
}

/// The tries of `since` to `now` that did not lead in, newest first, `limit` at most; those of a locked device as one. A login that waited
/// for its security code and got it is none, and what stopped at the code shortly before, from the same machine, was a slip of one's own:
/// it is told and warns of nothing. Those of somebody who knew the password go before the others: however often strangers try,
/// they hide none of them.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn attempts(
    r: &impl Reads,
    office: OfficeKey,
    since: Timestamp,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Attempted>, StoreError> {
    let mut found = found_under(r, &known_subject(office), since, now, limit)?;
    found.extend(found_under(r, &refused_subject(office), since, now, limit - found.len())?);
    found.sort_by_key(|(sequence, _)| std::cmp::Reverse(*sequence));
    Ok(found.into_iter().map(|(_, one)| one).collect())
}

/// With the numbers of their entries.
fn found_under(
    r: &impl Reads,
    subject: &str,
    since: Timestamp,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(u64, Attempted)>, StoreError> {
    let (mut found, mut completed, mut before) = (Vec::new(), Vec::new(), None);
    if limit == 0 {
        return Ok(found);
    }
    for _ in 0..LOOKED_AT / AT_A_TIME {
        let entries = audit::about_before(r, subject, before, AT_A_TIME)?;
        before = entries.last().map(|entry| entry.sequence);
        let is_last = entries.len() < AT_A_TIME;
        let mut all_old = true;
        for entry in entries {
            // An entry that is dated ahead was written by a clock that has been set right since: it tells no time.
            if entry.at < since || clock::is_ahead(entry.at, now) {
                continue;
            }
            all_old = false;
            found.extend(attempted(&entry, &mut completed).map(|one| (entry.sequence, one)));
            if found.len() >= limit {
                return Ok(found);
            }
        }
        if is_last || all_old {
            break;
        }
    }
    Ok(found)
}

/// A login that got its security code right, of a younger entry.
struct Completed {
    at: Timestamp,
    /// The client that typed the code, and that of the waiting entry.
    clients: [String; 2],
    /// The waiting entry is still to come.
    waits: bool,
}

impl Completed {
    fn began_at(&self, client: &str) -> bool {
        self.clients[1] == client
    }

    /// Whether a try at this time from this client was the same person's.
    fn explains(&self, at: Timestamp, client: &str) -> bool {
        self.clients.iter().any(|one| one == client) && self.at.duration_since(at) <= SLIP
    }
}

fn attempted(entry: &Entry, completed: &mut Vec<Completed>) -> Option<Attempted> {
    let detail = |key: &str| entry.details.get(key).cloned();
    let client = detail("client").unwrap_or_default();
    if matches!(entry.outcome.as_str(), ENTERED | PROVED) {
        let began = detail(WAITED_FROM).unwrap_or_else(|| client.clone());
        completed.push(Completed { at: entry.at, clients: [client, began], waits: true });
        return None;
    }
    if entry.outcome == WAITS_FOR_CODE
        && let Some(one) = completed.iter_mut().find(|one| one.waits && one.began_at(&client))
    {
        one.waits = false;
        return None;
    }
    let from = ClientNetwork::masked_text(&client);
    let (outcome_word, knew_password) = word(&entry.outcome);
    let stopped_at_code = matches!(entry.outcome.as_str(), WAITS_FOR_CODE | CODE_WRONG | CODE_OVER);
    let slip = stopped_at_code && completed.iter().any(|one| one.explains(entry.at, &client));
    let (knew_password, matters) = (knew_password && !slip, matters(&entry.outcome) && !slip);
    Some(Attempted { at: entry.at, from, outcome_word, knew_password, matters })
}

/// Whether whoever was refused so had typed the right password, or holds what answers as a passkey of the office.
pub(super) fn matters(outcome: &str) -> bool {
    word(outcome).1 || matches!(outcome, COPIED | "passkey_disabled")
}

fn word(outcome: &str) -> (&'static str, bool) {
    match outcome {
        "expired" => ("使えなくなった仮パスワード", false),
        "temporary" => ("介護情報基盤ポータルの初回利用登録での仮パスワード", false),
        "suspended" => ("ユーザの利用停止中", false),
        "disabled" => ("使えなくなったパスワード", true),
        "changed" => ("ログインの途中で登録情報が変更された", true),
        "locked" => ("初めて使う端末からのログインの停止中", true),
        "device_locked" => ("誤りが続いたため、その端末からのログインを停止中", false),
        WAITS_FOR_CODE => ("パスワードは合っていたが、セキュリティコードの入力前に中断", true),
        CODE_WRONG => ("セキュリティコードの誤り", true),
        CODE_OVER => ("セキュリティコードの誤りが続いたため終了", true),
        "passkey_wrong" | "passkey_changed" => ("パスキーを確認できなかった", false),
        "passkey_disabled" => ("パスワードが使えないため、パスキーも使えない", false),
        COPIED => ("パスキーが複製されたおそれがあるため停止", false),
        _ => ("パスワードの誤り", false),
    }
}

/// The tries that were refused from `since` to `now`, counted up to `limit`; those of a locked device as one.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn refused_tries(
    r: &impl Reads,
    office: OfficeKey,
    since: Timestamp,
    now: Timestamp,
    limit: usize,
) -> Result<RefusedTries, StoreError> {
    let found = attempts(r, office, since, now, limit)?;
    Ok(RefusedTries { count: found.len(), last: found.iter().map(|one| one.at).max() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Actor, Event};
    use crate::kernel::{Clock, Moment, Random, UserId};
    use crate::security::Keys;
    use crate::store::Store;

    const HOME: &str = "203.0.113.9";
    const ELSEWHERE: &str = "2001:db8:1:2:3:4:5:6";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn office() -> OfficeKey {
        UserId::parse("KJ131311111111").unwrap().office()
    }

    fn store() -> Store {
        let store = Store::in_memory().unwrap();
        audit::seal_with(&store, &Keys::fresh(&Random::seeded(1)));
        store
    }

    fn tell(store: &Store, time: &str, outcome: &'static str, client: &'static str) {
        let moment = Moment::new(&Clock::manual(at(time)), &Random::seeded(1));
        let told = store.write_blocking(move |tx| {
            let event = Event::new(Actor::Visitor, "login.try").outcome(outcome).client(client);
            let apart = matches!(outcome, ENTERED | PROVED) || matters(outcome);
            let subject = if apart { known_subject(office()) } else { refused_subject(office()) };
            audit::record(tx, &moment, event.prefecture(office().prefecture).subject(subject))
        });
        told.unwrap();
    }

    fn found(store: &Store, limit: usize) -> Vec<Attempted> {
        let (since, now) = (at("2026-01-01T00:00:00Z"), at("2026-01-20T00:00:00Z"));
        store.read(|r| attempts(r, office(), since, now, limit)).unwrap()
    }

    #[test]
    fn an_attempt_tells_its_network_and_whether_the_password_was_known() {
        let store = store();
        tell(&store, "2026-01-02T00:00:00Z", "wrong", HOME);
        tell(&store, "2026-01-03T00:00:00Z", CODE_WRONG, ELSEWHERE);
        let all = found(&store, 9);
        let seen: Vec<_> = all.iter().map(|one| (one.from.as_str(), one.outcome_word, one.knew_password)).collect();
        let expected = [("2001:db8:1:2::*", "セキュリティコードの誤り", true), ("203.0.113.*", "パスワードの誤り", false)];
        assert_eq!(seen, expected);
        assert_eq!(found(&store, 1), all[..1], "the newest");
    }

    #[test]
    fn a_login_that_got_its_code_is_no_attempt_and_one_that_was_left_is() {
        let store = store();
        tell(&store, "2026-01-02T00:00:00Z", WAITS_FOR_CODE, HOME);
        tell(&store, "2026-01-02T00:01:00Z", WAITS_FOR_CODE, ELSEWHERE);
        tell(&store, "2026-01-02T00:02:00Z", ENTERED, HOME);
        let all = found(&store, 9);
        assert_eq!(all.iter().map(|one| (one.from.as_str(), one.knew_password)).collect::<Vec<_>>(), [("2001:db8:1:2::*", true)]);
        tell(&store, "2026-01-02T00:03:00Z", PROVED, ELSEWHERE);
        assert_eq!(found(&store, 9), []);
        tell(&store, "2026-01-02T00:04:00Z", WAITS_FOR_CODE, HOME);
        assert_eq!(found(&store, 9).len(), 1, "only what waited before it was completed by it");
    }

    #[test]
    fn a_slip_of_ones_own_at_the_code_warns_of_nothing_and_anothers_does() {
        let store = store();
        for (minute, outcome, client) in [
            (0, WAITS_FOR_CODE, ELSEWHERE),
            (1, WAITS_FOR_CODE, HOME),
            (2, WAITS_FOR_CODE, HOME),
            (3, CODE_WRONG, HOME),
            (4, CODE_WRONG, ELSEWHERE),
            (5, ENTERED, HOME),
        ] {
            tell(&store, &format!("2026-01-02T01:0{minute}:00Z"), outcome, client);
        }
        tell(&store, "2026-01-02T02:05:00Z", WAITS_FOR_CODE, HOME);
        tell(&store, "2026-01-02T03:06:00Z", ENTERED, HOME);
        let warned =
            |all: &[Attempted]| all.iter().filter(|one| one.knew_password).map(|one| one.from.clone()).collect::<Vec<_>>();
        let all = found(&store, 9);
        assert_eq!(warned(&all), ["2001:db8:1:2::*"; 2], "{all:?}");
        assert_eq!(all.iter().filter(|one| !one.knew_password).count(), 2, "{all:?}");
        // Long before somebody entered, it was somebody else's.
        tell(&store, "2026-01-03T01:00:00Z", CODE_WRONG, HOME);
        tell(&store, "2026-01-03T02:00:01Z", WAITS_FOR_CODE, HOME);
        tell(&store, "2026-01-03T02:00:02Z", ENTERED, HOME);
        assert_eq!(warned(&found(&store, 9)).len(), 3);
    }

    #[test]
    fn attempts_of_a_clock_that_was_ahead_or_behind_are_left_out_and_hide_no_others() {
        let store = store();
        for time in ["2025-12-01", "2026-01-02", "2000-01-01", "2027-01-02", "2026-01-19"] {
            tell(&store, &format!("{time}T00:00:00Z"), "wrong", HOME);
        }
        let times: Vec<_> = found(&store, 9).into_iter().map(|one| one.at).collect();
        assert_eq!(times, [at("2026-01-19T00:00:00Z"), at("2026-01-02T00:00:00Z")]);
    }

    #[test]
    fn q22_strangers_hide_no_attempt_of_somebody_who_knew_the_password_or_copied_a_passkey() {
        let store = store();
        tell(&store, "2026-01-02T00:00:00Z", CODE_WRONG, HOME);
        tell(&store, "2026-01-02T00:00:00Z", COPIED, HOME);
        for minute in 0..60 {
            for hour in 0..2 {
                tell(&store, &format!("2026-01-03T0{hour}:{minute:02}:00Z"), "wrong", ELSEWHERE);
            }
        }
        let all = found(&store, 100);
        assert_eq!((all.len(), all.iter().filter(|one| one.knew_password).count()), (100, 1));
        assert!(all[98..].iter().all(|one| one.matters) && !all[..98].iter().any(|one| one.matters), "they are the oldest");
    }

    #[test]
    fn what_an_older_program_wrote_among_the_refused_is_still_told() {
        let store = store();
        let moment = Moment::new(&Clock::manual(at("2026-01-02T00:00:00Z")), &Random::seeded(1));
        let told = store.write_blocking(move |tx| {
            let event = Event::new(Actor::Visitor, "login.try").outcome(CODE_OVER).client(HOME);
            audit::record(tx, &moment, event.prefecture(office().prefecture).subject(refused_subject(office())))
        });
        told.unwrap();
        assert!(found(&store, 9)[0].knew_password);
    }

    #[test]
    fn many_completed_logins_hide_no_older_attempt() {
        let store = store();
        tell(&store, "2026-01-02T00:00:00Z", "wrong", HOME);
        for _ in 0..AT_A_TIME {
            tell(&store, "2026-01-03T00:00:00Z", WAITS_FOR_CODE, HOME);
            tell(&store, "2026-01-03T00:01:00Z", ENTERED, HOME);
        }
        assert_eq!(found(&store, 9).len(), 1);
    }
}
