//! What a member of staff reads at the next login: passkeys that were registered or removed in their name.

use uketsuke::kernel::Prefecture;
use uketsuke::staff::{Command, Role, Scope};

use super::staff::{LIST, MEMBER, enter, held, run};
use super::{NAME, minutes};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::staff::{Member, PASSWORD, enrol, enrol_by, log_in, path_of_link};

const TOLD: &str = "ご自身のパスキーが変更されました";

async fn clerk(app: &TestApp, name: &str, role: Role) -> Member {
    enrol(app, name, role, Scope::One(Prefecture::new(7).unwrap())).await
}

/// A browser of its own with a complete login; a code is good once, so a minute passes first.
async fn at_desk(app: &TestApp, member: &Member) -> Browser {
    app.advance(minutes(1));
    let mut browser = app.browser();
    assert_eq!(log_in(app, &mut browser, member).await.location(), Some("/staff"));
    browser
}

/// The dashboard after a new login.
async fn next_login(app: &TestApp, member: &Member) -> Page {
    at_desk(app, member).await.get("/staff").await
}

#[tokio::test]
async fn q19_a_member_reads_at_the_next_login_that_a_passkey_was_registered_or_removed() {
    let app = TestApp::new();
    for (name, role) in [(MEMBER, Role::Clerk), ("運営", Role::Operator)] {
        let (member, other) = (clerk(&app, name, role).await, clerk(&app, &format!("{name} 2"), role).await);
        let mut browser = at_desk(&app, &member).await;
        browser.register(&app, LIST, NAME).await;
        assert!(!browser.get("/staff").await.says(TOLD), "the list has said it already");
        let page = next_login(&app, &member).await;
        assert!(
            page.says(TOLD) && page.says(&format!("パスキー「{NAME}」の登録 2026年1月")) && page.says("接続元 "),
            "{}",
            page.text()
        );
        assert!(!next_login(&app, &other).await.says(TOLD));
        assert!(!next_login(&app, &member).await.says(TOLD), "it has been read");

        let mut browser = at_desk(&app, &member).await;
        let id = browser.get(LIST).await.value("passkey").unwrap();
        browser.submit(&format!("{LIST}/remove"), &[("passkey", &id), ("current_password", PASSWORD)]).await;
        let page = next_login(&app, &member).await;
        assert!(page.says(TOLD) && page.says(&format!("パスキー「{NAME}」の削除")), "{}", page.text());
        assert_eq!(held(&app), []);
    }
}

#[tokio::test]
async fn q19_logins_with_the_new_passkey_itself_hide_nothing_from_its_owner() {
    let app = TestApp::new();
    let member = clerk(&app, MEMBER, Role::Clerk).await;
    let mut device = at_desk(&app, &member).await.register(&app, LIST, NAME).await;
    for _ in 0..3 {
        let mut browser = app.browser();
        enter(&mut browser, &mut device).await;
        assert!(browser.get("/staff").await.says(TOLD));
    }
    assert!(next_login(&app, &member).await.says(TOLD));
    assert!(!next_login(&app, &member).await.says(TOLD));
}

#[tokio::test]
async fn who_only_ever_enters_with_a_passkey_reads_of_it_for_a_week() {
    let app = TestApp::new();
    let member = clerk(&app, MEMBER, Role::Clerk).await;
    let mut device = at_desk(&app, &member).await.register(&app, LIST, NAME).await;
    for (hours, told) in [(167, true), (1, false)] {
        app.advance(minutes(hours * 60));
        let mut browser = app.browser();
        enter(&mut browser, &mut device).await;
        assert_eq!(browser.get("/staff").await.says(TOLD), told, "{hours}");
    }
    assert!(next_login(&app, &member).await.says(TOLD), "the password has not been entered since");
}

#[tokio::test]
async fn who_enrols_anew_reads_nothing_of_passkeys_that_are_gone() {
    let app = TestApp::new();
    let member = clerk(&app, MEMBER, Role::Clerk).await;
    at_desk(&app, &member).await.register(&app, LIST, NAME).await;
    let name = || MEMBER.to_owned();
    run(&app, Command::Disable { name: name() }).await;
    let back = Command::Add { name: name(), scope: Scope::All, role: Role::Clerk };
    let link = path_of_link(&app, back).await;
    let authenticator = enrol_by(&app, &mut app.browser(), &link).await;
    assert!(!next_login(&app, &Member { name: name(), authenticator }).await.says(TOLD));
}

#[tokio::test]
async fn a_lone_passkey_is_chosen_for_removal_and_of_two_none_is() {
    let app = TestApp::new();
    let member = clerk(&app, MEMBER, Role::Clerk).await;
    let mut browser = at_desk(&app, &member).await;
    browser.register(&app, LIST, NAME).await;
    let chosen = |page: &Page| page.body.matches(" checked").count();
    assert_eq!(chosen(&browser.get(LIST).await), 1);
    app.passkey(held(&app)[0].owner).await;
    assert_eq!(chosen(&browser.get(LIST).await), 0, "nobody is to remove the wrong one by a click");
}
