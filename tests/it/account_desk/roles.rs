//! Who may do what with an account, and what was typed by somebody whose login ended.

use super::*;

#[tokio::test]
async fn q41_clerks_unlock_and_leave_the_rest_to_approvers() {
    let app = TestApp::new();
    let user = office(&app).await;
    let mut locked = app.browser();
    for _ in 0..3 {
        locked.log_in(USER, "wrong-Password-1").await;
    }
    let mut clerk = staff(&app, "受付", Role::Clerk, 13).await;
    let page = clerk.open(&account_path(user.office())).await;
    assert!(page.says("承認者が行います") && page.says("ロックを解除する"), "{}", page.text());
    for offered in ["利用を停止する", "仮パスワードを取り消す", "登録アドレスを消す"] {
        assert!(!page.says(offered), "{offered}: {}", page.text());
    }
    let before = app.app.store.counts().written;
    for act in ACTS {
        assert_eq!(clerk.manage(user.office(), act, WHY).await.status.as_u16(), 403, "{act}");
    }
    assert_eq!(app.app.store.counts().written, before, "what was refused wrote nothing");
    let mut foreign = staff(&app, "福島", Role::Admin, 7).await;
    foreign.open("/staff").await;
    let written = app.app.store.counts().written;
    for act in ACTS.into_iter().chain(["unlock", "nonsense"]) {
        assert_eq!(foreign.manage(user.office(), act, WHY).await.status.as_u16(), 404, "{act}");
    }
    assert_eq!(app.app.store.counts().written, written, "nor did what is another federation's");
    let mut own = approver(&app, "承認").await;
    let after = app.app.store.counts().written;
    // An act that is none, and one that has an address of its own.
    for act in ["nonsense", ""] {
        assert_eq!(own.manage(user.office(), act, WHY).await.status.as_u16(), 400, "{act}");
    }
    let seen = seen(&mut own, user).await;
    let smuggled = [("act", "unlock"), ("seen", seen.as_str()), ("unlock_reason", WHY)];
    assert_eq!(own.post(&account_path(user.office()), &smuggled).await.status.as_u16(), 400);
    for forged in ["", "0", "99.", "x"] {
        let page = own.send_act(user.office(), forged, "suspend", WHY).await;
        assert_eq!(page.status.as_u16(), 409, "a form that has shown something else: {forged:?}");
    }
    assert_eq!(app.app.store.counts().written, after);
    let account = app.account(user);
    assert!(!account.suspended && account.temporary.is_some() && account.security_mails.len() == 2);
    assert_eq!(locked.log_in(USER, PASSWORD).await.location(), None, "still locked");
}

#[tokio::test]
async fn whoever_is_inside_and_changes_things_all_the_time_is_suspended_all_the_same() {
    let app = TestApp::new();
    let user = office(&app).await;
    let mut approver = approver(&app, "承認").await;
    let shown = seen(&mut approver, user).await;
    let toggle = |account: &mut uketsuke::accounts::Account| account.security_mails.reverse();
    app.change_account(user, toggle).await;
    assert_eq!(approver.send_act(user.office(), &shown, "suspend", WHY).await.status.as_u16(), 303);
    assert!(app.account(user).suspended);
    // What lets in again is decided on what was seen.
    let shown = seen(&mut approver, user).await;
    app.change_account(user, toggle).await;
    assert_eq!(approver.send_act(user.office(), &shown, "release", WHY).await.status.as_u16(), 409);
    // And addresses are cleared as they stood there, whichever of them is asked first.
    let shown = seen(&mut approver, user).await;
    app.change_account(user, |account| account.security_mails.truncate(1)).await;
    assert_eq!(approver.send_act(user.office(), &shown, "clear_addresses", WHY).await.status.as_u16(), 409);
    let shown = seen(&mut approver, user).await;
    app.change_account(user, toggle).await;
    assert_eq!(approver.send_act(user.office(), &shown, "clear_addresses", WHY).await.status.as_u16(), 303);
    app.take_mails().await;
}

#[tokio::test]
async fn what_was_typed_comes_back_after_a_login_in_between() {
    let app = TestApp::new();
    let user = self::user(USER);
    office(&app).await;
    let member = crate::support::staff::enrol(&app, "承認", Role::Approver, tokyo()).await;
    let mut browser = app.browser();
    crate::support::staff::log_in(&app, &mut browser, &member).await;
    let seen = seen(&mut browser, user).await;
    app.advance(SignedDuration::from_hours(2));
    let page = browser.send_act(user.office(), &seen, "suspend", "第三者に知られたため").await;
    assert_eq!(page.location(), Some("/staff/login?notice=form"), "{}", page.text());
    let page = crate::support::staff::log_in(&app, &mut browser, &member).await;
    let page = browser.open(page.location().unwrap()).await;
    assert!(page.says("ログインし直しました"), "{}", page.text());
    assert_eq!(page.value("suspend_reason").as_deref(), Some("第三者に知られたため"));
    assert!(!app.account(user).suspended);
}

fn tokyo() -> uketsuke::staff::Scope {
    uketsuke::staff::Scope::One(uketsuke::kernel::Prefecture::new(13).unwrap())
}
