//! What visitors, offices and staff do with a browser, and what time does.

mod members;
mod offices;
mod operators;
mod portal;
mod registration;

use members::a_member_registers_a_passkey;
use offices::{
    an_office_changes_its_data, an_office_comes_in, an_office_helps_itself, an_office_is_asked_again,
    an_office_looks_after_its_address, an_office_registers_a_passkey, an_office_sets_a_code,
};
use operators::{an_operator_looks_after_users, inquiries_come_and_are_worked_off};
use portal::{
    a_portal_user_changes_their_own, a_portal_user_comes_in, a_portal_user_is_asked_again, a_portal_user_registers_a_passkey,
    users_of_the_portal_are_managed,
};
use registration::an_office_registers_its_main_user;

use jiff::SignedDuration;
use uketsuke::kernel::{ControlNumber, MailAddress, OfficeKey, Prefecture, UserId};
use uketsuke::letters::{self, Letter};
use uketsuke::mail::transport::SendError;
use uketsuke::reissue::{self, Application, By, Move};
use uketsuke::staff::{Command, Role, Scope};

use super::witness::{Who, Witness, entries};
use crate::letters_post::{approved, post, reprint};
use crate::letters_print::{offices, print_all};
use crate::login_reauth;
use crate::new_device;
use crate::reset;
use crate::staff_mails::{forms, tell_change};
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::office::{NEW_PASSWORD, PASSWORD as OF_THE_OFFICE, TEMPORARY, USER};
use crate::support::passkey::{Device, LIST, options};
use crate::support::reissue::{code_in, wrong};
use crate::support::staff::{Member, PASSWORD, enrol_by, log_in, path_of_link};

/// What visitors, offices and staff bring about, and time.
pub const BY_BROWSER: &[&str] = &[
    "account.address_add",
    "account.address_change",
    "account.address_contact",
    "account.address_delete",
    "account.clear_addresses",
    "account.code_change",
    "account.code_remove",
    "account.code_set",
    "account.disable_password",
    "account.end_session",
    "account.notice_mail",
    "account.password",
    "account.reauth",
    "account.release",
    "account.suspend",
    "account.unlock",
    "account.withdraw_temporary",
    "contact.answer",
    "contact.receive",
    "contact.reject",
    "contact.take",
    "first_login.address",
    "first_login.defer",
    "first_login.finish",
    "first_login.keep_addresses",
    "first_login.mail",
    "first_login.password",
    "first_login.replace_addresses",
    "first_login.terms",
    "ledger.postal_code",
    "letter.complete",
    "letter.deliver",
    "letter.expire",
    "letter.post",
    "letter.print",
    "letter.return",
    "letter.withdraw",
    "login.device",
    "login.device_ask",
    "login.device_code",
    "login.logout",
    "login.try",
    "mail.send_again",
    "passkey.add",
    "passkey.remove",
    "portal.choose",
    "portal.create",
    "portal.end_session",
    "portal.end_trust",
    "portal.hand_over",
    "portal.invite",
    "portal.leave",
    "portal.login",
    "portal.logout",
    "portal.lost",
    "portal.lost_code",
    "portal.lost_done",
    "portal.mail",
    "portal.otp",
    "portal.passkey_add",
    "portal.passkey_remove",
    "portal.password",
    "portal.profile",
    "portal.reauth",
    "portal.register",
    "portal.replace",
    "portal.staff_allow",
    "portal.staff_invite",
    "portal.staff_release",
    "portal.staff_suspend",
    "portal.staff_unlock",
    "portal.terms",
    "portal.user_add",
    "portal.user_release",
    "portal.user_remove",
    "portal.user_suspend",
    "reissue.approve",
    "reissue.complete",
    "reissue.expire",
    "reissue.inquire",
    "reissue.post",
    "reissue.print",
    "reissue.receive",
    "reissue.reject",
    "reissue.reprint",
    "reissue.resume",
    "reissue.return",
    "reissue.supersede",
    "reissue.take",
    "reissue.withdraw",
    "reset.ask",
    "reset.close",
    "reset.code",
    "reset.done",
    "staff.choose_federation",
    "staff.enrol",
    "staff.login",
    "staff.logout",
    "staff.passkey_add",
    "staff.passkey_remove",
    "staff.reauth",
];

