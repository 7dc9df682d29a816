//! 利用者の管理: users are suspended, released, removed and invited again; the main role is handed over; and who may do none of it.

use jiff::SignedDuration;
use uketsuke::kernel::Id;
use uketsuke::portal::{self, Member, Suspended, SuspendedBy};

use crate::portal_page::{CHANGED, HOME, house, member, member_at, told};
use crate::portal_users::{CHECK, EDIT, INVITED, add, members, page_of, press, typed};
use crate::support::TestApp;
use crate::support::portal::PORTAL_PASSWORD;
use crate::support::world::dump;

async fn suspend_by_staff(app: &TestApp, member: &Member) {
    let suspended = Some(Suspended { by: SuspendedBy::Staff, at: app.clock.now(), may_be_replaced: false });
    let member = Member { suspended, ..member.clone() };
    app.write(move |tx| portal::save_member(tx, &member)).await;
}

#[tokio::test]
async fn the_main_user_suspends_releases_and_removes() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let other = app.portal_additional(&main, 1).await;
    let (path, mail) = (page_of(other.id), app.portal_user(other.user).mail.to_string());
    let page = browser.get(&path).await;
    assert_eq!(page.title(), "利用者の管理");
    for button in ["利用を停止する", "主たる利用者を引き継ぐ", "利用者を削除する"] {
        assert!(page.says(button), "{button}");
    }
    assert!(!page.says("利用を再開する") && !page.says("案内を再送する"), "not what the state does not allow: {}", page.text());
    let suspended = press(&mut browser, other.id, "suspend").await;
    assert_eq!(suspended.location(), Some(format!("{path}?notice=suspend").as_str()));
    let page = browser.get(suspended.location().unwrap()).await;
    assert!(
        page.says("利用を停止しました") && page.says("利用停止中（主たる利用者）") && page.says("利用を再開する"),
        "{}",
        page.text()
    );
    assert_eq!(told(&app, CHANGED, "利用が停止されました。").await, *std::slice::from_ref(&mail));
    assert_eq!(press(&mut browser, other.id, "release").await.status.as_u16(), 303);
    assert_eq!(told(&app, CHANGED, "利用が再開されました。").await, *std::slice::from_ref(&mail));
    assert!(member(&app, other.id).unwrap().is_usable());
    assert_eq!(press(&mut browser, other.id, "remove").await.location(), Some("/portal/my?notice=removed"));
    assert_eq!(told(&app, CHANGED, "利用者の登録が削除されました。").await, [mail]);
    assert!(member(&app, other.id).is_none());
    assert!(app.app.store.read(|r| portal::user(r, other.user)).unwrap().is_none(), "the last place: the person is gone");
    assert_eq!(browser.get(&path).await.status.as_u16(), 404);
}

#[tokio::test]
async fn what_cannot_be_taken_back_needs_its_box() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let other = app.portal_additional(&main, 1).await;
    let path = page_of(other.id);
    let shown = browser.get(&path).await.value("shown").unwrap();
    for act in ["remove", "hand_over"] {
        let page = browser.post(&path, &[("act", act), ("shown", &shown)]).await;
        assert!(page.status.as_u16() == 422 && page.says("確認欄にチェックを入れてください"), "{act}: {}", page.text());
        assert!(page.body.contains(&format!("href=\"#sure_{act}\"")));
    }
    assert_eq!(member(&app, other.id).unwrap(), other);
    // Errors stand in the order of the form.
    app.advance(SignedDuration::from_mins(10));
    let page = browser.post(&path, &[("act", "remove"), ("shown", &shown)]).await;
    let places = ["href=\"#current_password\"", "href=\"#sure_remove\""].map(|link| page.body.find(link).unwrap());
    assert!(places[0] < places[1], "{}", page.text());
}

#[tokio::test]
async fn a_suspended_member_is_out_at_the_next_click() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let other = app.portal_additional(&main, 1).await;
    let mut theirs = member_at(&app, &other).await;
    press(&mut browser, other.id, "suspend").await;
    let page = theirs.get(HOME).await;
    assert!(page.location().unwrap().starts_with("/portal/login?notice="), "{:?}", page.location());
    let mut again = app.browser();
    again.portal(&app, &app.portal_user(other.user), &other).await;
    assert_eq!(again.get(HOME).await.location(), Some("/portal/login?notice=suspended"), "also with a session of after");
    app.take_mails().await;
}

