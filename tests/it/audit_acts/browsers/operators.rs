//! What visitors of お問い合わせ bring about, and the portal's operators.

use uketsuke::contact_form::InquiryNumber;
use uketsuke::kernel::{Id, MedicalCode};
use uketsuke::login::Knock;
use uketsuke::portal;
use uketsuke::staff::Role;
use uketsuke::store::StoreError;

use super::super::witness::{Who, Witness, entries};
use crate::support::browser::Browser;
use crate::support::contact::{APPLICATION, GENERAL, number_on, with};
use crate::support::portal::CODE;
use crate::support::{TestApp, staff};

/// Names and values of a form.
type Fields<'f> = &'f [(&'f str, &'f str)];

const OPERATOR: &str = "窓口 運営";

async fn operator(app: &TestApp, witness: &mut Witness, name: &str) -> Browser {
    let desk = staff(app, name, Role::Operator, 7).await;
    witness.seen = entries(&app.app.store).len();
    desk
}

async fn inquire(app: &TestApp, witness: &mut Witness, fields: Fields<'_>) -> InquiryNumber {
    let mut browser = app.browser();
    browser.inquire_to_check(fields).await;
    witness.expect(app, &[]);
    browser.send_inquiry().await;
    let number = number_on(&browser.get("/portal/contact/done").await);
    witness.expect(app, &[("contact.receive", "done", Who::Visitor, &number.to_string())]);
    app.take_mails().await;
    app.advance(jiff::SignedDuration::from_mins(5));
    number
}

/// Answered, rejected, and an account made.
pub(super) async fn inquiries_come_and_are_worked_off(app: &TestApp, witness: &mut Witness) {
    let mut desk = operator(app, witness, OPERATOR).await;
    let general = inquire(app, witness, &GENERAL).await;
    let rejected = inquire(app, witness, &with(&GENERAL, &[("text", "もう一つ")])).await;
    let application = inquire(app, witness, &APPLICATION).await;
    let acts: [(InquiryNumber, &str, &str, Fields<'_>); 4] = [
        (general, "take", "contact.take", &[]),
        (general, "answer", "contact.answer", &[("reply", "回答です。")]),
        (rejected, "reject", "contact.reject", &[("reject_reason", "other"), ("reject_sentence", "見送ります。")]),
        (application, "create", "portal.create", &[("proof_text", "電話で確認")]),
    ];
    for (number, act, action, fields) in acts {
        let page = desk.on_inquiry(number, act, fields).await;
        assert_eq!(page.status.as_u16(), 303, "{act}: {}", page.text());
        witness.expect(app, &[(action, "done", Who::Staff(OPERATOR), &number.to_string())]);
        app.take_mails().await;
    }
}

/// The main user of the account above.
pub(super) async fn an_operator_looks_after_users(app: &TestApp, witness: &mut Witness) {
    const NAME: &str = "窓口 利用者";
    let mut desk = operator(app, witness, NAME).await;
    let code = MedicalCode::parse(CODE).unwrap();
    let institution = app.app.store.read(|r| portal::of_code(r, &code)).unwrap().unwrap();
    let main = institution.main;
    let about = format!("portal {}", institution.id);
    for act in ["invite", "suspend", "allow", "release"] {
        manage(&mut desk, institution.id, main, act).await;
        witness.expect(app, &[(&format!("portal.staff_{act}"), "done", Who::Staff(NAME), &about)]);
        app.take_mails().await;
    }
    let (keys, now, rules) = (app.app.keys.clone(), app.clock.now(), app.app.config.lockout.clone());
    app.write(move |tx| {
        let user = portal::user(tx, portal::member(tx, main)?.unwrap().user)?.unwrap();
        let door = portal::door(&keys, user.mail.as_str());
        let knock = Knock { door, owner: String::new(), browser: [1; 32], device: None };
        for _ in 0..3 {
            portal::DOORS.reserve(tx, now, &rules, &knock)?.unwrap();
        }
        Ok::<_, StoreError>(())
    })
    .await;
    manage(&mut desk, institution.id, main, "unlock").await;
    witness.expect(app, &[("portal.staff_unlock", "done", Who::Staff(NAME), &about)]);
}

async fn manage(desk: &mut Browser, institution: Id, member: Id, act: &str) {
    let path = format!("/staff/portal/institutions/{institution}");
    let seen = desk.get(&path).await.value("seen").unwrap();
    let field = format!("{act}_reason_1");
    let fields = [("act", act), ("seen", seen.as_str()), ("place", "1"), (field.as_str(), "申し出による")];
    let page = desk.post(&format!("{path}/members/{member}"), &fields).await;
    assert_eq!(page.status.as_u16(), 303, "{act}: {}", page.text());
}