/// An office whose account the desk manages.
const MANAGED: &str = "KJ070755555555";
const CLERK: &str = "受付 花子";
const CHIEF: &str = "承認 一郎";
const CONTACT: &str = "contact@example.jp";

/// A member of staff from the link to the desk, each step looked at.
async fn employed(app: &TestApp, witness: &mut Witness, name: &str, scope: Scope) -> (Member, Browser) {
    let command = Command::Add { name: name.to_owned(), scope, role: Role::Admin };
    let link = path_of_link(app, command).await;
    witness.expect(app, &[("staff.add", "done", Who::Console, "")]);
    let member = Member { name: name.to_owned(), authenticator: enrol_by(app, &mut app.browser(), &link).await };
    witness.expect(app, &[("staff.enrol", "done", Who::Staff(name), "")]);
    let mut browser = app.browser();
    assert_eq!(log_in(app, &mut browser, &member).await.location(), Some("/staff"));
    let entered = [("staff.login", "password_right", Who::Visitor, ""), ("staff.login", "done", Who::Staff(name), "")];
    witness.expect(app, &entered);
    (member, browser)
}

fn fukushima() -> Scope {
    Scope::One(Prefecture::new(7).unwrap())
}

async fn staff_at_the_door(app: &TestApp, witness: &mut Witness) {
    let (member, mut browser) = employed(app, witness, "全国 太郎", Scope::All).await;
    browser.open("/staff").await;
    browser.submit("/staff/federation", &[("prefecture", "13")]).await;
    witness.expect(app, &[("staff.choose_federation", "done", Who::Staff(&member.name), "")]);
    browser.submit("/staff/logout", &[]).await;
    witness.expect(app, &[("staff.logout", "done", Who::Staff(&member.name), "")]);
    let name = member.name.as_str();
    browser.open("/staff/login").await;
    browser.post("/staff/login", &[("name", name), ("password", PASSWORD)]).await;
    witness.expect(app, &[("staff.login", "password_right", Who::Visitor, "")]);
    let right = member.authenticator.code(app.clock.now());
    let wrong = if right == "000000" { "000001" } else { "000000" };
    browser.open("/staff/login/code").await;
    for outcome in ["wrong_code", "wrong_code", "wrong_code", "wrong_code", "codes_exhausted"] {
        browser.post("/staff/login/code", &[("code", wrong)]).await;
        witness.expect(app, &[("staff.login", outcome, Who::Visitor, "")]);
    }
    let mut stranger = app.browser();
    stranger.open("/staff/login").await;
    for outcome in ["refused", "refused", "refused", "locked"] {
        stranger.post("/staff/login", &[("name", name), ("password", "wrong")]).await;
        witness.expect(app, &[("staff.login", outcome, Who::Visitor, "")]);
    }
    // A lock is told once, however often it refuses.
    stranger.post("/staff/login", &[("name", name), ("password", "wrong")]).await;
    witness.expect(app, &[]);
    for (command, action) in [
        (Command::ResetAuthenticator { name: name.to_owned() }, "staff.reset_authenticator"),
        (Command::Disable { name: name.to_owned() }, "staff.disable"),
        // Back, with another role: there is no other way to give one.
        (Command::Add { name: name.to_owned(), scope: fukushima(), role: Role::Clerk }, "staff.add"),
    ] {
        let house = &app.app;
        uketsuke::staff::administer(&house.store, &house.config, house.moment(), command).await.unwrap();
        witness.expect(app, &[(action, "done", Who::Console, "")]);
    }
}

/// A visitor applies through the screens.
async fn apply(app: &TestApp, witness: &mut Witness, office: OfficeKey) -> Application {
    let mut browser = app.browser();
    browser.apply_to_check(app, office.number.as_str(), CONTACT).await;
    witness.expect(app, &[]);
    let page = browser.submit("/reissue/check", &[]).await;
    assert!(page.says("管理番号"), "{}", page.text());
    let one = newest(app, office);
    witness.expect(app, &[("reissue.receive", "done", Who::Visitor, &one.number.to_string())]);
    app.take_mails().await;
    one
}

