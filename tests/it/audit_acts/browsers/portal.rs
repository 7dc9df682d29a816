//! What users of the portal bring about.

use jiff::SignedDuration;
use uketsuke::kernel::Id;
use uketsuke::portal;
use uketsuke::security::devices;

use super::super::witness::{Who, Witness};
use crate::passkeys::portal::{self as of_passkeys, LIST};
use crate::portal_guard::{self, ASK};
use crate::portal_mail::{self, enter, proving};
use crate::portal_page::{HOME, at, member_at};
use crate::portal_users::{self, press, typed};
use crate::support::TestApp;
use crate::support::passkey::Device;
use crate::support::portal::{PORTAL_PASSWORD, person};
use crate::support::reissue::wrong;
use crate::{portal_login, portal_lost};

/// Asked for the password again, and wrong.
pub(super) async fn a_portal_user_is_asked_again(app: &TestApp, witness: &mut Witness) {
    let office = "KJ131377777777";
    app.office(office).await;
    let main = app.portal_main(office).await;
    let mut browser = portal_guard::at(app, &main).await;
    browser.get(portal_guard::PAGE).await;
    app.advance(SignedDuration::from_mins(10));
    assert_eq!(browser.post(ASK, &[("current_password", "wrong")]).await.status.as_u16(), 422);
    let about = format!("portal {}", main.institution.id);
    witness.expect(app, &[("portal.reauth", "refused", Who::Portal(main.user.id), &about)]);
}

/// Added, invited again, suspended, released, made main, removed; and one leaves.
pub(super) async fn users_of_the_portal_are_managed(app: &TestApp, witness: &mut Witness) {
    let main = app.medical("0719900078").await;
    let (about, who) = (format!("portal {}", main.institution.id), Who::Portal(main.user.id));
    let mut browser = at(app, &main.user, &main.member).await;
    browser.get(portal_users::EDIT).await;
    browser.post(portal_users::EDIT, &typed("新人", "shinjin@example.jp")).await;
    witness.expect(app, &[]);
    assert_eq!(browser.post(portal_users::CHECK, &[]).await.location(), Some(portal_users::DONE));
    witness.expect(app, &[("portal.user_add", "done", who, &about)]);
    let members = app.app.store.read(|r| portal::members_of(r, main.institution.id)).unwrap();
    let invited = members.last().unwrap().id;
    press(&mut browser, invited, "invite").await;
    witness.expect(app, &[("portal.invite", "done", who, &about)]);
    let other = app.portal_additional(&main, 1).await;
    for (act, action) in
        [("suspend", "portal.user_suspend"), ("release", "portal.user_release"), ("hand_over", "portal.hand_over")]
    {
        press(&mut browser, other.id, act).await;
        witness.expect(app, &[(action, "done", who, &about)]);
    }
    press(&mut browser, main.member.id, "leave").await;
    witness.expect(app, &[("portal.leave", "done", who, &about)]);
    let mut browser = member_at(app, &other).await;
    press(&mut browser, invited, "remove").await;
    witness.expect(app, &[("portal.user_remove", "done", Who::Portal(other.user), &about)]);
    app.take_mails().await;
}

/// Profile, address, password, devices.
pub(super) async fn a_portal_user_changes_their_own(app: &TestApp, witness: &mut Witness) {
    let main = app.medical("0719900086").await;
    let (about, who) = (format!("portal {}", main.institution.id), Who::Portal(main.user.id));
    let mut browser = at(app, &main.user, &main.member).await;
    let path = format!("{HOME}/profile");
    let shown = browser.get(&path).await.value("shown").unwrap();
    let mut fields = typed("別の名前", "");
    fields.push(("shown", &shown));
    browser.post(&path, &fields).await;
    witness.expect(app, &[("portal.profile", "done", who, &about)]);
    let code = proving(app, &mut browser, portal_mail::NEW).await;
    witness.expect(app, &[]);
    enter(&mut browser, portal_mail::PROVE, &code).await;
    witness.expect(app, &[("portal.mail", "done", who, &about)]);
    let path = format!("{HOME}/password");
    browser.get(&path).await;
    let new = "gentle Lantern 82";
    let fields = [("current_password", PORTAL_PASSWORD), ("new_password", new), ("new_password_again", new)];
    browser.post(&path, &fields).await;
    witness.expect(app, &[("portal.password", "done", who, &about)]);
    let (user, now) = (main.user.id, app.clock.now());
    app.write(move |tx| devices::remember(tx, &portal::trusted_owner(user), Id::from_bytes([3; 16]), now)).await;
    at(app, &main.user, &main.member).await;
    let path = format!("{HOME}/devices");
    browser.get(&path).await;
    for (device, action) in [("others", "portal.end_session"), ("trust", "portal.end_trust")] {
        browser.post(&path, &[("device", device)]).await;
        witness.expect(app, &[(action, "done", who, &about)]);
    }
    app.take_mails().await;
}

