//! パスキー of staff.

use uketsuke::audit;
use uketsuke::passkeys::{self, Passkey};
use uketsuke::security::sessions::{Session, Subject};
use uketsuke::staff::{Command, Role, Scope, administer};
use uketsuke::store::{Reads as _, Span, Table};

use super::{LIST as OFFICES, NAME, at_work, minutes};
use crate::security_strangers::costs;
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::USER;
use crate::support::passkey::{Device, options};
use crate::support::refusal::Sample;
use crate::support::staff::{PASSWORD, enrol, enrol_by, log_in, path_of_link};

pub(super) const LIST: &str = "/staff/passkeys";
pub(super) const MEMBER: &str = "佐藤 花子";
const OVER: &str = "/staff/login?notice=passkey";

/// What is counted against the only member.
fn wrong_codes(app: &TestApp) -> u32 {
    #[derive(serde::Deserialize)]
    struct Counted {
        wrong_codes: u32,
    }
    let table: Table<uketsuke::kernel::Id, Counted> = Table::new("staff");
    app.app.store.read(|r| r.first(&table, &Span::all())).unwrap().unwrap().1.wrong_codes
}

/// All passkeys of staff.
pub(super) fn held(app: &TestApp) -> Vec<Passkey> {
    let table: Table<uketsuke::kernel::Id, Passkey> = Table::new("passkeys");
    let all = app.app.store.read(|r| r.list(&table, &Span::all(), usize::MAX)).unwrap();
    all.into_iter().map(|(_, one)| one).filter(|one| matches!(one.owner, Subject::Staff(_))).collect()
}

/// A member of the federation 07 at their desk.
async fn at_desk(app: &TestApp, name: &str, role: Role) -> Browser {
    let scope = Scope::One(uketsuke::kernel::Prefecture::new(7).unwrap());
    let member = enrol(app, name, role, scope).await;
    let mut browser = app.browser();
    assert_eq!(log_in(app, &mut browser, &member).await.location(), Some("/staff"));
    browser
}

/// The whole login with this device.
pub(super) async fn enter(browser: &mut Browser, device: &mut Device) -> Page {
    browser.open("/staff/login").await;
    assert_eq!(browser.post("/staff/login/passkey/begin", &[]).await.location(), Some("/staff/login/passkey"));
    let asked = options(&browser.get("/staff/login/passkey").await);
    browser.post("/staff/login/passkey", &[("credential", &device.signed(&asked))]).await
}

fn is_refused(page: &Page) -> bool {
    page.status == 422 && page.says("このパスキーではログインできませんでした") && !page.headers.contains_key("set-cookie")
}

pub(super) async fn run(app: &TestApp, command: Command) {
    administer(&app.app.store, &app.app.config, app.app.moment(), command).await.unwrap();
}

#[tokio::test]
async fn a_member_registers_a_passkey_enters_with_it_and_takes_it_away() {
    let app = TestApp::new();
    for (name, role) in [(MEMBER, Role::Clerk), ("運営", Role::Operator)] {
        let mut browser = at_desk(&app, name, role).await;
        let dashboard = browser.get("/staff").await;
        assert!(dashboard.body.contains("href=\"/staff/passkeys\""), "beside the name");
        assert!(browser.get(LIST).await.says("登録されているパスキーはありません"));
        let mut device = browser.register(&app, LIST, NAME).await;
        browser.post("/staff/logout", &[]).await;
        let hashes = costs(&app)[3];
        let mut elsewhere = app.browser();
        assert_eq!(enter(&mut elsewhere, &mut device).await.location(), Some("/staff"));
        assert_eq!(costs(&app)[3], hashes, "nothing is hashed");
        assert!(elsewhere.cookies.contains_key("device") && elsewhere.get("/staff").await.says(name));
        let page = elsewhere.get(LIST).await;
        let id = page.value("passkey").unwrap();
        assert!(page.says("現在のパスワード"), "a passkey is no fresh password");
        let fields = [("passkey", id.as_str()), ("current_password", PASSWORD)];
        let page = elsewhere.submit(&format!("{LIST}/remove"), &fields).await;
        assert!(page.says("パスキーを削除しました"), "{}", page.text());
        assert!(is_refused(&enter(&mut app.browser(), &mut device).await));
        assert_eq!(held(&app), []);
    }
}

