//! What offices do with their own login.

use super::*;

pub(super) async fn an_office_comes_in(app: &TestApp, witness: &mut Witness, clerk: &mut Browser, key: OfficeKey) {
    let number = approve(app, witness, key).await;
    let temporary = printed(app, witness, clerk, number).await;
    let (one, id, user_id) = (number.to_string(), letter(app, number).id.to_string(), UserId::of(key));
    let (user, office) = (user_id.to_string(), Who::Office(user_id));
    let mut browser = app.browser();
    browser.log_in(&user, &temporary).await;
    witness.expect(
        app,
        &[
            ("reissue.complete", "done", office, &one),
            ("letter.complete", "done", office, &id),
            ("login.try", "entered_by_temporary", Who::Visitor, &user),
        ],
    );
    let number = key.number.to_string();
    browser.agree().await;
    witness.expect(app, &[("first_login.terms", "done", office, &number)]);
    browser.submit("/first-login/warning", &[]).await;
    witness.expect(app, &[]);
    browser.choose_password(&temporary).await;
    witness.expect(app, &[("first_login.password", "done", office, &number)]);
    browser.step(app, 3).await;
    witness.expect(app, &[]);
    browser.step(app, 4).await;
    witness.expect(app, &[("first_login.mail", "done", office, &number)]);
    browser.step(app, 5).await;
    browser.step(app, 6).await;
    witness.expect(app, &[]);
    browser.step(app, 7).await;
    witness.expect(app, &[("first_login.address", "done", office, &number)]);
    browser.step(app, 8).await;
    witness.expect(app, &[("first_login.finish", "done", office, &number)]);
    browser.submit("/logout", &[]).await;
    witness.expect(app, &[("login.logout", "done", office, &number)]);
    app.browser().log_in(&user, NEW_PASSWORD).await;
    witness.expect(app, &[("login.try", "entered", Who::Visitor, &user)]);
    let mut stranger = app.browser();
    for outcome in ["wrong", "wrong", "wrong", "device_locked"] {
        stranger.log_in(&user, "wrong").await;
        witness.expect(app, &[("login.try", outcome, Who::Visitor, &user)]);
    }
    stranger.log_in(&user, "wrong").await;
    witness.expect(app, &[]);
    app.browser().log_in("KJ071312222222", "wrong").await;
    witness.expect(app, &[("login.try", "unknown", Who::Visitor, "KJ071312222222")]);
    app.take_mails().await;
}

/// Put off, and after a letter kept or replaced.
pub(super) async fn an_office_looks_after_its_address(app: &TestApp, witness: &mut Witness) {
    let bare = "KJ131366666666";
    let office = Who::Office(app.existing_without_address(bare).await);
    let mut browser = app.browser();
    browser.log_in(bare, OF_THE_OFFICE).await;
    witness.expect(app, &[("login.try", "entered", Who::Visitor, bare)]);
    browser.open("/office").await;
    browser.submit("/first-login/address", &[("later", "1")]).await;
    witness.expect(app, &[("first_login.defer", "done", office, "")]);
    for (user, way) in [("KJ131355555555", "keep"), ("KJ131344444444", "replace")] {
        let user_id = app.office(user).await;
        let office = Who::Office(user_id);
        app.letter(user_id).await;
        let mut browser = app.browser();
        browser.log_in(user, TEMPORARY).await;
        witness.expect(app, &[("login.try", "entered_by_temporary", Who::Visitor, user)]);
        browser.step(app, 1).await;
        browser.step(app, 2).await;
        witness.expect(app, &[("first_login.password", "done", office, "")]);
        browser.step(app, 3).await;
        witness.expect(app, &[]);
        browser.submit("/first-login/addresses", &[("way", way)]).await;
        if way == "keep" {
            let kept = [("first_login.keep_addresses", "done", office, ""), ("first_login.finish", "done", office, "")];
            witness.expect(app, &kept);
            continue;
        }
        browser.step(app, 6).await;
        witness.expect(app, &[]);
        browser.step(app, 7).await;
        witness.expect(app, &[("first_login.replace_addresses", "done", office, "")]);
        browser.step(app, 8).await;
        witness.expect(app, &[("first_login.finish", "done", office, "")]);
    }
    app.take_mails().await;
}

/// Asked for the password again, and wrong.
pub(super) async fn an_office_is_asked_again(app: &TestApp, witness: &mut Witness) {
    let user_id = app.office(USER).await;
    let mut browser = app.browser_with(login_reauth::rows());
    browser.log_in(USER, OF_THE_OFFICE).await;
    witness.expect(app, &[("login.try", "entered", Who::Visitor, USER)]);
    app.advance(SignedDuration::from_mins(10));
    login_reauth::answer(&mut browser, "wrong").await;
    witness.expect(app, &[("account.reauth", "refused", Who::Office(user_id), user_id.office().number.as_str())]);
}

