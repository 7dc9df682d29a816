//! Whether an office number and an address belong together cannot be told from a reset, nor from the admission of a device: the same
//! bytes and headers, and the same number of rows read and written, commits and argon2 runs (quality bar 21).

use jiff::SignedDuration;

use crate::reset::{REGISTERED, ask};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::USER;
use crate::support::reissue::{NUMBER, code_in, wrong};

/// What one request cost: rows read, rows written, commits, argon2 runs.
type Cost = (u64, u64, u64, u64);

/// What can be seen of an answer, and what it cost.
pub type Seen = (u16, String, Vec<(String, String)>, Cost);

/// An answer without what differs from one request to the next: the token of the form, cookies, and what was typed.
fn seen(page: &Page, typed: &[&str], cost: Cost) -> Seen {
    let mut body = page.body.clone();
    for name in ["_csrf", "flow"] {
        if let Some(value) = page.value(name) {
            body = body.replace(&value, name);
        }
    }
    // The number stands in the example beside its field as well.
    for typed in typed {
        body = body.replace(&format!("value=\"{typed}\""), "value=\"TYPED\"");
    }
    if let Some(address) = typed.last() {
        body = body.replace(address, "ADDRESS");
    }
    let headers = page.headers.iter().map(|(name, value)| {
        let value = value.to_str().unwrap();
        let shown = if name == "set-cookie" { value.split_once(';').unwrap().1 } else { value };
        let shown = if name == "content-length" { "" } else { shown };
        (name.to_string(), shown.to_owned())
    });
    (page.status.as_u16(), body, headers.collect(), cost)
}

/// Somebody who asks for an office with an address, each step looked at.
pub struct Stranger<'a> {
    app: &'a TestApp,
    pub browser: Browser,
    typed: [&'a str; 2],
    pub seen: Vec<Seen>,
}

impl<'a> Stranger<'a> {
    pub fn new(app: &'a TestApp, who: &'a str, address: &'a str) -> Self {
        Self { app, browser: app.browser(), typed: [who, address], seen: Vec::new() }
    }

    pub async fn get(&mut self, path: &str) {
        self.step(path, None).await;
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) {
        self.step(path, Some(fields)).await;
    }

    async fn step(&mut self, path: &str, fields: Option<&[(&str, &str)]>) {
        let (before, hashes) = (self.app.app.store.counts(), self.app.app.hasher.count());
        let page = match fields {
            Some(fields) => self.browser.post(path, fields).await,
            None => self.browser.get(path).await,
        };
        let after = self.app.app.store.counts();
        let cost = (
            after.read - before.read,
            after.written - before.written,
            after.commits - before.commits,
            self.app.app.hasher.count() - hashes,
        );
        self.seen.push(seen(&page, &self.typed, cost));
    }

    /// What to type that is wrong, whatever was sent.
    pub async fn wrong_code(&self) -> String {
        let mails = self.app.take_mails().await;
        mails.first().map_or_else(|| "000000".to_owned(), |mail| wrong(&code_in(mail, 6)))
    }
}

/// All that can be done without a right code.
async fn try_all<'a>(app: &'a TestApp, number: &'a str, address: &'a str) -> Vec<Seen> {
    let mut one = Stranger::new(app, number, address);
    one.get("/reset").await;
    one.post("/reset", &[("number", number), ("address", address)]).await;
    let code = one.wrong_code().await;
    one.get("/reset/code").await;
    one.post("/reset/code/resend", &[]).await;
    app.advance(SignedDuration::from_secs(60));
    one.post("/reset/code/resend", &[]).await;
    one.get("/reset/code").await;
    app.take_mails().await;
    for _ in 0..6 {
        one.post("/reset/code", &[("code", &code)]).await;
    }
    one.post("/reset/code/resend", &[]).await;
    one.get("/reset/password").await;
    one.post("/reset/password", &[("new_password", "mV8#trcw2Kq"), ("new_password_again", "mV8#trcw2Kq")]).await;
    one.get("/reset/done").await;
    // Back, and the same again.
    one.get("/reset").await;
    one.post("/reset", &[("number", number), ("address", address)]).await;
    one.post("/reset", &[("number", number), ("address", address)]).await;
    app.take_mails().await;
    app.advance(-SignedDuration::from_secs(60));
    one.seen
}

/// The very first entry of a log has no other and no signature to follow, and costs a read less for each: they are there already.
async fn warm() -> TestApp {
    let app = TestApp::with(|config| {
        config.limits.codes_per_network_hour = 1_000;
        config.limits.login_tries_per_network_5min = 10_000;
    });
    app.app.prepare().await.unwrap();
    app.run_jobs().await;
    app
}

/// Ten wrong codes in flows of their own.
async fn close(app: &TestApp, number: &str, address: &str) {
    for _ in 0..2 {
        let mut one = Stranger::new(app, number, address);
        ask(&mut one.browser, number, address).await;
        let code = one.wrong_code().await;
        one.get("/reset/code").await;
        for _ in 0..5 {
            one.post("/reset/code", &[("code", &code)]).await;
        }
    }
    app.take_mails().await;
}

