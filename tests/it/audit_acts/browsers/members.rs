//! What members of staff do with their own login.

use super::*;

const LIST: &str = "/staff/passkeys";

/// Registered, used, refused for what is wrong with it, removed with a password that was wrong first, and unknown from then on.
pub(super) async fn a_member_registers_a_passkey(app: &TestApp, witness: &mut Witness) {
    const NAME: &str = "鍵山 京子";
    let (_, mut browser) = employed(app, witness, NAME, fukushima()).await;
    let own = Who::Staff(NAME);
    // The witness moves the clock on, so the password may be asked for already.
    browser.get("/staff/passkeys/new").await;
    browser.post("/staff/passkeys/begin", &[("current_password", PASSWORD)]).await;
    let asked = options(&browser.get("/staff/passkeys/new").await);
    let mut device = Device::new(app, &asked);
    let page = browser.name_passkey(LIST, "窓口", &device.created(&asked)).await;
    assert_eq!(page.status, 303, "{}", page.text());
    witness.expect(app, &[("staff.passkey_add", "done", own, "")]);
    let mut elsewhere = app.browser();
    enter(&mut elsewhere, &mut device).await;
    witness.expect(app, &[("staff.login", "entered_by_passkey", own, "")]);
    let mut copied = app.browser();
    device.verifies = false;
    enter(&mut copied, &mut device).await;
    witness.expect(app, &[("staff.login", "passkey_wrong", Who::Visitor, "")]);
    (device.verifies, device.counter) = (true, 0);
    enter(&mut copied, &mut device).await;
    witness.expect(app, &[("staff.login", "passkey_copied", Who::Visitor, "")]);
    device.counter = 99;
    let id = elsewhere.get(LIST).await.value("passkey").unwrap();
    let with = |password| [("passkey", id.as_str()), ("current_password", password)];
    elsewhere.post("/staff/passkeys/remove", &with("wrong")).await;
    witness.expect(app, &[("staff.reauth", "refused", own, "")]);
    assert_eq!(elsewhere.post("/staff/passkeys/remove", &with(PASSWORD)).await.status, 303);
    witness.expect(app, &[("staff.passkey_remove", "done", own, "")]);
    enter(&mut copied, &mut device).await;
    witness.expect(app, &[("staff.login", "passkey_unknown", Who::Visitor, "")]);
}

/// The whole login with this device, right or wrong.
async fn enter(browser: &mut Browser, device: &mut Device) {
    browser.open("/staff/login").await;
    browser.post("/staff/login/passkey/begin", &[]).await;
    let asked = options(&browser.get("/staff/login/passkey").await);
    browser.post("/staff/login/passkey", &[("credential", &device.signed(&asked))]).await;
}