fn newest(app: &TestApp, office: OfficeKey) -> Application {
    app.app.store.read(|r| reissue::of_office(r, office, 9)).unwrap().into_iter().max_by_key(|one| one.number).unwrap()
}

/// One move at the desk.
async fn act(app: &TestApp, witness: &mut Witness, (browser, name): (&mut Browser, &str), one: &Application, mv: &str) {
    let fields: &[(&str, &str)] = match mv {
        "inquire" => &[("inquire_reason", "telephone"), ("inquire_text", "お電話ください"), ("inquire_until", "2026-01-30")],
        "reject" => &[("reject_reason", "ledger"), ("reject_sentence", "台帳と一致しませんでした。")],
        "withdraw" => &[("withdraw_note", "申し出による")],
        _ => &[],
    };
    let page = browser.make(&app.application(one.number), mv, fields).await;
    assert_eq!(page.status.as_u16(), 303, "{mv}: {}", page.text());
    witness.expect(app, &[(&format!("reissue.{mv}"), "done", Who::Staff(name), &one.number.to_string())]);
    app.take_mails().await;
}

async fn applications(app: &TestApp, witness: &mut Witness, desk: (&mut Browser, &mut Browser), keys: &[OfficeKey]) {
    let (clerk, chief) = desk;
    let one = apply(app, witness, keys[0]).await;
    for mv in ["take", "inquire", "resume"] {
        act(app, witness, (clerk, CLERK), &one, mv).await;
    }
    act(app, witness, (chief, CHIEF), &one, "reject").await;
    // At the window, and withdrawn there.
    let number = keys[0].number.to_string();
    let form = clerk.get(&format!("/staff/applications/new?q={number}")).await.value("form").unwrap();
    let fields = [("office", number.as_str()), ("form", &form), ("channel", "post"), ("note", "本人確認済")];
    clerk.post("/staff/applications/new", &fields).await;
    let one = newest(app, keys[0]);
    witness.expect(app, &[("reissue.receive", "done", Who::Staff(CLERK), &one.number.to_string())]);
    act(app, witness, (clerk, CLERK), &one, "withdraw").await;
    // Withdrawn by the applicant.
    let one = apply(app, witness, keys[1]).await;
    let mut visitor = app.browser();
    visitor.get("/status").await;
    let number = one.number.to_string();
    visitor.submit("/status", &[("control_number", &number), ("contact", CONTACT)]).await;
    visitor.get("/status/withdraw").await;
    visitor.submit("/status/withdraw", &[]).await;
    let code = code_in(&app.mail("ワンタイムパスワード発行通知(介護保険)").await, 6);
    witness.expect(app, &[]);
    visitor.submit("/status/withdraw/code", &[("code", &code)]).await;
    witness.expect(app, &[("reissue.withdraw", "done", Who::Visitor, &number)]);
    // Overtaken by the office's own reset.
    let (one, user_id) = (apply(app, witness, keys[1]).await, UserId::of(keys[1]));
    let moment = app.app.moment();
    let by = By::Office(user_id).at(std::net::Ipv4Addr::LOCALHOST.into());
    app.app.store.write(move |tx| reissue::mark(tx, &moment, one.number, Move::Supersede, by.clone())).await.unwrap();
    witness.expect(app, &[("reissue.supersede", "done", Who::Office(user_id), &one.number.to_string())]);
}

fn letter(app: &TestApp, number: ControlNumber) -> Letter {
    let office = app.application(number).office;
    let all = app.app.store.read(|r| letters::of_office(r, office)).unwrap();
    all.into_iter().find(|letter| letter.application() == Some(number)).unwrap()
}

/// Approved without the screens: how that is told, is looked at above.
async fn approve(app: &TestApp, witness: &mut Witness, office: OfficeKey) -> ControlNumber {
    let number = approved(app, office).await;
    app.take_mails().await;
    witness.seen = entries(&app.app.store).len();
    number
}

async fn printed(app: &TestApp, witness: &mut Witness, clerk: &mut Browser, number: ControlNumber) -> String {
    let printed = print_all(app, clerk).await;
    let (id, number) = (letter(app, number).id.to_string(), number.to_string());
    witness.expect(
        app,
        &[
            ("reissue.print", "done", Who::Staff(CLERK), &number),
            ("letter.print", "done", Who::Staff(CLERK), &id),
            ("letter.deliver", "done", Who::Staff(CLERK), ""),
        ],
    );
    printed[0].password.clone()
}

