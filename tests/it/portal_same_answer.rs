//! Whether an address is anybody's at the portal cannot be told from its login, nor from パスワードを忘れた方: the same bytes and headers, and
//! the same number of rows read and written, commits and argon2 runs (quality bar 21).

use jiff::SignedDuration;

use crate::portal_login::suspend;
use crate::reset_same_answer::{Seen, Stranger};
use crate::support::TestApp;
use crate::support::office::USER;
use crate::support::portal::PORTAL_PASSWORD;

const NOBODY: &str = "nobody@portal.example.jp";

/// The very first entry of a log has other costs: it is there already.
async fn warm() -> TestApp {
    let app = TestApp::with(|config| {
        config.limits.codes_per_network_hour = 1_000;
        config.limits.login_tries_per_network_5min = 10_000;
    });
    app.app.prepare().await.unwrap();
    app.run_jobs().await;
    app
}

async fn try_login<'a>(app: &'a TestApp, mail: &'a str, password: &str) -> Vec<Seen> {
    let mut one = Stranger::new(app, "", mail);
    one.get("/portal/login").await;
    for _ in 0..4 {
        one.post("/portal/login", &[("id", mail), ("password", password)]).await;
    }
    one.get("/portal/login/otp").await;
    one.post("/portal/login/otp", &[("code", "123456")]).await;
    one.seen
}

#[tokio::test]
async fn q21_unknown_wrong_and_locked_for_strangers_are_one_answer_at_one_cost() {
    let app = warm().await;
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut others = Vec::new();
    for (what, user) in [
        ("an initial password that has expired", "KJ131344444444"),
        ("an initial password is out", "KJ131333333333"),
        ("suspended", "KJ131355555555"),
        ("locked for strangers", "KJ131366666666"),
    ] {
        app.office(user).await;
        match what {
            "suspended" => {
                let other = app.portal_main(user).await;
                suspend(&app, &other.member, true).await;
                others.push((what, other.mail, "wrong"));
            }
            "locked for strangers" => {
                let other = app.portal_main(user).await;
                for _ in 0..30 {
                    crate::portal_login::log_in(&mut app.browser(), &other.mail, "wrong").await;
                }
                others.push((what, other.mail.clone(), "wrong"));
                others.push(("and the right password", other.mail, PORTAL_PASSWORD));
            }
            _ => others.push((what, app.portal_initial(user).await.0, "wrong")),
        }
        if what == "an initial password that has expired" {
            app.advance(SignedDuration::from_hours(8 * 24));
        }
    }
    let first = try_login(&app, &main.mail, "wrong").await;
    assert_eq!((first[1].0, first[1].3.3), (422, 1), "exactly one argon2");
    others.push(("nobody", NOBODY.to_owned(), "wrong"));
    for (what, mail, password) in others {
        let other = try_login(&app, &mail, password).await;
        for (step, (one, two)) in first.iter().zip(&other).enumerate() {
            assert_eq!(one, two, "{what}, step {step}");
        }
    }
    app.run_jobs().await;
}

/// All that can be done without a right code.
async fn try_lost<'a>(app: &'a TestApp, mail: &'a str) -> Vec<Seen> {
    let mut one = Stranger::new(app, "", mail);
    one.get("/portal/lost").await;
    one.post("/portal/lost", &[("id", mail)]).await;
    let code = one.wrong_code().await;
    one.get("/portal/lost/otp").await;
    one.post("/portal/lost/otp/resend", &[]).await;
    app.advance(SignedDuration::from_secs(60));
    one.post("/portal/lost/otp/resend", &[]).await;
    one.get("/portal/lost/otp").await;
    app.take_mails().await;
    for _ in 0..6 {
        one.post("/portal/lost/otp", &[("code", &code)]).await;
    }
    one.post("/portal/lost/otp/resend", &[]).await;
    one.get("/portal/lost/password").await;
    one.post("/portal/lost/password", &[("new_password", "brave Teapot 83"), ("new_password_again", "brave Teapot 83")]).await;
    one.get("/portal/lost/done").await;
    // Back, and the same again.
    one.get("/portal/lost").await;
    one.post("/portal/lost", &[("id", mail)]).await;
    one.post("/portal/lost", &[("id", mail)]).await;
    app.take_mails().await;
    app.advance(-SignedDuration::from_secs(60));
    one.seen
}

#[tokio::test]
async fn q21_lost_answers_alike_to_the_byte_at_one_cost() {
    let app = warm().await;
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let suspended = "KJ131333333333";
    app.office(suspended).await;
    let suspended = app.portal_main(suspended).await;
    suspend(&app, &suspended.member, true).await;
    app.office("KJ131344444444").await;
    let (initial, _) = app.portal_initial("KJ131344444444").await;
    app.take_mails().await;
    let known = try_lost(&app, &main.mail).await;
    assert_eq!(known[1].0, 303);
    for (what, mail) in
        [("nobody", NOBODY), ("suspended", suspended.mail.as_str()), ("with an initial password", initial.as_str())]
    {
        let other = try_lost(&app, mail).await;
        for (step, (one, two)) in known.iter().zip(&other).enumerate() {
            assert_eq!(one, two, "{what}, step {step}");
        }
    }
}
