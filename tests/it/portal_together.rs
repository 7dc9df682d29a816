//! Acts at the portal that come at once: whatever comes first, what lies there afterwards is whole.

use uketsuke::backup::verify_live;
use uketsuke::kernel::Id;
use uketsuke::portal::{self, Member, Suspended, SuspendedBy};
use uketsuke::store::Tx;

use crate::let_in_together::{behind, nothing};
use crate::portal_mail;
use crate::portal_page::{HOME, at, house, member, member_at};
use crate::portal_users::{CHECK, DONE, EDIT, page_of, typed};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::portal::CODE;

/// Nothing is damaged, and there are at most five places.
fn whole(app: &TestApp, institution: Id) -> Vec<Member> {
    assert_eq!(verify_live(&app.app, &mut |_, _| true).unwrap().findings.damage, []);
    let members = app.app.store.read(|r| portal::members_of(r, institution)).unwrap();
    assert!(members.len() <= 5 && members.iter().filter(|one| one.main).count() == 1, "{members:?}");
    members
}

/// At 【登録内容の確認】 with this address.
async fn about_to_add(browser: &mut Browser, mail: &str) {
    browser.get(EDIT).await;
    assert_eq!(browser.post(EDIT, &typed("同時", mail)).await.location(), Some(CHECK));
    assert_eq!(browser.get(CHECK).await.status.as_u16(), 200);
}

/// A button of 【利用者の管理】, drawn before.
async fn drawn(browser: &mut Browser, id: Id, act: &'static str) -> Vec<(&'static str, String)> {
    let shown = browser.get(&page_of(id)).await.value("shown").unwrap();
    let sure = if act == "remove" { "sure_remove" } else { "sure_hand_over" };
    vec![("act", act.to_owned()), ("shown", shown), (sure, "on".to_owned())]
}

