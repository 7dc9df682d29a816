//! 【ポータルの利用者】: what the portal's operators see of institutions, and do with their users.

use jiff::SignedDuration;
use uketsuke::accounts;
use uketsuke::audit;
use uketsuke::kernel::Id;
use uketsuke::ledger::Status;
use uketsuke::login::Knock;
use uketsuke::portal::{self, Member, SuspendedBy};
use uketsuke::security::sessions::{self, Subject};
use uketsuke::staff::Role;

use crate::support::browser::{Browser, Page};
use crate::support::contact::{M9, with};
use crate::support::office::{USER, user};
use crate::support::portal::{CODE, Main};
use crate::support::{TestApp, staff};

const LIST: &str = "/staff/portal/institutions";
const WHY: &str = "電話での申し出による";

fn path(main: &Main) -> String {
    format!("{LIST}/{}", main.institution.id)
}

/// A care office of 13 with a main user and one more.
async fn office(app: &TestApp) -> (Main, Member) {
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let additional = app.portal_additional(&main, 1).await;
    app.take_mails().await;
    (main, additional)
}

async fn operator(app: &TestApp, name: &str) -> Browser {
    staff(app, name, Role::Operator, 13).await
}

/// The member's state as the screen shows it, with the place of their card.
fn shown(page: &Page, member: Id) -> (String, String) {
    let form = page.body.split("<form").find(|form| form.contains(&format!("/members/{member}\"")));
    let form = form.unwrap_or_else(|| panic!("no form of {member}: {}", page.text()));
    let value = |name: &str| {
        let at = form.find(&format!("name=\"{name}\" value=\"")).unwrap() + format!("name=\"{name}\" value=\"").len();
        form[at..].split('"').next().unwrap().to_owned()
    };
    (value("seen"), value("place"))
}

/// An act by the form as it is now.
async fn act(desk: &mut Browser, main: &Main, member: Id, act: &str, reason: &str) -> Page {
    let page = desk.get(&path(main)).await;
    let (seen, place) = shown(&page, member);
    send(desk, main, member, act, (&seen, &place, reason)).await
}

async fn send(desk: &mut Browser, main: &Main, member: Id, act: &str, (seen, place, reason): (&str, &str, &str)) -> Page {
    let field = format!("{act}_reason_{place}");
    let fields = [("act", act), ("seen", seen), ("place", place), (field.as_str(), reason)];
    desk.post(&format!("{}/members/{member}", path(main)), &fields).await
}

fn is_done(page: &Page, act: &str) -> bool {
    page.status.as_u16() == 303 && page.location().is_some_and(|place| place.ends_with(&format!("?done={act}")))
}

fn member(app: &TestApp, id: Id) -> Member {
    app.app.store.read(|r| portal::member(r, id)).unwrap().unwrap()
}

fn sessions_of(app: &TestApp, user: Id) -> usize {
    app.app.store.read(|r| sessions::list(r, Subject::Portal(user))).unwrap().len()
}