/// What an office changes about its own login.
pub(super) async fn an_office_changes_its_data(app: &TestApp, witness: &mut Witness) {
    const OTHER: &str = "KJ131322222222";
    let user_id = app.office(OTHER).await;
    let number = user_id.office().number.to_string();
    let office = Who::Office(user_id);
    let mut browser = app.browser();
    for _ in 0..2 {
        browser = app.browser();
        browser.log_in(OTHER, OF_THE_OFFICE).await;
        witness.expect(app, &[("login.try", "entered", Who::Visitor, OTHER)]);
    }
    browser.get("/office/user/devices").await;
    browser.post("/office/user/devices", &[("device", "others"), ("current_password", OF_THE_OFFICE)]).await;
    witness.expect(app, &[("account.end_session", "done", office, &number)]);
    // The witness moves the clock on, so that the password is asked for again here and there.
    let mail = [("mail_choice", "none"), ("current_password", OF_THE_OFFICE)];
    browser.post("/office/user/mail", &mail).await;
    witness.expect(app, &[("account.notice_mail", "done", office, &number)]);
    for (act, which, action) in
        [("add", "", "account.address_add"), ("change", "2", "account.address_change"), ("delete", "2", "account.address_delete")]
    {
        browser.begin(act, which).await;
        browser.get("/office/user/addresses/edit").await;
        let typed = format!("{act}@example.jp");
        let fields = [("address", typed.as_str()), ("address_again", typed.as_str()), ("current_password", OF_THE_OFFICE)];
        let mut next = browser.post("/office/user/addresses/edit", &fields).await;
        for digits in [6, 4] {
            let Some(path) = next.location().filter(|path| !path.ends_with("/done")).map(str::to_owned) else { break };
            witness.expect(app, &[]);
            let title = if digits == 6 {
                "ワンタイムパスワード発行通知(介護保険)"
            } else {
                "確認コード発行通知(介護保険)"
            };
            let code = code_in(&app.mail(title).await, digits);
            let challenge = browser.get(&path).await.value("challenge").unwrap();
            next = browser.post(&path, &[("challenge", &challenge), ("code", &code)]).await;
        }
        assert_eq!(next.location(), Some("/office/user/addresses/done"), "{act}");
        witness.expect(app, &[(action, "done", office, &number)]);
    }
    let revision = browser.get("/office/user/addresses").await.value("revision").unwrap();
    let fields = [("contact", "1"), ("revision", revision.as_str()), ("current_password", OF_THE_OFFICE)];
    let page = browser.post("/office/user/addresses/contact", &fields).await;
    assert_eq!(page.status.as_u16(), 303, "{}", page.text());
    witness.expect(app, &[("account.address_contact", "done", office, &number)]);
    let fields = [("current_password", OF_THE_OFFICE), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    browser.get("/office/user/password").await;
    browser.post("/office/user/password", &fields).await;
    witness.expect(app, &[("account.password", "done", office, &number)]);
}

/// A stranger's ten wrong codes, a reset with an application under way, and a device that is let in.
pub(super) async fn an_office_helps_itself(app: &TestApp, witness: &mut Witness) {
    let user_id = app.office("KJ131355555588").await;
    let (office, number) = (user_id.office().to_string(), "1355555588");
    let own = Who::Office(user_id);
    for round in 1..=2 {
        let mut stranger = app.browser();
        reset::ask(&mut stranger, number, "stranger@example.jp").await;
        witness.expect(app, &[("reset.ask", "silent", Who::Visitor, &office)]);
        stranger.get("/reset/code").await;
        for n in 1..=5 {
            stranger.post("/reset/code", &[("code", "000000")]).await;
            let mut told = vec![("reset.code", if n == 5 { "ended" } else { "wrong" }, Who::Visitor, office.as_str())];
            if (round, n) == (2, 5) {
                told.push(("reset.close", "done", Who::Visitor, &office));
            }
            witness.expect(app, &told);
        }
    }
    let one = app.applied(user_id.office(), Some(CONTACT)).await.number.to_string();
    app.take_mails().await;
    witness.seen = entries(&app.app.store).len();
    let mut browser = app.browser();
    reset::ask(&mut browser, number, reset::REGISTERED).await;
    witness.expect(app, &[("reset.ask", "sent", Who::Visitor, &office)]);
    let code = reset::code(app).await;
    browser.get("/reset/code").await;
    browser.post("/reset/code", &[("code", &code)]).await;
    witness.expect(app, &[("reset.code", "right", Who::Visitor, &office)]);
    browser.get("/reset/password").await;
    reset::change(&mut browser, NEW_PASSWORD).await;
    witness.expect(app, &[("reissue.supersede", "done", own, &one), ("reset.done", "done", own, number)]);
    app.take_mails().await;
    new_device::ask_device(&mut browser, &user_id.to_string(), reset::REGISTERED).await;
    witness.expect(app, &[("login.device_ask", "sent", Who::Visitor, &office)]);
    let code = reset::code(app).await;
    browser.get("/login/device/code").await;
    browser.post("/login/device/code", &[("code", &wrong(&code))]).await;
    witness.expect(app, &[("login.device_code", "wrong", Who::Visitor, &office)]);
    browser.post("/login/device/code", &[("code", &code)]).await;
    witness.expect(app, &[("login.device", "done", own, number)]);
    app.take_mails().await;
}

/// Digits, then others, then none; and a login that is asked for them.
pub(super) async fn an_office_sets_a_code(app: &TestApp, witness: &mut Witness) {
    let mut browser = app.browser();
    browser.log_in(USER, OF_THE_OFFICE).await;
    witness.expect(app, &[("login.try", "entered", Who::Visitor, USER)]);
    let (user_id, place) = (app.account(UserId::parse(USER).unwrap()).user_id, "/office/user/code");
    let number = user_id.office().number;
    for (action, code) in [("account.code_set", "24681357"), ("account.code_change", "918273")] {
        let shown = browser.get(place).await.value("shown").unwrap();
        let fields = [("kind", "fixed"), ("new_code", code), ("new_code_again", code), ("shown", shown.as_str())];
        let page = browser.post(place, &fields).await;
        assert_eq!(page.location(), Some("/office/user/code/done"), "{}", page.text());
        witness.expect(app, &[(action, "done", Who::Office(user_id), number.as_str())]);
    }
    let mut other = app.browser();
    for round in 0..2 {
        other.log_in(USER, OF_THE_OFFICE).await;
        witness.expect(app, &[("login.try", "waits_for_code", Who::Visitor, USER)]);
        other.get("/login/code").await;
        let outcomes = ["code_wrong", "code_wrong", "code_wrong", "code_wrong", "code_over"];
        for outcome in outcomes.into_iter().filter(|_| round == 0) {
            other.post("/login/code", &[("code", "24681357")]).await;
            witness.expect(app, &[("login.try", outcome, Who::Visitor, USER)]);
        }
    }
    other.post("/login/code", &[("code", "918273")]).await;
    witness.expect(app, &[("login.try", "entered", Who::Visitor, USER)]);
    let shown = browser.get("/office/user/code/remove").await.value("shown").unwrap();
    let fields = [("shown", shown.as_str()), ("current_password", OF_THE_OFFICE)];
    let page = browser.post("/office/user/code/remove", &fields).await;
    assert_eq!(page.location(), Some("/office/user/code/done"), "{}", page.text());
    witness.expect(app, &[("account.code_remove", "done", Who::Office(user_id), number.as_str())]);
    app.take_mails().await;
}

/// Registered, used, refused for what is wrong with it, removed, and unknown from then on.
pub(super) async fn an_office_registers_a_passkey(app: &TestApp, witness: &mut Witness) {
    const OTHER: &str = "KJ131333333344";
    let user_id = app.office(OTHER).await;
    let (office, number) = (Who::Office(user_id), user_id.office().number.to_string());
    let mut browser = app.browser();
    browser.log_in(OTHER, OF_THE_OFFICE).await;
    let asked = browser.begin_passkey(LIST).await;
    let mut device = Device::new(app, &asked);
    browser.name_passkey(LIST, "受付", &device.created(&asked)).await;
    let told = [("login.try", "entered", Who::Visitor, OTHER), ("passkey.add", "done", office, number.as_str())];
    witness.expect(app, &told);
    let mut elsewhere = app.browser();
    assert_eq!(elsewhere.enter_with(&mut device).await.location(), Some("/office"));
    witness.expect(app, &[("login.try", "entered_by_passkey", Who::Visitor, OTHER)]);
    let asked = app.browser().begin_passkey_login().await;
    assert_eq!(asked.location(), Some("/login/passkey"));
    witness.expect(app, &[]);
    let mut copied = app.browser();
    device.verifies = false;
    copied.enter_with(&mut device).await;
    witness.expect(app, &[("login.try", "passkey_wrong", Who::Visitor, OTHER)]);
    (device.verifies, device.counter) = (true, 0);
    copied.enter_with(&mut device).await;
    witness.expect(app, &[("login.try", "passkey_copied", Who::Visitor, OTHER)]);
    device.counter = 99;
    for (outcome, change) in [("suspended", (true, false)), ("passkey_disabled", (false, true))] {
        app.change_account(user_id, move |account| (account.suspended, account.password_disabled) = change).await;
        copied.enter_with(&mut device).await;
        witness.expect(app, &[("login.try", outcome, Who::Visitor, OTHER)]);
    }
    app.change_account(user_id, |account| account.password_disabled = false).await;
    let id = elsewhere.get(LIST).await.value("passkey").unwrap();
    let fields = [("passkey", id.as_str()), ("current_password", OF_THE_OFFICE)];
    assert_eq!(elsewhere.post(&format!("{LIST}/remove"), &fields).await.status, 303);
    witness.expect(app, &[("passkey.remove", "done", office, &number)]);
    copied.enter_with(&mut device).await;
    witness.expect(app, &[("login.try", "passkey_unknown", Who::Visitor, "")]);
    app.take_mails().await;
}