/// The first login with its steps, another institution, out, and back by パスワードを忘れた方.
pub(super) async fn a_portal_user_comes_in(app: &TestApp, witness: &mut Witness) {
    let (office, elsewhere) = ("KJ131388888888", "KJ131399999999");
    app.office(office).await;
    app.office(elsewhere).await;
    let (mail, initial) = app.portal_initial(office).await;
    let user = app.app.store.read(|r| portal::user_by_mail(r, &portal_login::address(&mail))).unwrap().unwrap();
    let member = app.app.store.read(|r| portal::memberships(r, user.id)).unwrap().remove(0);
    let (who, about) = (Who::Portal(user.id), format!("portal {}", member.institution));
    let mut browser = app.browser();
    portal_login::log_in(&mut browser, &mail, "wrong").await;
    witness.expect(app, &[("portal.login", "wrong", Who::Visitor, "refused at portal: ")]);
    portal_login::log_in(&mut browser, &mail, initial.expose()).await;
    witness.expect(app, &[("portal.login", "waits_for_code", Who::Visitor, &about)]);
    let code = portal_login::code(app).await;
    portal_login::enter(&mut browser, &wrong(&code), false).await;
    witness.expect(app, &[("portal.login", "code_wrong", Who::Visitor, &about)]);
    portal_login::enter(&mut browser, &code, false).await;
    witness.expect(app, &[("portal.login", "entered_by_initial", who, &about)]);
    portal_login::choose_password(&mut browser, portal_login::CHOSEN).await;
    witness.expect(app, &[("portal.password", "done", who, &about)]);
    portal_login::agree(&mut browser).await;
    witness.expect(app, &[("portal.terms", "done", who, &about)]);
    let other = app.portal_main(elsewhere).await;
    let (moment, keys, to) = (app.app.moment(), app.app.keys.clone(), user.mail.clone());
    let (at, by) = (other.institution.id, other.member.clone());
    let added = app.write(move |tx| portal::add_member(tx, &moment, &keys, at, person("佐藤 花子"), to.clone(), &by)).await;
    browser.get("/portal/login?notice=form").await;
    browser.post("/portal/my/place", &[("place", &added.unwrap().id.to_string())]).await;
    let about = format!("portal {at}");
    witness.expect(app, &[("portal.choose", "done", who, &about)]);
    browser.get("/portal/login?notice=form").await;
    browser.post("/portal/logout", &[]).await;
    witness.expect(app, &[("portal.logout", "done", who, &about)]);
    portal_lost::ask(&mut browser, &mail).await;
    witness.expect(app, &[("portal.lost", "sent", Who::Visitor, "refused at portal: ")]);
    let code = portal_login::code(app).await;
    browser.get("/portal/lost/otp").await;
    for (typed, outcome) in [(wrong(&code), "wrong"), (code, "right")] {
        browser.post("/portal/lost/otp", &[("code", &typed)]).await;
        witness.expect(app, &[("portal.lost_code", outcome, Who::Visitor, "refused at portal: ")]);
    }
    browser.get("/portal/lost/password").await;
    portal_lost::change(&mut browser, "other Teapot 83").await;
    witness.expect(app, &[("portal.lost_done", "done", who, "portal ")]);
    app.take_mails().await;
}

/// Registered, used, refused for what is wrong with it, and removed.
pub(super) async fn a_portal_user_registers_a_passkey(app: &TestApp, witness: &mut Witness) {
    let office = "KJ071377777777";
    app.office(office).await;
    let main = app.portal_main(office).await;
    let (who, about) = (Who::Portal(main.user.id), format!("portal {}", main.institution.id));
    let mut browser = app.browser();
    browser.portal(app, &main.user, &main.member).await;
    let asked = browser.begin_passkey(LIST).await;
    let mut device = Device::new(app, &asked);
    browser.name_passkey(LIST, "窓口", &device.created(&asked)).await;
    witness.expect(app, &[("portal.passkey_add", "done", who, &about)]);
    let mut elsewhere = app.browser();
    of_passkeys::enter(&mut elsewhere, &mut device).await;
    witness.expect(app, &[("portal.login", "entered_by_passkey", who, &about)]);
    device.verifies = false;
    of_passkeys::enter(&mut app.browser(), &mut device).await;
    witness.expect(app, &[("portal.login", "passkey_wrong", Who::Visitor, &about)]);
    let id = elsewhere.get(LIST).await.value("passkey").unwrap();
    elsewhere.post(&format!("{LIST}/remove"), &[("passkey", &id), ("current_password", PORTAL_PASSWORD)]).await;
    witness.expect(app, &[("portal.passkey_remove", "done", who, &about)]);
    app.take_mails().await;
}