async fn letters_on_their_way(app: &TestApp, witness: &mut Witness, clerk: &mut Browser, keys: &[OfficeKey]) {
    let staff = Who::Staff(CLERK);
    // Printed twice, posted, come back, printed once more.
    let number = approve(app, witness, keys[2]).await;
    printed(app, witness, clerk, number).await;
    let (one, id) = (number.to_string(), letter(app, number).id.to_string());
    let printed_again =
        |mv| [(mv, "done", staff, one.as_str()), ("letter.print", "done", staff, &id), ("letter.deliver", "done", staff, "")];
    reprint(app, clerk, &letter(app, number), "用紙の汚れ").await;
    witness.expect(app, &printed_again("reissue.reprint"));
    post(clerk, &letter(app, number).number.unwrap().to_string(), "2026/01/20").await;
    witness.expect(app, &[("reissue.post", "done", staff, &one), ("letter.post", "done", staff, &id)]);
    app.take_mails().await;
    let path = format!("/staff/letters/{id}");
    clerk.open(&path).await;
    clerk.post(&format!("{path}/return"), &[("note", "宛先不明")]).await;
    witness.expect(app, &[("reissue.return", "done", staff, &one), ("letter.return", "done", staff, &id)]);
    reprint(app, clerk, &letter(app, number), "返戻のため").await;
    witness.expect(app, &printed_again("reissue.print"));
    // Come back once more, and given up.
    clerk.open(&path).await;
    clerk.post(&format!("{path}/return"), &[("note", "宛先不明")]).await;
    witness.expect(app, &[("reissue.return", "done", staff, &one), ("letter.return", "done", staff, &id)]);
    clerk.make(&app.application(number), "withdraw", &[("withdraw_note", "連絡がとれないため")]).await;
    witness.expect(app, &[("reissue.withdraw", "done", staff, &one), ("letter.withdraw", "done", staff, &id)]);
}

async fn changes_at_the_desk(app: &TestApp, witness: &mut Witness, chief: &mut Browser, key: OfficeKey) {
    let number = key.number.to_string();
    let page = format!("/staff/ledger/{number}");
    chief.open(&page).await;
    chief.post(&format!("{page}/postal-code"), &[("postal_code", "100-0009")]).await;
    witness.expect(app, &[("ledger.postal_code", "done", Who::Staff(CHIEF), &number)]);
    chief.open(&page).await;
    chief.post(&format!("{page}/disable-password"), &[("reason", "漏えい")]).await;
    witness.expect(app, &[("account.disable_password", "done", Who::Staff(CHIEF), &UserId::of(key).to_string())]);
    // A failed mail of an application, and one of none.
    app.transport.fail_with(Some(SendError::Permanent { reason: "550 no such mailbox".to_owned() }));
    let one = app.applied(key, Some(CONTACT)).await;
    app.change_account(UserId::of(key), |account| account.notice_mail = MailAddress::parse("notice@example.jp").ok()).await;
    tell_change(app, UserId::of(key)).await;
    app.run_jobs().await;
    app.transport.fail_with(None);
    witness.seen = entries(&app.app.store).len();
    let page = chief.open(&format!("/staff/applications/{}", one.number)).await;
    let path = format!("/staff/applications/{}/mails/", one.number);
    let at = page.body.find(&format!("action=\"{path}")).expect("its mail is offered") + "action=\"".len();
    chief.post(page.body[at..].split('"').next().unwrap(), &[]).await;
    witness.expect(app, &[("mail.send_again", "done", Who::Staff(CHIEF), &one.number.to_string())]);
    let page = chief.open("/staff/mails").await;
    chief.post(&forms(&page)[0], &[]).await;
    witness.expect(app, &[("mail.send_again", "done", Who::Staff(CHIEF), "")]);
    app.take_mails().await;
}

