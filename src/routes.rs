//! ROUTES: every path, who may call it, its handler. The table of contents of the product.

mod guard;
mod row;

use poem::http::Method;
use poem::middleware::AddData;
use poem::{Endpoint, EndpointExt as _, Route};

use guard::{Guarded, Place};
pub use row::{Row, Who};

use crate::app::App;
use crate::staff::{self, Role};
use crate::web::{assets, health};
use crate::{
    account_desk, contact_form, first_login, inquiries_list, ledger, letters, login, lost, notices, passkeys, portal,
    portal_desk, portal_login, portal_page, portal_register, reissue, reset, security_code, security_mail, top_menu, user_info,
};

/// The table.
#[must_use]
pub fn rows() -> Vec<Row> {
    vec![
        Row::get("/", Who::Public, top_menu::pages::show),
        Row::get("/notices/:id", Who::Public, top_menu::pages::notice),
        Row::get("/login", Who::Public, login::pages::show),
        Row::post("/login", Who::Public, login::pages::enter),
        Row::button("/logout", Who::Public, login::pages::leave),
        Row::button("/session/extend", Who::AnyOffice, login::pages::extend),
        Row::get("/login/code", Who::Public, login::pages::code::show),
        Row::post("/login/code", Who::Public, login::pages::code::enter),
        Row::button("/login/passkey/begin", Who::Public, passkeys::pages::login::begin),
        Row::get("/login/passkey", Who::Public, passkeys::pages::login::show),
        Row::post("/login/passkey", Who::Public, passkeys::pages::login::enter).small(),
        Row::get("/lost", Who::Public, lost::pages::show),
        Row::button("/lost", Who::Public, lost::pages::choose),
        Row::get("/reset", Who::Public, reset::pages::ask::show),
        Row::post("/reset", Who::Public, reset::pages::ask::start),
        Row::post("/reset/number", Who::Public, reset::pages::ask::check_number).small(),
        Row::get("/reset/prefecture", Who::Public, reset::pages::ask::prefecture),
        Row::button("/reset/prefecture", Who::Public, reset::pages::ask::choose),
        Row::get("/reset/code", Who::Public, reset::pages::code::show),
        Row::post("/reset/code", Who::Public, reset::pages::code::enter),
        Row::button("/reset/code/resend", Who::Public, reset::pages::code::resend),
        Row::get("/reset/password", Who::Public, reset::pages::password::show),
        Row::post("/reset/password", Who::Public, reset::pages::password::change),
        Row::get("/reset/done", Who::Public, reset::pages::password::done),
        Row::get("/login/device", Who::Public, reset::pages::device::show),
        Row::post("/login/device", Who::Public, reset::pages::device::start),
        Row::get("/login/device/code", Who::Public, reset::pages::device::code),
        Row::post("/login/device/code", Who::Public, reset::pages::device::enter),
        Row::button("/login/device/code/resend", Who::Public, reset::pages::device::resend),
        Row::get("/login/device/done", Who::Public, reset::pages::device::done),
        Row::get("/reissue", Who::Public, reissue::pages::apply::show),
        Row::post("/reissue", Who::Public, reissue::pages::apply::start),
        Row::post("/reissue/number", Who::Public, reissue::pages::apply::check_number).small(),
        Row::get("/reissue/prefecture", Who::Public, reissue::pages::apply::prefecture),
        Row::button("/reissue/prefecture", Who::Public, reissue::pages::apply::choose),
        Row::get("/reissue/code", Who::Public, reissue::pages::code::show),
        Row::post("/reissue/code", Who::Public, reissue::pages::code::enter),
        Row::button("/reissue/code/resend", Who::Public, reissue::pages::code::resend),
        Row::get("/reissue/code/delivery", Who::Public, reissue::pages::code::delivery),
        Row::get("/reissue/check", Who::Public, reissue::pages::check::show),
        Row::button("/reissue/check", Who::Public, reissue::pages::check::send),
        Row::get("/reissue/done", Who::Public, reissue::pages::check::done),
        Row::get("/status", Who::Public, reissue::pages::progress::show),
        Row::post("/status", Who::Public, reissue::pages::progress::look_up),
        Row::get("/status/application", Who::Public, reissue::pages::progress::application),
        Row::get("/status/withdraw", Who::Public, reissue::pages::withdraw::confirm),
        Row::button("/status/withdraw", Who::Public, reissue::pages::withdraw::ask_code),
        Row::get("/status/withdraw/code", Who::Public, reissue::pages::withdraw::code),
        Row::post("/status/withdraw/code", Who::Public, reissue::pages::withdraw::enter),
        Row::button("/status/withdraw/resend", Who::Public, reissue::pages::withdraw::resend),
        Row::get("/status/withdraw/done", Who::Public, reissue::pages::withdraw::done),
        Row::get("/status/withdraw/delivery", Who::Public, reissue::pages::withdraw::delivery),
        Row::get("/office/user", Who::Office, user_info::pages::menu::show),
        Row::get("/office/user/password", Who::Office, user_info::pages::password::show),
        Row::post("/office/user/password", Who::Office, user_info::pages::password::change),
        Row::get("/office/user/password/done", Who::Office, user_info::pages::password::done),
        Row::get("/office/user/mail", Who::Office, user_info::pages::mail::show),
        Row::post("/office/user/mail", Who::Office, user_info::pages::mail::change),
        Row::get("/office/user/mail/done", Who::Office, user_info::pages::mail::done),
        Row::get("/office/user/devices", Who::Office, user_info::pages::devices::show),
        Row::button("/office/user/devices", Who::Office, user_info::pages::devices::end),
        Row::get("/first-login", Who::FirstLogin, first_login::pages::resume),
        Row::get("/first-login/terms", Who::FirstLogin, first_login::pages::terms::show),
        Row::button("/first-login/terms", Who::FirstLogin, first_login::pages::terms::agree),
        Row::get("/first-login/warning", Who::FirstLogin, first_login::pages::password::warning),
        Row::button("/first-login/warning", Who::FirstLogin, first_login::pages::password::confirm_warning),
        Row::get("/first-login/password", Who::FirstLogin, first_login::pages::password::password),
        Row::post("/first-login/password", Who::FirstLogin, first_login::pages::password::change_password),
        Row::get("/first-login/done", Who::FirstLogin, first_login::pages::ends::after_password),
        Row::button("/first-login/done", Who::FirstLogin, first_login::pages::ends::leave_password),
        Row::get("/first-login/mail", Who::FirstLogin, first_login::pages::mail::show),
        Row::post("/first-login/mail", Who::FirstLogin, first_login::pages::mail::answer),
        Row::get("/first-login/mail/done", Who::FirstLogin, first_login::pages::ends::after_mail),
        Row::button("/first-login/mail/done", Who::FirstLogin, first_login::pages::ends::leave_mail),
        Row::get("/first-login/addresses", Who::FirstLogin, first_login::pages::address::review),
        Row::button("/first-login/addresses", Who::FirstLogin, first_login::pages::address::choose),
        Row::get("/first-login/address", Who::FirstLogin, first_login::pages::address::show),
        Row::post("/first-login/address", Who::FirstLogin, first_login::pages::address::start),
        Row::get("/first-login/address/code", Who::FirstLogin, first_login::pages::code::show),
        Row::post("/first-login/address/code", Who::FirstLogin, first_login::pages::code::enter),
        Row::button("/first-login/address/code/resend", Who::FirstLogin, first_login::pages::code::resend),
        Row::get("/first-login/address/code/delivery", Who::FirstLogin, first_login::pages::code::delivery),
        Row::get("/first-login/address/done", Who::FirstLogin, first_login::pages::ends::after_address),
        Row::button("/first-login/address/done", Who::FirstLogin, first_login::pages::ends::leave_address),
        Row::get("/office/user/addresses", Who::Office, security_mail::pages::list::show),
        Row::post("/office/user/addresses/contact", Who::Office, security_mail::pages::list::contact),
        Row::button("/office/user/addresses/begin", Who::Office, security_mail::pages::list::begin),
        Row::get("/office/user/addresses/edit", Who::Office, security_mail::pages::edit::show),
        Row::post("/office/user/addresses/edit", Who::Office, security_mail::pages::edit::send),
        Row::get("/office/user/addresses/otp", Who::Office, security_mail::pages::code::show_otp),
        Row::post("/office/user/addresses/otp", Who::Office, security_mail::pages::code::enter_otp),
        Row::button("/office/user/addresses/otp/resend", Who::Office, security_mail::pages::code::resend_otp),
        Row::get("/office/user/addresses/otp/delivery", Who::Office, security_mail::pages::code::otp_delivery),
        Row::get("/office/user/addresses/code", Who::Office, security_mail::pages::code::show_code),
        Row::post("/office/user/addresses/code", Who::Office, security_mail::pages::code::enter_code),
        Row::button("/office/user/addresses/code/resend", Who::Office, security_mail::pages::code::resend_code),
        Row::get("/office/user/addresses/code/delivery", Who::Office, security_mail::pages::code::code_delivery),
        Row::get("/office/user/addresses/done", Who::Office, security_mail::pages::edit::done),
        Row::get("/office", Who::Office, notices::pages::show_home),
        Row::button("/office/notices", Who::Office, notices::pages::mark_all),
        Row::get("/office/notices/:notice", Who::Office, notices::pages::show_notice),
        Row::button("/office/notices/:notice", Who::Office, notices::pages::mark),
        Row::get("/office/inquiries", Who::Office, inquiries_list::pages::show_list),
        Row::get("/office/inquiries/:number", Who::Office, inquiries_list::pages::show_one),
        Row::get("/staff/login", Who::Public, staff::pages::login::start),
        Row::post("/staff/login", Who::Public, staff::pages::login::password),
        Row::get("/staff/login/code", Who::Public, staff::pages::login::ask_code),
        Row::post("/staff/login/code", Who::Public, staff::pages::login::code),
        Row::button("/staff/logout", Who::Public, staff::pages::session::logout),
        Row::get("/staff/enrol", Who::Public, staff::pages::enrol::start),
        Row::post("/staff/enrol", Who::Public, staff::pages::enrol::password),
        Row::get("/staff/enrol/app", Who::Public, staff::pages::enrol::show_app),
        Row::post("/staff/enrol/app", Who::Public, staff::pages::enrol::prove),
        Row::get("/staff/enrol/done", Who::Public, staff::pages::enrol::done),
        Row::button("/staff/login/passkey/begin", Who::Public, passkeys::pages::login::begin_staff),
        Row::get("/staff/login/passkey", Who::Public, passkeys::pages::login::show_staff),
        Row::post("/staff/login/passkey", Who::Public, passkeys::pages::login::enter_staff).small(),
        Row::get("/staff/passkeys", Who::AnyStaff, passkeys::pages::staff::show),
        Row::get("/staff/passkeys/new", Who::AnyStaff, passkeys::pages::staff::new),
        Row::post("/staff/passkeys/new", Who::AnyStaff, passkeys::pages::staff::register).shown_at("/staff/passkeys/new"),
        Row::button("/staff/passkeys/begin", Who::AnyStaff, passkeys::pages::staff::begin),
        Row::button("/staff/passkeys/remove", Who::AnyStaff, passkeys::pages::staff::remove),
        Row::get("/staff", Who::AnyStaff, staff::pages::dashboard::show),
        Row::button("/staff/session", Who::AnyStaff, staff::pages::session::extend),
        Row::button("/staff/federation", Who::AnyStaff, staff::pages::session::choose_federation),
        Row::get("/staff/mails", Who::Staff(Role::Clerk), staff::pages::mails::show),
        Row::button("/staff/mails/:mail", Who::Staff(Role::Clerk), staff::pages::mails::again),
        Row::get("/staff/letters", Who::Staff(Role::Clerk), letters::desk::show),
        Row::post("/staff/letters/print", Who::Staff(Role::Clerk), letters::desk::print).small().shown_at("/staff/letters"),
        Row::get("/staff/letters/posting", Who::Staff(Role::Clerk), letters::desk::posting::show),
        Row::post("/staff/letters/posting", Who::Staff(Role::Clerk), letters::desk::posting::send)
            .shown_at("/staff/letters/posting"),
        Row::get("/staff/letters/batches/:id", Who::Staff(Role::Clerk), letters::desk::batch::show),
        Row::button("/staff/letters/batches/:id/pdf", Who::Staff(Role::Clerk), letters::desk::batch::pdf),
        Row::post("/staff/letters/batches/:id/again", Who::Staff(Role::Clerk), letters::desk::batch::again)
            .shown_at("/staff/letters/batches/:id"),
        Row::get("/staff/letters/:id", Who::Staff(Role::Clerk), letters::desk::one::show),
        Row::post("/staff/letters/:id/return", Who::Staff(Role::Clerk), letters::desk::one::take_back)
            .shown_at("/staff/letters/:id"),
        Row::post("/staff/letters/:id/reprint", Who::Staff(Role::Clerk), letters::desk::one::reprint)
            .shown_at("/staff/letters/:id"),
        Row::get("/staff/ledger", Who::Staff(Role::Clerk), ledger::desk::show),
        Row::get("/staff/ledger/:number", Who::Staff(Role::Clerk), ledger::desk::office::show),
        Row::post("/staff/ledger/:number/postal-code", Who::Staff(Role::Clerk), ledger::desk::office::postal_code)
            .shown_at("/staff/ledger/:number"),
        Row::post("/staff/ledger/:number/disable-password", Who::Staff(Role::Approver), ledger::desk::office::disable_password)
            .shown_at("/staff/ledger/:number"),
        Row::get("/staff/ledger/:number/account", Who::Staff(Role::Clerk), account_desk::desk::show),
        Row::post("/staff/ledger/:number/account", Who::Staff(Role::Approver), account_desk::desk::manage)
            .shown_at("/staff/ledger/:number/account"),
        Row::post("/staff/ledger/:number/account/unlock", Who::Staff(Role::Clerk), account_desk::desk::unlock)
            .shown_at("/staff/ledger/:number/account"),
        Row::get("/staff/applications", Who::Staff(Role::Clerk), reissue::desk::queue::show),
        Row::get("/staff/applications/count", Who::Staff(Role::Clerk), reissue::desk::live::count),
        Row::get("/staff/applications/new", Who::Staff(Role::Clerk), reissue::desk::counter::show),
        Row::post("/staff/applications/new", Who::Staff(Role::Clerk), reissue::desk::counter::receive)
            .shown_at("/staff/applications/new"),
        Row::get("/staff/applications/:number", Who::Staff(Role::Clerk), reissue::desk::one::show),
        Row::post("/staff/applications/:number", Who::Staff(Role::Clerk), reissue::desk::act::clerk)
            .shown_at("/staff/applications/:number"),
        Row::get("/staff/applications/:number/decision", Who::Staff(Role::Clerk), reissue::desk::one::back),
        Row::button("/staff/applications/:number/mails/:mail", Who::Staff(Role::Clerk), reissue::desk::act::mail_again),
        Row::post("/staff/applications/:number/decision", Who::Staff(Role::Approver), reissue::desk::act::decision)
            .shown_at("/staff/applications/:number"),
        Row::get("/office/user/code", Who::Office, security_code::pages::show),
        Row::post("/office/user/code", Who::Office, security_code::pages::choose),
        Row::get("/office/user/code/app", Who::Office, security_code::pages::app::show),
        Row::post("/office/user/code/app", Who::Office, security_code::pages::app::prove),
        Row::get("/office/user/code/remove", Who::Office, security_code::pages::remove::show),
        Row::post("/office/user/code/remove", Who::Office, security_code::pages::remove::remove),
        Row::get("/office/user/code/done", Who::Office, security_code::pages::done),
        Row::get("/office/user/passkeys", Who::Office, passkeys::pages::office::show),
        Row::get("/office/user/passkeys/new", Who::Office, passkeys::pages::office::new),
        Row::post("/office/user/passkeys/new", Who::Office, passkeys::pages::office::register),
        Row::post("/office/user/passkeys/begin", Who::Office, passkeys::pages::office::begin),
        Row::post("/office/user/passkeys/remove", Who::Office, passkeys::pages::office::remove),
        // portal: front and login
        Row::get("/portal/login", Who::Public, portal_login::pages::login::show),
        Row::post("/portal/login", Who::Public, portal_login::pages::login::enter),
        Row::button("/portal/logout", Who::Public, portal_login::pages::login::leave),
        Row::get("/portal/login/otp", Who::Public, portal_login::pages::otp::show),
        Row::post("/portal/login/otp", Who::Public, portal_login::pages::otp::enter),
        Row::button("/portal/login/otp/resend", Who::Public, portal_login::pages::otp::resend),
        Row::get("/portal/login/otp/delivery", Who::Public, portal_login::pages::otp::delivery),
        Row::button("/portal/login/passkey/begin", Who::Public, passkeys::pages::login::begin_portal),
        Row::get("/portal/login/passkey", Who::Public, passkeys::pages::login::show_portal),
        Row::post("/portal/login/passkey", Who::Public, passkeys::pages::login::enter_portal).small(),
        Row::get("/portal/first", Who::PortalStep, portal_login::pages::first::resume),
        Row::get("/portal/first/password", Who::PortalStep, portal_login::pages::first::password),
        Row::post("/portal/first/password", Who::PortalStep, portal_login::pages::first::change),
        Row::get("/portal/first/place", Who::PortalStep, portal_login::pages::place::show),
        Row::button("/portal/first/place", Who::PortalStep, portal_login::pages::place::choose),
        Row::button("/portal/my/place", Who::Portal, portal_login::pages::place::switch),
        Row::get("/portal/first/terms", Who::PortalStep, portal_login::pages::terms::show),
        Row::button("/portal/first/terms", Who::PortalStep, portal_login::pages::terms::agree),
        Row::get("/portal/lost", Who::Public, portal_login::pages::lost::show),
        Row::post("/portal/lost", Who::Public, portal_login::pages::lost::start),
        Row::get("/portal/lost/otp", Who::Public, portal_login::pages::lost::show_code),
        Row::post("/portal/lost/otp", Who::Public, portal_login::pages::lost::enter),
        Row::button("/portal/lost/otp/resend", Who::Public, portal_login::pages::lost::resend),
        Row::get("/portal/lost/password", Who::Public, portal_login::pages::lost_password::show),
        Row::post("/portal/lost/password", Who::Public, portal_login::pages::lost_password::change),
        Row::get("/portal/lost/done", Who::Public, portal_login::pages::lost_password::done),
        Row::get("/portal/my/passkeys", Who::Portal, passkeys::pages::portal::show),
        Row::get("/portal/my/passkeys/new", Who::Portal, passkeys::pages::portal::new),
        Row::post("/portal/my/passkeys/new", Who::Portal, passkeys::pages::portal::register),
        Row::post("/portal/my/passkeys/begin", Who::Portal, passkeys::pages::portal::begin),
        Row::post("/portal/my/passkeys/remove", Who::Portal, passkeys::pages::portal::remove),
        Row::button("/portal/session/extend", Who::AnyPortal, portal::extend),
        // portal: first registration
        Row::get("/portal", Who::Public, portal_register::pages::front::show),
        Row::get("/portal/register", Who::Public, portal_register::pages::ask::show),
        Row::post("/portal/register", Who::Public, portal_register::pages::ask::prove),
        Row::get("/portal/register/security-code", Who::Public, portal_register::pages::code::show),
        Row::post("/portal/register/security-code", Who::Public, portal_register::pages::code::enter),
        Row::get("/portal/register/no-address", Who::Public, portal_register::pages::ask::no_address),
        Row::get("/portal/register/otp", Who::Public, portal_register::pages::otp::show),
        Row::post("/portal/register/otp", Who::Public, portal_register::pages::otp::enter),
        Row::button("/portal/register/otp/resend", Who::Public, portal_register::pages::otp::resend),
        Row::get("/portal/register/otp/delivery", Who::Public, portal_register::pages::otp::delivery),
        Row::get("/portal/register/user", Who::Public, portal_register::pages::user::show),
        Row::post("/portal/register/user", Who::Public, portal_register::pages::user::send),
        Row::get("/portal/register/check", Who::Public, portal_register::pages::check::show),
        Row::button("/portal/register/check", Who::Public, portal_register::pages::check::register),
        Row::get("/portal/register/done", Who::Public, portal_register::pages::check::done),
        // portal: my page
        Row::get("/portal/my", Who::Portal, portal_page::pages::home::show),
        Row::get("/portal/my/profile", Who::Portal, portal_page::pages::profile::show),
        Row::post("/portal/my/profile", Who::Portal, portal_page::pages::profile::change),
        Row::get("/portal/my/users/new", Who::Portal, portal_page::pages::users::show),
        Row::post("/portal/my/users/new", Who::Portal, portal_page::pages::users::propose),
        Row::get("/portal/my/users/check", Who::Portal, portal_page::pages::users::check),
        Row::button("/portal/my/users/check", Who::Portal, portal_page::pages::users::add),
        Row::get("/portal/my/users/done", Who::Portal, portal_page::pages::users::done),
        Row::get("/portal/my/users/:member", Who::Portal, portal_page::pages::one::show),
        Row::post("/portal/my/users/:member", Who::Portal, portal_page::pages::one::carry),
        Row::get("/portal/my/mail", Who::Portal, portal_page::pages::mail::show),
        Row::post("/portal/my/mail", Who::Portal, portal_page::pages::mail::send),
        Row::get("/portal/my/mail/otp", Who::Portal, portal_page::pages::code::show_otp),
        Row::post("/portal/my/mail/otp", Who::Portal, portal_page::pages::code::enter_otp),
        Row::button("/portal/my/mail/otp/resend", Who::Portal, portal_page::pages::code::resend_otp),
        Row::get("/portal/my/mail/otp/delivery", Who::Portal, portal_page::pages::code::otp_delivery),
        Row::get("/portal/my/mail/code", Who::Portal, portal_page::pages::code::show_code),
        Row::post("/portal/my/mail/code", Who::Portal, portal_page::pages::code::enter_code),
        Row::button("/portal/my/mail/code/resend", Who::Portal, portal_page::pages::code::resend_code),
        Row::get("/portal/my/mail/code/delivery", Who::Portal, portal_page::pages::code::code_delivery),
        Row::get("/portal/my/mail/done", Who::Portal, portal_page::pages::mail::done),
        Row::get("/portal/my/password", Who::Portal, portal_page::pages::password::show),
        Row::post("/portal/my/password", Who::Portal, portal_page::pages::password::change),
        Row::get("/portal/my/password/done", Who::Portal, portal_page::pages::password::done),
        Row::get("/portal/my/devices", Who::Portal, portal_page::pages::devices::show),
        Row::post("/portal/my/devices", Who::Portal, portal_page::pages::devices::end),
        // portal: inquiries
        Row::get("/portal/contact", Who::Public, contact_form::pages::category::show),
        Row::post("/portal/contact", Who::Public, contact_form::pages::category::choose),
        Row::get("/portal/contact/content", Who::Public, contact_form::pages::content::show),
        Row::post("/portal/contact/content", Who::Public, contact_form::pages::content::fill),
        Row::get("/portal/contact/check", Who::Public, contact_form::pages::check::show),
        Row::button("/portal/contact/check", Who::Public, contact_form::pages::check::send),
        Row::get("/portal/contact/done", Who::Public, contact_form::pages::done::show),
        // portal: desk
        Row::get("/staff/portal", Who::Staff(Role::Operator), contact_form::desk::queue::show),
        Row::get("/staff/portal/inquiries/:inquiry", Who::Staff(Role::Operator), contact_form::desk::one::show),
        Row::post("/staff/portal/inquiries/:inquiry", Who::Staff(Role::Operator), contact_form::desk::one::act)
            .shown_at("/staff/portal/inquiries/:inquiry"),
        Row::get("/staff/portal/institutions", Who::Staff(Role::Operator), portal_desk::desk::list::show),
        Row::get("/staff/portal/institutions/:institution", Who::Staff(Role::Operator), portal_desk::desk::one::show),
        Row::post(
            "/staff/portal/institutions/:institution/members/:member",
            Who::Staff(Role::Operator),
            portal_desk::desk::one::act,
        )
        .shown_at("/staff/portal/institutions/:institution"),
        // checklist
        Row::get("/office/portal", Who::Office, portal_register::pages::checklist::office),
        Row::get("/portal/my/steps", Who::Portal, portal_register::pages::checklist::of_portal),
        Row::get("/healthz", Who::Machine, health::healthz),
        Row::get("/readyz", Who::Machine, health::readyz),
        Row::get("/assets/*path", Who::Public, assets::asset_file),
    ]
}

/// The table and what this process has beyond it as poem takes them, each handler behind its guard.
pub(crate) fn route(app: &App, more: Vec<Row>) -> impl Endpoint + use<> {
    let mut paths: Vec<(&'static str, Vec<(Method, Guarded)>)> = Vec::new();
    for row in rows().into_iter().chain(more) {
        let guarded = Guarded { app: app.clone(), who: row.who, limit: row.limit, shown_at: row.shown_at, inner: row.handler };
        let place = match paths.iter().position(|(path, _)| *path == row.path) {
            Some(place) => place,
            None => {
                paths.push((row.path, Vec::new()));
                paths.len() - 1
            }
        };
        paths[place].1.push((row.method, guarded));
    }
    let top_menu = top_menu::Kept::new(notices::changes(&app.store));
    paths
        .into_iter()
        .fold(Route::new(), |route, (path, methods)| route.at(path, Place::new(methods)))
        .with(AddData::new(app.clone()))
        .with(AddData::new(top_menu))
}