#[tokio::test]
async fn q21_a_matching_and_a_non_matching_pair_answer_alike_to_the_byte_at_one_cost() {
    let app = warm().await;
    app.office(USER).await;
    app.in_ledger(13, "1322222222").await;
    let suspended = app.office("KJ131344444444").await;
    app.change_account(suspended, |account| account.suspended = true).await;
    app.office("KJ131355555555").await;
    let bare = app.office("KJ131366666666").await;
    app.change_account(bare, |account| account.security_mails.clear()).await;
    close(&app, "1355555555", REGISTERED).await;
    app.run_jobs().await;

    let matching = try_all(&app, NUMBER, REGISTERED).await;
    assert_eq!(matching[1].0, 303);
    for (what, number, address) in [
        ("a wrong address", NUMBER, "somebody@example.jp"),
        ("the address for notices alone", NUMBER, "notice@example.jp"),
        ("an office without an ID", "1322222222", REGISTERED),
        ("a number in no ledger", "1333333333", REGISTERED),
        ("a number of a prefecture that is not here", "4711111111", REGISTERED),
        ("a suspended office", "1344444444", REGISTERED),
        ("an office without any address", "1366666666", REGISTERED),
        ("a closed pair", "1355555555", REGISTERED),
    ] {
        let other = try_all(&app, number, address).await;
        for (step, (one, two)) in matching.iter().zip(&other).enumerate() {
            assert_eq!(one, two, "{what}, step {step}");
        }
    }
}

#[tokio::test]
async fn q21_the_tenth_wrong_code_closes_any_pair_at_one_cost() {
    let app = warm().await;
    app.office(USER).await;
    let mut both = Vec::new();
    for address in [REGISTERED, "somebody@example.jp"] {
        let mut all = Vec::new();
        for _ in 0..2 {
            let mut one = Stranger::new(&app, NUMBER, address);
            one.get("/reset").await;
            one.post("/reset", &[("number", NUMBER), ("address", address)]).await;
            let code = one.wrong_code().await;
            one.get("/reset/code").await;
            for _ in 0..5 {
                one.post("/reset/code", &[("code", &code)]).await;
            }
            all.extend(one.seen);
        }
        app.take_mails().await;
        both.push(all);
    }
    for (step, (one, two)) in both[0].iter().zip(&both[1]).enumerate() {
        assert_eq!(one, two, "step {step}");
    }
}

#[tokio::test]
async fn q17_q21_too_many_codes_are_refused_alike_and_only_a_matching_pair_is_sent_any() {
    let app = warm().await;
    app.office(USER).await;
    let mut both = Vec::new();
    for (address, mails) in [(REGISTERED, 5), ("somebody@example.jp", 0)] {
        let mut all = Vec::new();
        for _ in 0..6 {
            let mut one = Stranger::new(&app, NUMBER, address);
            one.get("/reset").await;
            one.post("/reset", &[("number", NUMBER), ("address", address)]).await;
            all.extend(one.seen);
        }
        assert_eq!(all.last().unwrap().0, 422, "the sixth in an hour");
        assert_eq!(app.take_mails().await.len(), mails);
        both.push(all);
    }
    for (step, (one, two)) in both[0].iter().zip(&both[1]).enumerate() {
        assert_eq!(one, two, "step {step}");
    }
}

/// The same for a device.
async fn try_device<'a>(app: &'a TestApp, user_id: &'a str, address: &'a str) -> Vec<Seen> {
    let mut one = Stranger::new(app, user_id, address);
    one.get("/login/device").await;
    one.post("/login/device", &[("user_id", user_id), ("address", address)]).await;
    let code = one.wrong_code().await;
    one.get("/login/device/code").await;
    app.advance(SignedDuration::from_secs(60));
    one.post("/login/device/code/resend", &[]).await;
    app.take_mails().await;
    for _ in 0..6 {
        one.post("/login/device/code", &[("code", &code)]).await;
    }
    one.get("/login/device/done").await;
    app.advance(-SignedDuration::from_secs(60));
    one.seen
}

#[tokio::test]
async fn q21_a_device_is_asked_for_alike_whether_user_id_and_address_belong_together() {
    let app = warm().await;
    app.office(USER).await;
    let suspended = app.office("KJ131344444444").await;
    app.change_account(suspended, |account| account.suspended = true).await;
    let matching = try_device(&app, USER, REGISTERED).await;
    for (what, user_id, address) in [
        ("a wrong address", USER, "somebody@example.jp"),
        ("an ID never given out", "KJ131333333333", REGISTERED),
        ("a suspended office", "KJ131344444444", REGISTERED),
    ] {
        let other = try_device(&app, user_id, address).await;
        for (step, (one, two)) in matching.iter().zip(&other).enumerate() {
            assert_eq!(one, two, "{what}, step {step}");
        }
    }
}