#[tokio::test]
async fn q20_a_member_is_asked_for_the_password_before_passkeys_change() {
    let app = TestApp::new();
    let mut browser = at_desk(&app, MEMBER, Role::Clerk).await;
    browser.register(&app, LIST, NAME).await;
    let id = held(&app)[0].id.to_string();
    app.advance(minutes(10));
    let (new, begin, remove) = (format!("{LIST}/new"), format!("{LIST}/begin"), format!("{LIST}/remove"));
    let secret = &["current_password"];
    let adding = Sample { shown_at: &new, sent_to: &begin, good: &[("current_password", PASSWORD)], secret };
    let good = [("passkey", id.as_str()), ("current_password", PASSWORD)];
    let removing = Sample { shown_at: LIST, sent_to: &remove, good: &good, secret };
    for sample in [&adding, &removing] {
        sample.refuses(&app, &mut browser, &[("current_password", "", "現在のパスワードを入力してください。")]).await;
        for _ in 0..2 {
            let page = sample.send(&mut browser, "current_password", "wrong").await;
            assert!(page.says("現在のパスワードが違います。"), "{}", page.text());
        }
    }
    assert_eq!(adding.goes_through(&mut browser).await.location(), Some(new.as_str()));
    app.advance(minutes(10));
    assert_eq!(removing.goes_through(&mut browser).await.location(), Some(format!("{LIST}?notice=removed").as_str()));
}

#[tokio::test]
async fn q16_the_fifth_wrong_answer_ends_the_session_and_keeps_the_member_from_nothing() {
    let app = TestApp::new();
    let member = enrol(&app, MEMBER, Role::Clerk, Scope::One(uketsuke::kernel::Prefecture::new(7).unwrap())).await;
    let (mut stolen, mut own) = (app.browser(), app.browser());
    for browser in [&mut stolen, &mut own] {
        assert_eq!(log_in(&app, browser, &member).await.location(), Some("/staff"));
        app.advance(minutes(1));
    }
    app.advance(minutes(10));
    let (new, begin) = (format!("{LIST}/new"), format!("{LIST}/begin"));
    let adding =
        Sample { shown_at: &new, sent_to: &begin, good: &[("current_password", PASSWORD)], secret: &["current_password"] };
    for _ in 0..4 {
        assert!(adding.send(&mut stolen, "current_password", "wrong").await.says("現在のパスワードが違います。"));
    }
    let page = adding.send(&mut stolen, "current_password", "wrong").await;
    assert_eq!(page.location(), Some("/staff/login?notice=reauth"));
    assert!(stolen.open("/staff/login?notice=reauth").await.says("パスワードの確認で誤りが続いたため"));
    assert_eq!(stolen.get("/staff").await.location(), Some("/staff/login?notice=ended"));
    assert_eq!(adding.goes_through(&mut own).await.location(), Some(new.as_str()));
}

#[tokio::test]
async fn q16_a_passkey_between_wrong_codes_does_not_reset_their_count() {
    let app = TestApp::new();
    let mut browser = at_desk(&app, MEMBER, Role::Clerk).await;
    let mut device = browser.register(&app, LIST, NAME).await;
    browser.get("/staff").await;
    browser.post("/staff/logout", &[]).await;
    browser.get("/staff/login").await;
    browser.post("/staff/login", &[("name", MEMBER), ("password", PASSWORD)]).await;
    browser.get("/staff/login/code").await;
    browser.post("/staff/login/code", &[("code", "000000")]).await;
    assert_eq!(wrong_codes(&app), 1);
    assert_eq!(enter(&mut app.browser(), &mut device).await.location(), Some("/staff"));
    assert_eq!(wrong_codes(&app), 1);
}

#[tokio::test]
async fn a_name_that_comes_after_the_time_out_is_proposed_again() {
    let app = TestApp::new();
    let scope = Scope::One(uketsuke::kernel::Prefecture::new(7).unwrap());
    let member = enrol(&app, MEMBER, Role::Clerk, scope).await;
    let mut browser = app.browser();
    log_in(&app, &mut browser, &member).await;
    let options = browser.begin_passkey(LIST).await;
    let answer = Device::new(&app, &options).created(&options);
    app.advance(minutes(60));
    assert_eq!(browser.name_passkey(LIST, NAME, &answer).await.location(), Some("/staff/login?notice=form"));
    let new = format!("{LIST}/new");
    assert_eq!(log_in(&app, &mut browser, &member).await.location(), Some(new.as_str()));
    let page = browser.get(&new).await;
    assert_eq!(page.value("name").as_deref(), Some(NAME), "{}", page.text());
    let page = browser.submit(&format!("{LIST}/begin"), &[("name", NAME), ("current_password", PASSWORD)]).await;
    assert_eq!(page.value("name").as_deref(), Some(NAME));
    assert_eq!(held(&app), []);
}

