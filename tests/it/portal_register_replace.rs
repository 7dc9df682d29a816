//! 初回利用登録 where somebody is the main user already, or is registered at the same time; and what of it staff have forbidden.

use uketsuke::accounts::{self, Change};
use uketsuke::audit;
use uketsuke::kernel::MailAddress;
use uketsuke::portal::{self, Member, Suspended, SuspendedBy};

use crate::bad_input_twice::at_once;
use crate::portal_register::{
    CHECK, DONE, M7, M9, MAIL, USER_PAGE, at_check, at_user, damage, person, register, registered, users,
};
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::office::{USER, user};
use crate::support::portal::PORTAL_PASSWORD;

const CHANGED: &str = "介護情報基盤ポータル 登録変更のお知らせ";
const OTHER: &str = "jiro@portal.example.jp";

/// The present main user of [`USER`].
fn main_of(app: &TestApp) -> Member {
    let read = app.app.store.read(|r| {
        let institution = portal::of_office(r, user(USER))?.unwrap();
        Ok::<_, uketsuke::store::StoreError>(portal::member(r, institution.main)?.unwrap())
    });
    read.unwrap()
}

async fn suspend(app: &TestApp, member: &Member, may_be_replaced: bool) {
    let at = app.clock.now();
    let suspended = Some(Suspended { by: SuspendedBy::Staff, at, may_be_replaced });
    let member = Member { suspended, ..member.clone() };
    app.write(move |tx| portal::save_member(tx, &member)).await;
}

#[tokio::test]
async fn a_second_registration_replaces_the_main_user_and_both_are_told() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let main = app.portal_main(USER).await;
    let additional = app.portal_additional(&main, 1).await;
    app.take_mails().await;
    let mut former = app.browser();
    former.portal(&app, &main.user, &main.member).await;
    assert_eq!(former.get("/portal/my/steps").await.status, 200);

    let mut browser = app.browser();
    let page = at_user(&app, &mut browser, USER).await;
    let warning = format!("すでに主たる利用者（{}）が登録されています。登録すると交代し", main.user.mail.masked());
    assert!(page.says(&warning) && !page.body.contains(&main.mail), "{}", page.text());
    assert_eq!(browser.post(USER_PAGE, &person(MAIL)).await.location(), Some(CHECK));
    let page = register(&mut browser, false).await;
    assert!(page.status == 422 && page.says("チェックを入れてください") && page.says(&warning), "{}", page.text());
    assert_eq!(users(&app, USER)[0], main.mail, "nobody is replaced by accident");
    assert_eq!(register(&mut browser, true).await.location(), Some(DONE));

    let second = app.portal_user(additional.user).mail.as_str().to_owned();
    assert_eq!(users(&app, USER), [MAIL.to_owned(), second], "the additional user stays");
    assert_eq!(damage(&app), [""; 0]);
    let mails = app.take_mails().await;
    let to = |subject: &str| {
        let mut to: Vec<&str> = mails.iter().filter(|one| one.subject == subject).map(|one| one.to.as_str()).collect();
        to.sort_unstable();
        to.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(to(M9), [MAIL]);
    assert_eq!(to(CHANGED), [main.mail.as_str()]);
    assert_eq!(to(M7), ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"]);
    let entries = app.app.store.read(|r| audit::about(r, &user_id.office().to_string(), 9)).unwrap();
    assert!(
        entries.iter().any(|one| one.action == "portal.replace") && !entries.iter().any(|one| one.action == "portal.register")
    );
    assert_eq!(former.get("/portal/my/steps").await.location(), Some("/portal/login?notice=ended"), "their page ends");
}

#[tokio::test]
async fn an_additional_user_who_is_registered_becomes_the_main_one_and_keeps_their_password() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let additional = app.portal_additional(&main, 1).await;
    let mail = app.portal_user(additional.user).mail.as_str().to_owned();
    let mut browser = app.browser();
    at_check(&app, &mut browser, USER, &mail).await;
    assert_eq!(register(&mut browser, true).await.location(), Some(DONE));
    assert_eq!(users(&app, USER), [mail.as_str()]);
    let page = browser.get(DONE).await;
    assert!(page.says("初期パスワードを") && page.says("お使いのパスワードでログインしてください"), "{}", page.text());
    let mails = app.take_mails().await;
    let told = mails.iter().find(|one| one.subject == M9).unwrap();
    assert!(told.body.contains("お使いのパスワードで") && !told.body.contains(PORTAL_PASSWORD), "{}", told.body);
    assert!(app.portal_user(additional.user).opens_by_password());
}