#[tokio::test]
async fn who_staff_have_suspended_is_neither_released_nor_removed_here() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let other = app.portal_additional(&main, 1).await;
    suspend_by_staff(&app, &other).await;
    let page = browser.get(&page_of(other.id)).await;
    assert!(page.says("ポータル運営が利用を停止しています") && page.value("shown").is_none(), "{}", page.text());
    let before = dump(&app);
    for act in ["release", "remove", "suspend", "invite", "hand_over"] {
        let sure = format!("sure_{act}");
        let fields = [("act", act), ("shown", "suspended_by_staff"), (sure.as_str(), "on")];
        let page = browser.post(&page_of(other.id), &fields).await;
        assert_eq!(page.status.as_u16(), 422, "{act}: {}", page.text());
    }
    assert_eq!(dump(&app), before);
}

#[tokio::test]
async fn an_older_screen_does_nothing() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let other = app.portal_additional(&main, 1).await;
    let path = page_of(other.id);
    let shown = browser.get(&path).await.value("shown").unwrap();
    suspend_by_staff(&app, &other).await;
    let before = dump(&app);
    for act in ["suspend", "remove"] {
        let sure = format!("sure_{act}");
        let page = browser.post(&path, &[("act", act), ("shown", &shown), (&sure, "on")]).await;
        assert!(page.status.as_u16() == 409 && page.says("今回の操作は行っていません"), "{act}: {}", page.text());
    }
    assert_eq!(browser.post(&path, &[("act", "delete"), ("shown", &shown)]).await.status.as_u16(), 400, "no such act");
    assert_eq!(dump(&app), before);
}

#[tokio::test]
async fn the_main_role_is_handed_over_and_both_are_told() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let other = app.portal_additional(&main, 1).await;
    let mail = app.portal_user(other.user).mail.to_string();
    let mut theirs = member_at(&app, &other).await;
    let page = press(&mut browser, other.id, "hand_over").await;
    assert_eq!(page.location(), Some("/portal/my?notice=handed_over"));
    assert!(browser.get("/portal/my?notice=handed_over").await.says("主たる利用者を引き継ぎました"));
    let mut mails = app.take_mails().await;
    mails.sort_by(|a, b| a.to.cmp(&b.to));
    let told: Vec<(&str, bool)> =
        mails.iter().map(|mail| (mail.to.as_str(), mail.body.contains("主たる利用者になりました"))).collect();
    assert_eq!(told, [(main.mail.as_str(), false), (mail.as_str(), true)]);
    assert_eq!(theirs.get(EDIT).await.status.as_u16(), 200, "the other adds users now");
    assert_eq!(browser.get(EDIT).await.status.as_u16(), 403);
    assert_eq!(browser.get(&page_of(other.id)).await.status.as_u16(), 403);
    let all = members(&app, main.institution.id);
    assert_eq!((all[0].id, all[1].id), (other.id, main.member.id), "and there is one main user");
}

#[tokio::test]
async fn nobody_takes_over_who_has_never_come_in() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    add(&mut browser, "新人", "new@example.jp").await;
    let invited = members(&app, main.institution.id).pop().unwrap();
    assert!(!browser.get(&page_of(invited.id)).await.says("主たる利用者を引き継ぐ"));
    let page = press(&mut browser, invited.id, "hand_over").await;
    assert!(page.status.as_u16() == 422 && page.says("まだログインしたことのない利用者には引き継げません"), "{}", page.text());
    app.take_mails().await;
}

#[tokio::test]
async fn an_additional_user_manages_nobody_and_may_leave() {
    let app = TestApp::new();
    let (main, _) = house(&app).await;
    let (own, other) = (app.portal_additional(&main, 1).await, app.portal_additional(&main, 2).await);
    let mut browser = member_at(&app, &own).await;
    let before = dump(&app);
    let sure = [("sure_remove", "on"), ("sure_hand_over", "on")];
    let act = [&[("act", "remove"), ("shown", "active")][..], &sure].concat();
    for page in [
        browser.get(EDIT).await,
        browser.post(EDIT, &typed("勝手", "x@example.jp")).await,
        browser.get(CHECK).await,
        browser.post(CHECK, &[]).await,
        browser.get(&page_of(other.id)).await,
        browser.get(&page_of(main.member.id)).await,
        browser.post(&page_of(other.id), &act).await,
        browser.post(&page_of(own.id), &act).await,
    ] {
        assert!(page.status.as_u16() == 403 && page.says("主たる利用者だけが行えます"), "{}", page.text());
    }
    assert_eq!(dump(&app), before);
    let page = browser.get(&page_of(own.id)).await;
    assert!(page.says("この事業所の利用をやめる") && !page.says("利用を停止する"), "{}", page.text());
    assert_eq!(press(&mut browser, own.id, "leave").await.location(), Some("/portal/login?notice=left"));
    assert!(member(&app, own.id).is_none() && !browser.cookies.contains_key("portal"));
    assert!(browser.get("/portal/login?notice=left").await.says("利用をやめました"));
    app.take_mails().await;
}