/// What the desk does with an account.
async fn an_account_is_managed(app: &TestApp, witness: &mut Witness, clerk: &mut Browser, chief: &mut Browser) {
    let user_id = app.office(MANAGED).await;
    let key = user_id.office();
    app.letter(user_id).await;
    let mut stranger = app.browser();
    for _ in 0..3 {
        stranger.log_in(MANAGED, "wrong").await;
        witness.expect(app, &[("login.try", "wrong", Who::Visitor, MANAGED)]);
    }
    for act in ["unlock", "suspend", "release", "withdraw_temporary", "clear_addresses"] {
        let (desk, name) = if act == "unlock" { (&mut *clerk, CLERK) } else { (&mut *chief, CHIEF) };
        let page = desk.manage(key, act, "電話での申し出による").await;
        assert_eq!(page.status.as_u16(), 303, "{act}: {}", page.text());
        witness.expect(app, &[(&format!("account.{act}"), "done", Who::Staff(name), MANAGED)]);
    }
    app.take_mails().await;
}

/// A letter that nobody uses: both it and its application end by themselves.
async fn time_passes(app: &TestApp, witness: &mut Witness, clerk: &mut Browser, key: OfficeKey) {
    let number = approve(app, witness, key).await;
    printed(app, witness, clerk, number).await;
    app.advance(SignedDuration::from_hours(24 * 31));
    app.run_jobs().await;
    let (one, id) = (number.to_string(), letter(app, number).id.to_string());
    witness.expect(app, &[("reissue.expire", "done", Who::System, &one), ("letter.expire", "done", Who::System, &id)]);
    app.take_mails().await;
}

#[tokio::test]
async fn q45_every_act_of_a_browser_is_told_once_with_when_where_who_and_what() {
    // More days go by than an office may do without an address.
    let app = TestApp::with(|config| config.security_mail.grace_until = jiff::civil::date(2026, 12, 31));
    app.app.prepare().await.unwrap();
    let mut witness = Witness::new();
    // The terms that a first start takes on are looked at beside the commands.
    witness.seen = entries(&app.app.store).len();
    let keys = offices(&app, 6).await;
    staff_at_the_door(&app, &mut witness).await;
    let (_, mut clerk) = employed(&app, &mut witness, CLERK, fukushima()).await;
    let (_, mut chief) = employed(&app, &mut witness, CHIEF, fukushima()).await;
    applications(&app, &mut witness, (&mut clerk, &mut chief), &keys).await;
    // What the chief approves is printed by nobody here.
    let one = apply(&app, &mut witness, keys[5]).await;
    act(&app, &mut witness, (&mut clerk, CLERK), &one, "take").await;
    act(&app, &mut witness, (&mut chief, CHIEF), &one, "approve").await;
    act(&app, &mut witness, (&mut clerk, CLERK), &one, "withdraw").await;
    letters_on_their_way(&app, &mut witness, &mut clerk, &keys).await;
    an_office_comes_in(&app, &mut witness, &mut clerk, keys[3]).await;
    changes_at_the_desk(&app, &mut witness, &mut chief, keys[3]).await;
    an_account_is_managed(&app, &mut witness, &mut clerk, &mut chief).await;
    time_passes(&app, &mut witness, &mut clerk, keys[4]).await;
    an_office_is_asked_again(&app, &mut witness).await;
    a_portal_user_is_asked_again(&app, &mut witness).await;
    users_of_the_portal_are_managed(&app, &mut witness).await;
    a_portal_user_changes_their_own(&app, &mut witness).await;
    an_office_registers_its_main_user(&app, &mut witness).await;
    a_portal_user_comes_in(&app, &mut witness).await;
    a_portal_user_registers_a_passkey(&app, &mut witness).await;
    inquiries_come_and_are_worked_off(&app, &mut witness).await;
    an_operator_looks_after_users(&app, &mut witness).await;
    an_office_sets_a_code(&app, &mut witness).await;
    an_office_registers_a_passkey(&app, &mut witness).await;
    a_member_registers_a_passkey(&app, &mut witness).await;
    an_office_looks_after_its_address(&app, &mut witness).await;
    an_office_changes_its_data(&app, &mut witness).await;
    an_office_helps_itself(&app, &mut witness).await;
    let commands = ["staff.add", "staff.disable", "staff.reset_authenticator"];
    let seen: Vec<&str> = witness.actions.iter().map(String::as_str).filter(|action| !commands.contains(action)).collect();
    assert_eq!(seen, BY_BROWSER);
}