async fn send(browser: &mut Browser, path: &str, fields: &[(&'static str, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(path, &fields).await
}

#[tokio::test]
async fn four_are_added_and_the_fifth_is_refused_also_at_once() {
    let app = TestApp::new();
    let (main, mut one) = house(&app).await;
    for n in 1..=3 {
        app.portal_additional(&main, n).await;
    }
    let mut two = at(&app, &main.user, &main.member).await;
    about_to_add(&mut one, "one@example.jp").await;
    about_to_add(&mut two, "two@example.jp").await;
    let both = async { tokio::join!(one.post(CHECK, &[]), two.post(CHECK, &[])) };
    let (first, second) = behind(&app, nothing, both).await;
    let mut answers = [&first, &second].map(|page| (page.status.as_u16(), page.location().map(str::to_owned)));
    answers.sort();
    assert_eq!(answers, [(303, Some(DONE.to_owned())), (422, None)]);
    let refused = if first.status.as_u16() == 422 { first } else { second };
    assert!(refused.says("追加できる利用者は4名までです"), "{}", refused.text());
    assert_eq!(whole(&app, main.institution.id).len(), 5);
    assert_eq!(app.take_mails().await.len(), 1);
}

#[tokio::test]
async fn one_address_is_added_once_however_often_at_once() {
    let app = TestApp::new();
    let (main, mut one) = house(&app).await;
    let mut two = at(&app, &main.user, &main.member).await;
    about_to_add(&mut one, "same@example.jp").await;
    about_to_add(&mut two, "SAME@example.jp").await;
    let both = async { tokio::join!(one.post(CHECK, &[]), two.post(CHECK, &[])) };
    let (first, second) = behind(&app, nothing, both).await;
    let mut answers = [first.status.as_u16(), second.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [303, 422]);
    assert_eq!(whole(&app, main.institution.id).len(), 2);
    app.take_mails().await;
}

#[tokio::test]
async fn the_main_role_is_handed_over_once() {
    let app = TestApp::new();
    let (main, mut one) = house(&app).await;
    let (a, b) = (app.portal_additional(&main, 1).await, app.portal_additional(&main, 2).await);
    let mut two = at(&app, &main.user, &main.member).await;
    let (to_a, to_b) = (drawn(&mut one, a.id, "hand_over").await, drawn(&mut two, b.id, "hand_over").await);
    let (path_a, path_b) = (page_of(a.id), page_of(b.id));
    let both = async { tokio::join!(send(&mut one, &path_a, &to_a), send(&mut two, &path_b, &to_b)) };
    let (first, second) = behind(&app, nothing, both).await;
    let mut answers = [first.status.as_u16(), second.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [303, 409], "the second finds itself no longer main");
    let all = whole(&app, main.institution.id);
    assert!(all[0].id == a.id || all[0].id == b.id);
    app.take_mails().await;
}

#[tokio::test]
async fn whoever_is_removed_is_not_suspended_or_made_main_as_well() {
    for act in ["suspend", "hand_over"] {
        let app = TestApp::new();
        let (main, mut one) = house(&app).await;
        let other = app.portal_additional(&main, 1).await;
        let mut two = at(&app, &main.user, &main.member).await;
        let (remove, then) = (drawn(&mut one, other.id, "remove").await, drawn(&mut two, other.id, act).await);
        let path = page_of(other.id);
        let both = async { tokio::join!(send(&mut one, &path, &remove), send(&mut two, &path, &then)) };
        let (first, second) = behind(&app, nothing, both).await;
        let done = [&first, &second].iter().filter(|page| page.status.as_u16() == 303).count();
        assert_eq!(done, 1, "{act}: {} {}", first.text(), second.text());
        whole(&app, main.institution.id);
        app.take_mails().await;
    }
}

#[tokio::test]
async fn a_suspension_of_staff_overtakes_what_the_suspended_user_was_about_to_do() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    app.portal_additional(&main, 1).await;
    about_to_add(&mut browser, "late@example.jp").await;
    let suspended = main.member.clone();
    let first = move |tx: &mut Tx<'_>| {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let by = Some(Suspended { by: SuspendedBy::Staff, at, may_be_replaced: false });
        portal::save_member(tx, &Member { suspended: by, ..suspended.clone() })
    };
    let page = behind(&app, first, browser.post(CHECK, &[])).await;
    assert_eq!(page.location(), Some(HOME), "where the guard tells the rest");
    assert_eq!(whole(&app, main.institution.id).len(), 2);
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn two_users_who_change_to_one_address_do_not_both_get_it() {
    let app = TestApp::new();
    let (main, mut one) = house(&app).await;
    let clinic = app.medical(CODE).await;
    let mut two = at(&app, &clinic.user, &clinic.member).await;
    let first = portal_mail::proving(&app, &mut one, portal_mail::NEW).await;
    let second = portal_mail::proving(&app, &mut two, portal_mail::NEW).await;
    let both = async {
        tokio::join!(
            portal_mail::enter(&mut one, portal_mail::PROVE, &first),
            portal_mail::enter(&mut two, portal_mail::PROVE, &second)
        )
    };
    let (first, second) = behind(&app, nothing, both).await;
    let mut answers = [first.status.as_u16(), second.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [303, 422]);
    whole(&app, main.institution.id);
    whole(&app, clinic.institution.id);
    let mails: Vec<String> = [&main, &clinic].iter().map(|one| app.portal_user(one.user.id).mail.to_string()).collect();
    assert_eq!(mails.iter().filter(|mail| *mail == portal_mail::NEW).count(), 1, "{mails:?}");
    app.take_mails().await;
}

#[tokio::test]
async fn whoever_leaves_while_being_made_main_is_one_of_the_two() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let other = app.portal_additional(&main, 1).await;
    let mut theirs = member_at(&app, &other).await;
    let hand_over = drawn(&mut browser, other.id, "hand_over").await;
    let shown = theirs.get(&page_of(other.id)).await.value("shown").unwrap();
    let leave = vec![("act", "leave".to_owned()), ("shown", shown), ("sure_leave", "on".to_owned())];
    let path = page_of(other.id);
    let both = async { tokio::join!(send(&mut browser, &path, &hand_over), send(&mut theirs, &path, &leave)) };
    let (first, second) = behind(&app, nothing, both).await;
    let done = [&first, &second].iter().filter(|page| page.status.as_u16() == 303).count();
    assert_eq!(done, 1, "{} {}", first.text(), second.text());
    let all = whole(&app, main.institution.id);
    assert_eq!(all.len(), if member(&app, other.id).is_some() { 2 } else { 1 });
    app.take_mails().await;
}