#[tokio::test]
async fn a_main_user_hands_over_before_leaving() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    assert!(browser.get(&page_of(main.member.id)).await.says("先に役割をほかの利用者に引き継いでから"));
    let page = press(&mut browser, main.member.id, "leave").await;
    assert_eq!(page.status.as_u16(), 409, "the screen has no such button: {}", page.text());
    let fields = [("act", "leave"), ("shown", "main"), ("sure_leave", "on")];
    let page = browser.post(&page_of(main.member.id), &fields).await;
    assert!(page.status.as_u16() == 422 && page.says("先に役割を"), "{}", page.text());
    assert!(member(&app, main.member.id).is_some());
}

#[tokio::test]
async fn q41_users_of_another_institution_do_not_exist() {
    let app = TestApp::new();
    let (_, mut browser) = house(&app).await;
    app.office("KJ131333333333").await;
    let other = app.portal_main("KJ131333333333").await;
    let before = dump(&app);
    for id in [other.member.id.to_string(), Id::from_bytes([9; 16]).to_string(), "x".to_owned()] {
        let path = format!("{HOME}/users/{id}");
        assert_eq!(browser.get(&path).await.status.as_u16(), 404, "{id}");
        let page = browser.post(&path, &[("act", "remove"), ("shown", "main"), ("sure_remove", "on")]).await;
        assert!(page.status.as_u16() == 404 && !page.body.contains(&other.mail), "{}", page.text());
    }
    assert_eq!(dump(&app), before);
}

#[tokio::test]
async fn an_invitation_goes_again_after_a_minute_and_five_times_a_day() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    add(&mut browser, "新人", "new@example.jp").await;
    let invited = members(&app, main.institution.id).pop().unwrap();
    let first = app.take_mails().await.remove(0);
    assert!(press(&mut browser, invited.id, "invite").await.says("案内を送信したばかりです。10:01:00以降に"));
    for n in 1..=5 {
        app.advance(SignedDuration::from_secs(60));
        assert_eq!(press(&mut browser, invited.id, "invite").await.status.as_u16(), 303, "{n}");
        let mails = app.take_mails().await;
        assert_eq!((mails.len(), mails[0].subject.as_str()), (1, INVITED));
        assert_ne!(mails[0].body, first.body, "another initial password, which ends the first");
    }
    app.advance(SignedDuration::from_secs(60));
    let page = press(&mut browser, invited.id, "invite").await;
    assert!(page.status.as_u16() == 422 && page.says("案内の再送回数が上限に達しました"), "{}", page.text());
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn q20_the_password_is_asked_again_before_users_are_managed() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let other = app.portal_additional(&main, 1).await;
    app.advance(SignedDuration::from_mins(10));
    let path = page_of(other.id);
    let page = browser.get(&path).await;
    assert!(page.body.contains("name=\"current_password\""));
    let shown = page.value("shown").unwrap();
    for (password, told) in [("", "現在のパスワードを入力してください。"), ("x", "現在のパスワードが違います。")]
    {
        let fields = [("act", "suspend"), ("shown", shown.as_str()), ("current_password", password)];
        let page = browser.post(&path, &fields).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{}", page.text());
    }
    assert!(member(&app, other.id).unwrap().is_usable());
    let fields = [("act", "suspend"), ("shown", shown.as_str()), ("current_password", PORTAL_PASSWORD)];
    assert_eq!(browser.post(&path, &fields).await.status.as_u16(), 303);
    app.take_mails().await;
}

#[tokio::test]
async fn q17_who_changes_others_all_the_time_is_stopped_and_still_shuts_somebody_out() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let other = app.portal_additional(&main, 1).await;
    for _ in 0..20 {
        assert_eq!(press(&mut browser, other.id, "suspend").await.status.as_u16(), 303);
        assert_eq!(press(&mut browser, other.id, "release").await.status.as_u16(), 303);
    }
    app.take_mails().await;
    assert_eq!(press(&mut browser, other.id, "suspend").await.status.as_u16(), 303, "this waits for nothing");
    let told = "登録情報の変更が短い時間に続いたため";
    assert!(press(&mut browser, other.id, "release").await.says(told));
    browser.get(EDIT).await;
    assert!(browser.post(EDIT, &typed("誰か", "x@example.jp")).await.says(told));
    assert!(browser.post("/portal/my/mail", &typed("", "x@example.jp")).await.says(told));
    assert_eq!(app.take_mails().await.len(), 1);
    assert_eq!(press(&mut browser, other.id, "remove").await.status.as_u16(), 303, "nor does this");
    app.take_mails().await;
}
