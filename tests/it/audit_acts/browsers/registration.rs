//! An office names its main user at the portal, and another one after that.

use super::super::witness::{Who, Witness};
use crate::portal_register::{self, CHECK, OTP, USER_PAGE, person};
use crate::support::TestApp;
use crate::support::office::PASSWORD;
use crate::support::reissue::wrong;

pub(super) async fn an_office_registers_its_main_user(app: &TestApp, witness: &mut Witness) {
    let office = "KJ131355555555";
    let user_id = app.office(office).await;
    let about = user_id.office().number.to_string();
    for (mail, action) in [("ichi@portal.example.jp", "portal.register"), ("ni@portal.example.jp", "portal.replace")] {
        let mut browser = app.browser();
        portal_register::prove(&mut browser, office, PASSWORD).await;
        witness.expect(app, &[("login.try", "entered_portal", Who::Visitor, office)]);
        let code = portal_register::code(app).await;
        portal_register::enter(&mut browser, &wrong(&code)).await;
        witness.expect(app, &[("portal.otp", "wrong", Who::Visitor, &about)]);
        assert_ne!(portal_register::enter(&mut browser, &code).await.location(), Some(OTP));
        browser.get(USER_PAGE).await;
        assert_eq!(browser.post(USER_PAGE, &person(mail)).await.location(), Some(CHECK));
        witness.expect(app, &[]);
        portal_register::register(&mut browser, true).await;
        witness.expect(app, &[(action, "done", Who::Office(user_id), &about)]);
        app.take_mails().await;
    }
}