/// Whoever types an address must not learn whether it has an account.
#[tokio::test]
async fn the_end_says_the_same_of_an_address_with_and_without_an_account() {
    let app = TestApp::new();
    app.office(USER).await;
    app.office("KJ131333333333").await;
    let known = app.portal_main("KJ131333333333").await.mail;
    let mut seen = Vec::new();
    for (office, mail) in [(USER, "kj139999999999@portal.example.jp"), ("KJ131355555555", known.as_str())] {
        if office != USER {
            app.office(office).await;
        }
        let mut browser = app.browser();
        at_check(&app, &mut browser, office, mail).await;
        assert_eq!(register(&mut browser, false).await.location(), Some(DONE));
        let page = browser.get(DONE).await;
        seen.push((page.text().replace(mail, "MAIL"), page.headers.len(), browser.cookies.len()));
        app.take_mails().await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_clicks_on_register_make_one_main_user_and_one_mail() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    let shown = at_check(&app, &mut browser, USER, MAIL).await.value("shown").unwrap();
    let pages = at_once(16, &browser, CHECK, &[("shown", &shown)]).await;
    assert!(pages.iter().all(|page| page.location() == Some(DONE)), "{:?}", pages[0]);
    assert_eq!((users(&app, USER), damage(&app)), (vec![MAIL.to_owned()], vec![]));
    assert_eq!(app.take_mails().await.iter().filter(|mail| mail.subject == M9).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_browsers_register_at_once() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mut one, mut two) = (app.browser(), app.browser());
    let shown = at_check(&app, &mut one, USER, MAIL).await.value("shown").unwrap();
    let other = at_check(&app, &mut two, USER, OTHER).await.value("shown").unwrap();
    assert_ne!(shown, other);
    let send = |mut browser: Browser, shown: String| async move { browser.post(CHECK, &[("shown", &shown)]).await };
    let (first, second) = tokio::join!(send(one.clone(), shown), send(two.clone(), other));
    let mut places = [first.location().map(str::to_owned), second.location().map(str::to_owned)];
    places.sort();
    assert_eq!(places, [None, Some(DONE.to_owned())]);
    let (late, mut late_browser) = if first.status == 409 { (first, one) } else { (second, two) };
    assert_eq!(late.status, 409);
    assert!(late.says("ほかの画面で登録が変わりました") && late.says("主たる利用者が交代します"), "{}", late.text());
    assert_eq!((users(&app, USER).len(), damage(&app)), (1, vec![]));
    // Shown who it is now, they may still take their place.
    assert_eq!(register(&mut late_browser, true).await.location(), Some(DONE));
    assert_eq!((users(&app, USER).len(), damage(&app)), (1, vec![]));
    app.take_mails().await;
}

#[tokio::test]
async fn a_form_of_another_tab_registers_nothing_that_it_has_not_shown() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    let shown = at_check(&app, &mut browser, USER, MAIL).await.value("shown").unwrap();
    browser.get(USER_PAGE).await;
    assert_eq!(browser.post(USER_PAGE, &person(OTHER)).await.location(), Some(CHECK));
    let page = browser.post(CHECK, &[("shown", &shown)]).await;
    assert!(page.status == 409 && page.says(OTHER) && users(&app, USER).is_empty(), "{}", page.text());
    assert_eq!(browser.post(CHECK, &[("shown", "")]).await.status, 409);
}