#[tokio::test]
async fn who_is_disabled_or_enrols_anew_has_no_passkeys_any_more() {
    let app = TestApp::new();
    let mut browser = at_desk(&app, MEMBER, Role::Clerk).await;
    let name = || MEMBER.to_owned();
    let mut device = browser.register(&app, LIST, NAME).await;
    let mut entering = app.browser();
    entering.open("/staff/login").await;
    entering.post("/staff/login/passkey/begin", &[]).await;
    let asked = options(&entering.get("/staff/login/passkey").await);
    run(&app, Command::Disable { name: name() }).await;
    assert_eq!(held(&app), []);
    let page = entering.post("/staff/login/passkey", &[("credential", &device.signed(&asked))]).await;
    assert!(is_refused(&page), "begun before: {}", page.text());

    let add = Command::Add { name: name(), scope: Scope::All, role: Role::Clerk };
    let link = path_of_link(&app, add).await;
    let authenticator = enrol_by(&app, &mut app.browser(), &link).await;
    assert!(is_refused(&enter(&mut app.browser(), &mut device).await), "taken back, the old one stays gone");
    let mut browser = app.browser();
    log_in(&app, &mut browser, &crate::support::staff::Member { name: name(), authenticator }).await;
    browser.register(&app, LIST, NAME).await;
    run(&app, Command::ResetAuthenticator { name: name() }).await;
    assert_eq!(held(&app), []);
}

#[tokio::test]
async fn a_member_who_may_not_enter_is_refused_even_with_a_passkey() {
    let app = TestApp::new();
    let mut browser = at_desk(&app, MEMBER, Role::Clerk).await;
    let mut device = browser.register(&app, LIST, NAME).await;
    let kept = held(&app).remove(0);
    run(&app, Command::Disable { name: MEMBER.to_owned() }).await;
    assert!(app.write(move |tx| passkeys::add(tx, &kept)).await);
    assert!(is_refused(&enter(&mut app.browser(), &mut device).await));
    let last = app.app.store.read(|r| audit::in_prefecture(r, uketsuke::kernel::Prefecture::new(7).unwrap(), None, 1)).unwrap();
    assert_eq!((last[0].action.as_str(), last[0].outcome.as_str()), ("staff.login", "passkey_disabled"));
}

#[tokio::test]
async fn q41_each_gate_opens_to_its_own_passkeys_only() {
    let app = TestApp::new();
    let (user, mut office) = at_work(&app, USER).await;
    let mut of_office = office.register(&app, OFFICES, NAME).await;
    let mut clerk = at_desk(&app, MEMBER, Role::Clerk).await;
    let mut of_staff = clerk.register(&app, LIST, NAME).await;
    let mut visitor = app.browser();
    assert!(is_refused(&enter(&mut visitor, &mut of_office).await));
    assert!(is_refused(&visitor.enter_with(&mut of_staff).await));
    // A login begun at one gate is not answered at the other.
    let asked = visitor.asked_for_passkey().await;
    visitor.open("/staff/login").await;
    let page = visitor.post("/staff/login/passkey", &[("credential", &of_staff.signed(&asked))]).await;
    assert_eq!(page.location(), Some(OVER));
    assert!(visitor.get(OVER).await.says("パスキーでのログインを終えられませんでした"));
    // Nor does anybody take another's away.
    let theirs = app.app.store.read(|r| passkeys::of_owner(r, Subject::Office(user))).unwrap()[0].id.to_string();
    clerk.get(LIST).await;
    let page = clerk.post(&format!("{LIST}/remove"), &[("passkey", &theirs)]).await;
    assert!(page.status == 422 && page.says("すでに削除されています"), "{}", page.text());
    assert_eq!(app.app.store.read(|r| passkeys::of_owner(r, Subject::Office(user))).unwrap().len(), 1);
    app.take_mails().await;
}

#[tokio::test]
async fn q45_what_members_do_with_passkeys_is_in_their_federations_log() {
    let app = TestApp::new();
    let mut browser = at_desk(&app, MEMBER, Role::Clerk).await;
    let mut device = browser.register(&app, LIST, NAME).await;
    enter(&mut app.browser(), &mut device).await;
    let prefecture = uketsuke::kernel::Prefecture::new(7).unwrap();
    let told = app.app.store.read(|r| audit::in_prefecture(r, prefecture, None, 9)).unwrap();
    let told: Vec<_> = told.iter().map(|entry| (entry.action.as_str(), entry.outcome.as_str())).collect();
    assert_eq!(told[..2], [("staff.login", "entered_by_passkey"), ("staff.passkey_add", "done")]);
    let sessions: Table<[u8; 32], Session> = Table::new("sessions");
    let all = app.app.store.read(|r| r.list(&sessions, &Span::all(), 9)).unwrap();
    assert_eq!(all.len(), 2, "each login has a session of its own");
}
