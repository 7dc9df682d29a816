//! What was typed into a form that came too late, after a time-out or a logout elsewhere: kept in memory for a while, and shown again,
//! filled in, to whoever typed it. Nothing of it is ever carried out by itself.
//!
//! A form's token says whose it is and in which browser it was drawn, so nobody else can leave anything here or find it. Passwords and
//! codes are left out. A restart forgets everything: it is a kindness, not a store.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use poem::{FromRequest, Request, RequestBody};

use super::components::{Mark, notice};
use super::form::Form;
use super::visit::{Bearer, Visit};
use crate::kernel::clock;
use crate::security::sessions::Subject;

/// As long as somebody needs to find their telephone with the authenticator, or to come back from lunch.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(30);
/// Most bytes of all forms together; the oldest go first.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Most forms.
const MOST_FORMS: usize = 1_000;

/// The forms that are kept.
#[derive(Default)]
pub struct Shelf(Mutex<Vec<Left>>);

/// One of them.
struct Left {
    browser: [u8; 32],
    by: Bearer,
    /// The screen that shows it.
    shown_at: String,
    form: Form,
    until: Timestamp,
}

impl Shelf {
    fn put(&self, left: Left, now: Timestamp) {
        let mut all = self.all(now);
        all.retain(|other| other.browser != left.browser || other.shown_at != left.shown_at);
        all.push(left);
        let mut bytes: usize = all.iter().map(|left| left.form.size()).sum();
        while bytes > MOST_BYTES || all.len() > MOST_FORMS {
            bytes -= all.remove(0).form.size();
        }
    }

    /// What is kept and not too old.
    fn all(&self, now: Timestamp) -> std::sync::MutexGuard<'_, Vec<Left>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|left| clock::runs(left.until, KEPT_FOR, now));
        all
    }
}

/// Secrets are not kept, whatever route they come on, and a token is of no use any more.
fn may_be_kept(name: &str) -> bool {
    name != "_csrf" && name != "code" && !name.contains("password")
}

impl Visit {
    /// Keeps a form of this browser that was drawn for somebody, for the screen at `shown_at`. `false` if it was not: nobody was logged
    /// in when it was drawn, or somebody else is now.
    pub(super) fn keep(&self, mut form: Form, shown_at: &str) -> bool {
        let Some(by) = self.drawn_for(form.get("_csrf")) else { return false };
        if self.session.is_some() && self.bearer() != Some(by.clone()) {
            return false;
        }
        form.retain(may_be_kept);
        let until = self.now.saturating_add(KEPT_FOR).unwrap_or(Timestamp::MAX);
        let left = Left { browser: self.browser(), by, shown_at: shown_at.to_owned(), form, until };
        self.front().kept.put(left, self.now);
        true
    }

    /// Whether something of this browser is kept until its person is logged in again.
    #[must_use]
    pub fn has_kept(&self) -> bool {
        let browser = self.browser();
        self.front().kept.all(self.now).iter().any(|left| left.browser == browser)
    }

    /// `subject` has logged in with this browser: the screen that shows what they had typed. What somebody else had typed is dropped.
    #[must_use]
    pub fn way_back(&self, subject: Subject) -> Option<String> {
        let browser = self.browser();
        let mut all = self.front().kept.all(self.now);
        all.retain(|left| left.browser != browser || left.by.is_subject(subject));
        all.iter().rev().find(|left| left.browser == browser).map(|left| left.shown_at.clone())
    }
}

/// What was typed into a form of this screen that came too late, once. The screen says so above its body.
pub struct Kept(Option<Form>);

impl Kept {
    /// The form.
    #[must_use]
    pub fn form(&self) -> Option<&Form> {
        self.0.as_ref()
    }
}

impl<'a> FromRequest<'a> for Kept {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let visit = Visit::from_request(request, body).await?;
        let Some(bearer) = visit.bearer() else { return Ok(Self(None)) };
        let (browser, path) = (visit.browser(), request.uri().path());
        let mut all = visit.front().kept.all(visit.now);
        let place = all.iter().position(|left| left.browser == browser && left.by == bearer && left.shown_at == path);
        let form = place.map(|place| all.remove(place).form);
        drop(all);
        if form.is_some() {
            visit.say_kept();
        }
        Ok(Self(form))
    }
}