#[tokio::test]
async fn the_end_corrects_an_address_for_as_long_as_the_proof_is_fresh() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    at_check(&app, &mut browser, USER, MAIL).await;
    assert_eq!(register(&mut browser, false).await.location(), Some(DONE));
    app.take_mails().await;
    assert!(browser.get(DONE).await.says("登録内容を訂正する"));
    let page = browser.get(USER_PAGE).await;
    assert!(page.says("登録した内容を訂正します") && !page.says("主たる利用者が交代します"), "{}", page.text());
    assert_eq!(browser.post(USER_PAGE, &person(OTHER)).await.location(), Some(CHECK));
    // Nobody has come in yet: no box is to be ticked, and the address that was wrong is not written to.
    assert_eq!(register(&mut browser, false).await.location(), Some(DONE));
    assert!(browser.get(DONE).await.says(OTHER));
    assert_eq!((users(&app, USER), damage(&app)), (vec![OTHER.to_owned()], vec![]));
    let to: Vec<String> = app.take_mails().await.into_iter().filter(|one| one.subject != M7).map(|one| one.to).collect();
    assert_eq!(to, [OTHER]);
    app.advance(jiff::SignedDuration::from_mins(31));
    let page = browser.get(DONE).await;
    assert!(page.says(OTHER) && !page.says("登録内容を訂正する"), "{}", page.text());
    assert_eq!(browser.get(USER_PAGE).await.location(), Some(DONE));
    let page = at_user(&app, &mut browser, USER).await;
    assert!(page.says("主たる利用者が交代します") && !page.body.contains(OTHER), "the next begins with nothing: {}", page.text());
}

#[tokio::test]
async fn a_registration_undoes_no_suspension_of_staff() {
    let app = TestApp::new();
    app.office(USER).await;
    registered(&app, USER, MAIL).await;
    suspend(&app, &main_of(&app), false).await;
    let mut browser = app.browser();
    for mail in [OTHER, MAIL] {
        browser = app.browser();
        at_check(&app, &mut browser, USER, mail).await;
        let page = register(&mut browser, true).await;
        assert!(page.status == 422 && page.says("利用を停止しています") && page.says("0000-13-0000"), "{}", page.text());
        assert_eq!(users(&app, USER), [MAIL]);
    }
    assert!(main_of(&app).is_suspended_by_staff());
    // Given up by staff they make room, but not for themselves.
    suspend(&app, &main_of(&app), true).await;
    assert_eq!(register(&mut browser, true).await.status, 422);
    browser.get(USER_PAGE).await;
    assert_eq!(browser.post(USER_PAGE, &person(OTHER)).await.location(), Some(CHECK));
    assert_eq!(register(&mut browser, true).await.location(), Some(DONE));
    assert_eq!((users(&app, USER), damage(&app)), (vec![OTHER.to_owned()], vec![]));
    assert!(!main_of(&app).is_suspended_by_staff());
    app.take_mails().await;
}

#[tokio::test]
async fn an_additional_user_whom_staff_have_suspended_does_not_become_the_main_one() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let additional = app.portal_additional(&main, 1).await;
    suspend(&app, &additional, false).await;
    let mail = app.portal_user(additional.user).mail.as_str().to_owned();
    let mut browser = app.browser();
    at_check(&app, &mut browser, USER, &mail).await;
    assert!(register(&mut browser, true).await.says("利用を停止しています"));
    assert_eq!(users(&app, USER), [main.mail.as_str(), &mail]);
}

#[tokio::test]
async fn q17_an_office_registers_only_so_often() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = app.browser();
    at_check(&app, &mut browser, USER, MAIL).await;
    let moment = app.app.moment();
    app.write(move |tx| {
        let account = accounts::find(tx, user_id)?.unwrap();
        (0..20).try_for_each(|n| accounts::tell_change(tx, &moment.part(&format!("{n}")), &account, Change::AddressContact))
    })
    .await;
    let page = register(&mut browser, false).await;
    assert!(page.status == 422 && page.says("短い時間に続いたため"), "{}", page.text());
    assert!(users(&app, USER).is_empty());
    app.take_mails().await;
}

#[tokio::test]
async fn a_failed_mail_is_told_at_the_end() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    at_check(&app, &mut browser, USER, MAIL).await;
    register(&mut browser, false).await;
    let reason = "550 no such mailbox".to_owned();
    app.transport.fail_with(Some(uketsuke::mail::transport::SendError::Permanent { reason }));
    app.run_jobs().await;
    assert!(browser.get(DONE).await.says("この宛先へのメールを受け付けませんでした"));
    let mail = MailAddress::parse(MAIL).unwrap();
    assert!(app.app.store.read(|r| portal::user_by_mail(r, &mail)).unwrap().is_some());
}