#[tokio::test]
async fn the_list_is_searched_by_number_id_name_and_whole_address() {
    let app = TestApp::new();
    let (main, _) = office(&app).await;
    app.medical("1319900010").await;
    app.take_mails().await;
    let mut desk = operator(&app, "運営A").await;
    let page = desk.open(LIST).await;
    assert_eq!(page.title(), "ポータルの利用者");
    for part in ["2 件", "介護事業所", "医療機関", "架空クリニック010 1319900010", "1／4"] {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    assert!(!page.body.contains(&main.mail), "addresses are masked");
    for (typed, total, office) in [
        ("1311111111", "1 件", true),
        ("kj131311111111", "1 件", true),
        ("1319900010", "1 件", false),
        ("架空ｸﾘﾆｯｸ", "1 件", false),
        ("請求事業所", "1 件", true),
        (main.mail.as_str(), "1 件", true),
        (&main.mail[..5], "0 件", false),
        ("99999", "0 件", false),
        ("", "2 件", true),
    ] {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", typed).finish();
        let page = desk.open(&format!("{LIST}?{query}")).await;
        assert!(page.says(total) && page.body.contains(&path(&main)) == office, "{typed}: {}", page.text());
    }
}

#[tokio::test]
async fn q41_institutions_of_another_federation_are_not_there() {
    let app = TestApp::new();
    let (main, additional) = office(&app).await;
    let here = app.medical(CODE).await;
    app.take_mails().await;
    let mut desk = staff(&app, "福島", Role::Operator, 7).await;
    let page = desk.open(LIST).await;
    assert!(page.says("1 件") && !page.body.contains(&path(&main)), "{}", page.text());
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", &main.mail).finish();
    assert!(desk.open(&format!("{LIST}?{query}")).await.says("0 件"));
    for path in [path(&main), format!("{LIST}/x")] {
        assert_eq!(desk.get(&path).await.status.as_u16(), 404, "{path}");
    }
    let fields = ("active.0", "1", WHY);
    assert_eq!(send(&mut desk, &main, additional.id, "suspend", fields).await.status.as_u16(), 404);
    // A member of another institution under the path of one's own.
    assert_eq!(send(&mut desk, &here, additional.id, "suspend", fields).await.status.as_u16(), 404);
    assert!(member(&app, additional.id).is_usable());
}

#[tokio::test]
async fn a_closed_office_warns_the_operator_and_blocks_nothing() {
    let app = TestApp::new();
    let (main, additional) = office(&app).await;
    let mut desk = operator(&app, "運営A").await;
    let page = desk.open(&path(&main)).await;
    assert!(!page.says("事業所台帳の状態は") && !page.says("ユーザIDは利用停止中"), "{}", page.text());
    app.change_entry(user(USER).office(), |entry| entry.status = Status::Suspended).await;
    assert!(desk.open(&path(&main)).await.says("事業所台帳の状態は「休止」です"));
    app.change_entry(user(USER).office(), |entry| entry.status = Status::Closed).await;
    app.change_account(user(USER), |account| account.suspended = true).await;
    let page = desk.open(&path(&main)).await;
    for part in [
        "事業所台帳の状態は「廃止」です",
        "電子請求受付システムのユーザIDは利用停止中です",
        "ポータルの利用は自動では止まりません",
    ] {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    let mut browser = app.browser();
    browser.portal(&app, &main.user, &main.member).await;
    assert_eq!(sessions_of(&app, main.user.id), 1);
    assert!(is_done(&act(&mut desk, &main, additional.id, "suspend", WHY).await, "suspend"), "and acts go on");
    assert!(app.app.store.read(|r| accounts::find(r, user(USER))).unwrap().unwrap().suspended);
    app.take_mails().await;
}

#[tokio::test]
async fn q33_a_suspension_ends_the_sessions_there_and_only_staff_lift_it() {
    let app = TestApp::new();
    let (main, additional) = office(&app).await;
    let mut browser = app.browser();
    browser.portal(&app, &app.portal_user(additional.user), &additional).await;
    let revision = app.portal_user(additional.user).revision;
    let mut desk = operator(&app, "運営A").await;
    let page = desk.open(&path(&main)).await;
    for part in ["佐藤 花子", "追加 1郎", "主たる利用者", "追加の利用者", "利用中", "ログインのロック ありません"]
    {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    assert!(!page.body.contains(&main.mail), "addresses are masked");
    assert!(is_done(&act(&mut desk, &main, additional.id, "suspend", WHY).await, "suspend"));
    assert_eq!(sessions_of(&app, additional.user), 0);
    assert!(app.portal_user(additional.user).revision > revision, "logins under way end as well");
    assert_eq!(member(&app, additional.id).suspended.map(|suspended| suspended.by), Some(SuspendedBy::Staff));
    assert!(member(&app, main.member.id).is_usable(), "the others go on");
    let mails = app.take_mails().await;
    assert!(mails.len() == 1 && mails[0].body.contains("利用が停止されました"), "{mails:?}");
    let page = desk.open(&path(&main)).await;
    assert!(page.says("利用停止（運営による）") && page.says(WHY), "{}", page.text());
    assert!(is_done(&act(&mut desk, &main, additional.id, "release", WHY).await, "release"));
    assert!(member(&app, additional.id).is_usable());
    assert!(app.take_mails().await[0].body.contains("利用が再開されました"));
    let log = app.app.store.read(|r| audit::about(r, &format!("portal {}", main.institution.id), 9)).unwrap();
    let told: Vec<_> = log.iter().rev().map(|entry| (entry.action.as_str(), entry.details["reason"].as_str())).collect();
    assert_eq!(told, [("portal.staff_suspend", WHY), ("portal.staff_release", WHY)]);
}

#[tokio::test]
async fn a_main_user_who_is_suspended_may_be_replaced_once_it_is_allowed() {
    let app = TestApp::new();
    let (main, _) = office(&app).await;
    let mut desk = operator(&app, "運営A").await;
    act(&mut desk, &main, main.member.id, "suspend", WHY).await;
    assert!(desk.open(&path(&main)).await.says("主たる利用者が利用停止"));
    assert!(!member(&app, main.member.id).suspended.unwrap().may_be_replaced);
    assert!(is_done(&act(&mut desk, &main, main.member.id, "allow", WHY).await, "allow"));
    let now = member(&app, main.member.id);
    assert!(now.suspended.unwrap().may_be_replaced && now.is_suspended_by_staff(), "and stays suspended until then");
    let page = act(&mut desk, &main, main.member.id, "allow", WHY).await;
    assert_eq!(page.status.as_u16(), 409, "once");
    app.take_mails().await;
}

#[tokio::test]
async fn an_initial_password_is_sent_anew_to_who_has_no_password() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mail, initial) = app.portal_initial(USER).await;
    app.transport.take();
    let institution = app.app.store.read(|r| portal::of_office(r, user(USER))).unwrap().unwrap();
    let member = member(&app, institution.main);
    let main = Main { user: app.portal_user(member.user), member: member.clone(), institution, mail: mail.clone() };
    app.advance(SignedDuration::from_hours(24 * 8));
    let mut desk = operator(&app, "運営A").await;
    assert!(desk.open(&path(&main)).await.says("初期パスワード期限切れ"));
    assert!(is_done(&act(&mut desk, &main, member.id, "invite", WHY).await, "invite"));
    let sent = app.mail(M9).await;
    let user = app.portal_user(member.user);
    assert!(sent.to == mail && user.initial_is_live(app.clock.now()));
    let plain = sent.body.replace(' ', "");
    let anew = portal::initial_password(&app.app.keys, user.id, &user.initial.unwrap()).unwrap();
    assert!(plain.contains(anew.expose()) && !plain.contains(initial.expose()), "another one than before");
}

#[tokio::test]
async fn who_has_a_password_is_never_sent_an_initial_one() {
    let app = TestApp::new();
    let (main, _) = office(&app).await;
    let mut desk = operator(&app, "運営A").await;
    let page = desk.get(&path(&main)).await;
    assert!(!page.body.contains("invite_reason"), "not offered");
    assert_eq!(act(&mut desk, &main, main.member.id, "invite", WHY).await.status.as_u16(), 409);
    assert!(app.portal_user(main.user.id).initial.is_none());
}

#[tokio::test]
async fn q22_locks_are_shown_and_forgotten() {
    let app = TestApp::new();
    let (main, _) = office(&app).await;
    let mut desk = operator(&app, "運営A").await;
    assert!(!desk.get(&path(&main)).await.body.contains("unlock_reason"), "nothing to unlock");
    let (keys, now) = (app.app.keys.clone(), app.clock.now());
    let (rules, mail) = (app.app.config.lockout.clone(), main.mail.clone());
    app.write(move |tx| {
        let knock = Knock { door: portal::door(&keys, &mail), owner: "portal".to_owned(), browser: [1; 32], device: None };
        for _ in 0..3 {
            portal::DOORS.reserve(tx, now, &rules, &knock)?.unwrap();
        }
        Ok::<_, uketsuke::store::StoreError>(())
    })
    .await;
    assert!(desk.open(&path(&main)).await.says("1台の端末がロックされています"));
    assert!(is_done(&act(&mut desk, &main, main.member.id, "unlock", WHY).await, "unlock"));
    assert!(desk.open(&path(&main)).await.says("ログインのロック ありません"));
    let page = act(&mut desk, &main, main.member.id, "unlock", WHY).await;
    assert!(
        page.status.as_u16() == 422 && page.says("ロックされている端末も、誤ったログインの記録もありません"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn every_act_asks_why() {
    let app = TestApp::new();
    let (main, additional) = office(&app).await;
    let mut desk = operator(&app, "運営A").await;
    let page = desk.get(&path(&main)).await;
    let (seen, place) = shown(&page, additional.id);
    assert_eq!(place, "2");
    let before = app.app.store.counts().written;
    let long = "あ".repeat(501);
    for (reason, told) in [("", "理由を入力してください"), (long.as_str(), "500文字以内の1行"), ("一\n二", "500文字以内の1行")]
    {
        let page = send(&mut desk, &main, additional.id, "suspend", (&seen, &place, reason)).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{}", page.text());
        assert!(page.body.contains("href=\"#suspend_reason_2\"") && page.body.contains("id=\"suspend_reason_2\""));
    }
    let fields = with(&[("seen", seen.as_str()), ("place", "2"), ("x_reason_2", WHY)], &[("act", "x")]);
    let page = desk.post(&format!("{}/members/{}", path(&main), additional.id), &fields).await;
    assert_eq!(page.status.as_u16(), 400);
    assert_eq!(app.app.store.counts().written, before);
}

#[tokio::test]
async fn what_somebody_else_has_done_first_is_told_and_the_reason_stays() {
    let app = TestApp::new();
    let (main, additional) = office(&app).await;
    let (mut first, mut second) = (operator(&app, "運営A").await, operator(&app, "運営B").await);
    let page = second.get(&path(&main)).await;
    let (seen, place) = shown(&page, additional.id);
    act(&mut first, &main, additional.id, "suspend", WHY).await;
    let page = send(&mut second, &main, additional.id, "suspend", (&seen, &place, "別の理由")).await;
    assert!(page.status.as_u16() == 409 && page.says("先に別の操作が行われたため") && page.says("別の理由"), "{}", page.text());
    let log = app.app.store.read(|r| audit::about(r, &format!("portal {}", main.institution.id), 9)).unwrap();
    assert_eq!(log.len(), 1);
    app.take_mails().await;
}