/// Stands above the screen that shows what was kept.
pub(crate) fn told(visit: &Visit) -> Markup {
    html! {
        @if visit.says_kept() {
            (notice(Mark::Important, "ログインし直しました", html! {
                p { "先ほど送信された内容は、まだ登録されていません。入力した内容を確認して、もう一度ボタンを押してください。" }
            }))
        }
    }
}

/// Where the screen is that shows a form of this route again.
#[derive(Clone, Debug)]
pub struct ShownAt(String);

impl ShownAt {
    /// The beginning of `path` that has as many parts as `pattern`.
    #[must_use]
    pub fn of(pattern: &str, path: &str) -> Self {
        Self(path.split('/').take(pattern.split('/').count()).collect::<Vec<_>>().join("/"))
    }

    pub(super) fn path(&self) -> &str {
        &self.0
    }
}

/// Keeps the form of a request whose sender was turned away, if it is one of ours and its route shows it again.
pub async fn keep(request: &mut Request) {
    let Some(shown_at) = request.extensions().get::<ShownAt>().cloned() else { return };
    let mut body = RequestBody::new(request.take_body());
    let Ok(visit) = Visit::from_request(request, &mut body).await else { return };
    // What cannot be read cannot be kept; the sender is told that nothing was registered in any case.
    if let Ok(form) = Form::read(&visit, request, &mut body).await {
        visit.keep(form, shown_at.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Id;

    fn left(browser: u8, shown_at: &str, typed: &str, until: i64) -> Left {
        let by = Bearer::new(Subject::Staff(Id::from_bytes([1; 16])), None);
        let form = Form::of(&[("note", typed)]);
        let until = Timestamp::from_second(until).unwrap();
        Left { browser: [browser; 32], by, shown_at: shown_at.to_owned(), form, until }
    }

    #[test]
    fn no_more_is_kept_than_fits_and_nothing_for_ever() {
        let (shelf, now) = (Shelf::default(), Timestamp::from_second(0).unwrap());
        let megabyte = "x".repeat(1024 * 1024);
        for n in 0..40 {
            shelf.put(left(n, "/a", &megabyte, 1_800), now);
        }
        let kept = shelf.all(now).len();
        assert!((10..=16).contains(&kept), "{kept} MiB");
        assert_eq!(shelf.all(now).last().map(|left| left.browser[0]), Some(39), "the newest stay");
        assert!(shelf.all(Timestamp::from_second(1_800).unwrap()).is_empty());
        for n in 0..1_500 {
            shelf.put(left(1, &format!("/{n}"), "", 1_800), now);
        }
        assert_eq!(shelf.all(now).len(), MOST_FORMS);
        shelf.put(left(1, "/1499", "again", 1_800), now);
        let all = shelf.all(now);
        let same: Vec<&str> = all.iter().filter(|left| left.shown_at == "/1499").map(|left| left.form.get("note")).collect();
        assert_eq!(same, ["again"], "one for each screen");
    }

    #[test]
    fn no_password_and_no_code_is_kept() {
        let mut form =
            Form::of(&[("_csrf", "1"), ("code", "2"), ("new_password_again", "3"), ("password", "4"), ("postal_code", "5")]);
        form.retain(may_be_kept);
        assert_eq!(format!("{form:?}"), "[\"postal_code\"]");
    }

    #[test]
    fn the_screen_of_a_form_is_the_beginning_of_its_address() {
        let of = |pattern: &str, path: &str| ShownAt::of(pattern, path).0;
        assert_eq!(of("/staff/ledger/:number", "/staff/ledger/1311111111/postal-code"), "/staff/ledger/1311111111");
        assert_eq!(of("/staff/letters", "/staff/letters/print"), "/staff/letters");
        assert_eq!(of("/staff/applications/new", "/staff/applications/new"), "/staff/applications/new");
    }
}
