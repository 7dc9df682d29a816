//! The steps of a new office under many clicks at once, and under the hands of staff who end its sessions meanwhile.

use crate::bad_input_twice::at_once;
use crate::first_login_new::at;
use crate::let_in_together::{behind, end_sessions, nothing, recorded, to};
use crate::support::TestApp;
use crate::support::first_login::{ADDRESS, SCREENS};
use crate::support::office::{NEW_PASSWORD, TEMPORARY, USER, user};
use crate::support::world::dump;

type Fields = &'static [(&'static str, &'static str)];

/// The forms of the screens that change something: which screen, where it goes, with what, where it leads, and what the log says of it.
const FORMS: &[(usize, &str, Fields, &str, &str)] = &[
    (0, "/first-login/terms", &[("version", "1"), ("agree", "1")], "/first-login/warning", "first_login.terms"),
    (1, "/first-login/warning", &[], "/first-login/password", ""),
    (3, "/first-login/done", &[], "/first-login/mail", ""),
    (
        4,
        "/first-login/mail",
        &[("way", "register"), ("mail", "oshirase@example.jp"), ("mail_again", "oshirase@example.jp")],
        "/first-login/mail/done",
        "first_login.mail",
    ),
    (5, "/first-login/mail/done", &[], "/first-login/address", ""),
    (6, "/first-login/address", &[("address", ADDRESS), ("address_again", ADDRESS)], "/first-login/address/code", ""),
    (7, "/first-login/address/code", &[], "/first-login/address/done", "first_login.address"),
    (8, "/first-login/address/done", &[], "/office", "first_login.finish"),
];

#[tokio::test]
async fn ten_clicks_on_any_button_do_its_work_once() {
    for (screen, path, fields, leads_to, action) in FORMS {
        let app = TestApp::new();
        let mut browser = at(&app, *screen).await;
        let code = if *screen == 7 { app.code().await } else { String::new() };
        let fields = if *screen == 7 { vec![("code", code.as_str())] } else { fields.to_vec() };
        app.take_mails().await;
        browser.open(path).await;
        let pages = behind(&app, nothing, at_once(10, &browser, path, &fields)).await;
        assert_eq!(to(&pages, leads_to), 10, "{path}: {:?} {}", pages[9].location(), pages[9].text());
        if !action.is_empty() {
            assert_eq!(recorded(&app, user(USER), action), 1, "{path}");
        }
        let sent = app.take_mails().await.len();
        assert_eq!(sent, usize::from(*screen == 6), "{path}: one code, and nobody is told of what was not there before");
    }
}

#[tokio::test]
async fn a_session_that_was_ended_meanwhile_does_nothing_at_any_step() {
    for (screen, path, fields, ..) in FORMS {
        let app = TestApp::new();
        let mut browser = at(&app, *screen).await;
        let code = if *screen == 7 { app.code().await } else { String::new() };
        let fields = if *screen == 7 { vec![("code", code.as_str())] } else { fields.to_vec() };
        app.take_mails().await;
        browser.open(path).await;
        let rows = || {
            let mut all = dump(&app);
            all.retain(|(table, ..)| !table.starts_with("sessions"));
            all
        };
        let before = rows();
        let page = behind(&app, end_sessions, browser.post(path, &fields)).await;
        assert_eq!(page.location(), Some("/first-login"), "{path}: {}", page.text());
        assert!(rows() == before, "{path} wrote something");
        assert_eq!(browser.open("/first-login").await.title(), "ログイン");
        let mut again = app.browser();
        again.log_in(USER, if *screen < 3 { TEMPORARY } else { NEW_PASSWORD }).await;
        let back_at = if *screen == 7 { 6 } else { *screen };
        assert_eq!(again.open("/first-login").await.title(), SCREENS[back_at]);
        app.take_mails().await;
    }
}
