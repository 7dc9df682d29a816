//! Quality bar 41, the authorisation matrix: every row of the table for everybody who may come.

use uketsuke::kernel::UserId;
use uketsuke::routes::{Row, Who, rows};
use uketsuke::staff::Role;

use crate::support::browser::{Browser, Page};
use crate::support::office::PASSWORD;
use crate::support::staff;
use crate::support::world::{Kind, PORTAL_TOKEN, Person, World, dump};

/// What the guard of a row answers to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// The handler decides.
    In,
    /// Sent to the login of offices.
    Login,
    /// Sent to the login of staff.
    StaffLogin,
    /// Sent to the login of the portal.
    PortalLogin,
    /// Sent to this page.
    Elsewhere(&'static str),
    /// Known, and may not.
    Forbidden,
}

/// The matrix. Without a wildcard over `Who`, so that a new kind of row does not compile before it stands here.
fn expected(who: Who, kind: Kind) -> Expected {
    match (who, kind) {
        (Who::Public | Who::Machine, _)
        | (Who::Office, Kind::Office)
        | (Who::FirstLogin, Kind::Wizard)
        | (Who::AnyOffice, Kind::Office | Kind::Wizard)
        | (Who::AnyStaff, Kind::Staff(_))
        | (Who::Portal, Kind::Portal)
        | (Who::PortalStep, Kind::PortalStep)
        | (Who::AnyPortal, Kind::Portal | Kind::PortalStep) => Expected::In,
        (Who::Office, Kind::Wizard) => Expected::Elsewhere("/first-login"),
        (Who::FirstLogin, Kind::Office) => Expected::Elsewhere("/office"),
        (Who::Office | Who::FirstLogin | Who::AnyOffice, _) => Expected::Login,
        (Who::Staff(Role::Clerk), Kind::Staff(Role::Clerk | Role::Approver | Role::Admin))
        | (Who::Staff(Role::Approver), Kind::Staff(Role::Approver | Role::Admin))
        | (Who::Staff(Role::Admin), Kind::Staff(Role::Admin))
        | (Who::Staff(Role::Operator), Kind::Staff(Role::Operator)) => Expected::In,
        (Who::Staff(_), Kind::Staff(_)) => Expected::Forbidden,
        (Who::Staff(_) | Who::AnyStaff, _) => Expected::StaffLogin,
        (Who::Portal, Kind::PortalStep) => Expected::Elsewhere("/portal/first"),
        (Who::PortalStep, Kind::Portal) => Expected::Elsewhere("/portal/my"),
        (Who::Portal | Who::PortalStep | Who::AnyPortal, _) => Expected::PortalLogin,
    }
}

/// Rows that answer 404 to a browser which has not been at the step before.
const NOT_BEFORE_ITS_STEP: &[&str] = &[
    // One a line.
    "/first-login/address/code/delivery",
    "/office/user/addresses/code/delivery",
    "/office/user/addresses/otp/delivery",
    "/portal/login/otp/delivery",
    "/portal/my/mail/code/delivery",
    "/portal/my/mail/otp/delivery",
    "/portal/register/otp/delivery",
    "/reissue/code/delivery",
    "/staff/enrol",
    "/staff/enrol/app",
    "/staff/enrol/done",
    "/status/withdraw/delivery",
];

/// What a guard answered; `In` is whatever a handler may answer.
fn answered(row: &Row, page: &Page) -> Expected {
    let posted = row.method.as_str() == "POST";
    match (page.status.as_u16(), page.location()) {
        // Who may manage the others is decided by the handler: it changes while somebody is logged in.
        (403, _) if page.says("主たる利用者だけが行えます") => Expected::In,
        (403, _) => Expected::Forbidden,
        (303, Some("/login")) if !posted => Expected::Login,
        (303, Some("/login?notice=form")) if posted => Expected::Login,
        (303, Some("/staff/login")) if !posted => Expected::StaffLogin,
        (303, Some("/staff/login?notice=form")) if posted => Expected::StaffLogin,
        (303, Some("/portal/login")) if !posted => Expected::PortalLogin,
        (303, Some("/portal/login?notice=form")) if posted => Expected::PortalLogin,
        (303, Some("/portal/first")) if row.who == Who::Portal => Expected::Elsewhere("/portal/first"),
        (303, Some("/portal/my")) if row.who == Who::PortalStep => Expected::Elsewhere("/portal/my"),
        (303, Some("/first-login")) if !row.path.starts_with("/first-login") && row.path != "/login" => {
            Expected::Elsewhere("/first-login")
        }
        (303, Some("/office")) if row.path.starts_with("/first-login") && row.path != "/first-login/done" => {
            Expected::Elsewhere("/office")
        }
        (303, Some("/office")) if row.path == "/first-login/done" => Expected::Elsewhere("/office"),
        _ => Expected::In,
    }
}

/// All rows, those that end a session last.
fn in_order() -> Vec<Row> {
    let mut all = rows();
    all.sort_by_key(|row| row.path.ends_with("/logout"));
    all
}

/// A page of the same side of the house that has a token for whoever comes.
pub fn token_page(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("staff") => "/staff/login",
        Some("portal") => PORTAL_TOKEN,
        _ => "/login",
    }
}

/// Opens a page that has the token for forms of this part of the site.
pub async fn take_token(browser: &mut Browser, path: &str) {
    let page = browser.open(token_page(path)).await;
    assert!(page.value("_csrf").is_some(), "{}", page.text());
}

async fn call(browser: &mut Browser, row: &Row, path: &str, fields: &[(&'static str, String)]) -> Page {
    if row.method.as_str() == "GET" {
        return browser.get(path).await;
    }
    take_token(browser, path).await;
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(path, &fields).await
}

async fn try_row(world: &World, person: &mut Person, row: &Row) {
    let path = world.of(person.at).path(row.path);
    let before = world.app.app.store.counts().written;
    // A desk is chosen among one's own only; that of another federation is none.
    let own_desk = [("prefecture", format!("{:02}", person.at))];
    let fields = if row.path == "/staff/federation" { own_desk.as_slice() } else { &[] };
    let page = call(&mut person.browser, row, &path, fields).await;
    let what = format!("{} {} for {}: {} {:?}", row.method, row.path, person.name, page.status, page.location());
    let expected = expected(row.who, person.kind);
    assert_eq!(answered(row, &page), expected, "{what}");
    if expected == Expected::In {
        let absent = page.status.as_u16() == 404 && !NOT_BEFORE_ITS_STEP.contains(&row.path);
        // Nobody works off jobs in a test, which /readyz is there to tell.
        let failed = page.status.is_server_error() && row.who != Who::Machine;
        assert!(!absent && !failed, "{what}");
    } else {
        assert_eq!(world.app.app.store.counts().written, before, "{what}: nothing is written for who is turned away");
        for name in &world.of(person.at).names {
            assert!(!page.body.contains(name.as_str()), "{what}: {name}");
        }
    }
}

#[tokio::test]
async fn q41_every_route_opens_to_whom_its_row_admits_and_to_nobody_else() {
    let world = World::new().await;
    for mut person in world.people().await {
        for row in in_order() {
            try_row(&world, &mut person, &row).await;
        }
    }
}

#[tokio::test]
async fn q41_what_belongs_to_another_federation_does_not_exist() {
    let world = World::new().await;
    let mut tried = 0;
    for mut person in world.people().await {
        let Kind::Staff(role) = person.kind else { continue };
        let foreign = world.other_than(person.at);
        for row in rows().iter().filter(|row| row.path.contains(':')) {
            let Who::Staff(asked) = row.who else { continue };
            let before = dump(&world.app);
            let mut page = call(&mut person.browser, row, &foreign.path(row.path), &foreign.fields(row.path)).await;
            // The address of a decision, typed, leads to the application, which is the one that does not exist.
            if let (true, Some(next)) = (row.method == "GET", page.location().map(str::to_owned)) {
                page = person.browser.get(&next).await;
            }
            let what = format!("{} {} for {}: {}", row.method, row.path, person.name, page.text());
            let status = if role.covers(asked) { 404 } else { 403 };
            assert_eq!(page.status.as_u16(), status, "{what}");
            assert_eq!(dump(&world.app), before, "{what}");
            for name in &foreign.names {
                let asked_for = foreign.path(row.path).contains(name.as_str());
                assert!(asked_for || !page.body.contains(name.as_str()), "{what}: {name}");
            }
            tried += 1;
        }
    }
    assert!(tried >= 6 * 14, "{tried}");
}

/// The same fields with one's own things go through: what the test above refuses is the other federation's, not the form.
#[tokio::test]
async fn q41_the_same_forms_are_taken_for_what_is_ones_own() {
    let world = World::new().await;
    let mut browser = staff(&world.app, "管理者", Role::Admin, 7).await;
    let own = &world.at07;
    let taken = [
        "/staff/ledger/:number/postal-code",
        "/staff/applications/:number/mails/:mail",
        "/staff/applications/:number/decision",
        "/staff/letters/batches/:id/pdf",
        "/staff/letters/batches/:id/again",
        "/staff/letters/:id/return",
    ];
    for pattern in taken {
        let (row, fields) =
            (rows().into_iter().find(|row| row.path == pattern && row.method == "POST").unwrap(), own.fields(pattern));
        let before = world.app.app.store.counts().written;
        let page = call(&mut browser, &row, &own.path(pattern), &fields).await;
        assert!(page.status.is_success() || page.status.is_redirection(), "{pattern}: {}", page.text());
        assert!(world.app.app.store.counts().written > before, "{pattern}");
    }
}

#[tokio::test]
async fn q41_a_session_opens_only_its_own_side_of_the_house() {
    let world = World::new().await;
    let mut office = world.app.browser();
    office.log_in(&UserId::of(world.at07.office).to_string(), PASSWORD).await;
    let member = staff(&world.app, "管理者", Role::Admin, 7).await;
    let mut user = world.app.browser();
    user.portal(&world.app, &world.at07.main.user, &world.at07.main.member).await;
    let sides = [("office", &office), ("staff", &member), ("portal", &user)];
    // Each cookie holds the session of the next side, then that of the one after.
    for shift in [1, 2] {
        let mut crossed = world.app.browser();
        for (at, (side, _)) in sides.iter().enumerate() {
            let (other, holder) = sides[(at + shift) % 3];
            crossed.cookies.insert((*side).to_owned(), holder.cookies[other].clone());
        }
        for row in rows().iter().filter(|row| !matches!(row.who, Who::Public | Who::Machine)) {
            let mut browser = crossed.clone();
            let page = call_with_any_token(&mut browser, row, &world.at07.path(row.path)).await;
            let place = page.location().unwrap_or_default();
            let login = match row.path.split('/').nth(1) {
                Some("staff") => "/staff/login",
                Some("portal") => "/portal/login",
                _ => "/login",
            };
            assert!(place.starts_with(login), "{} {}: {} {place}", row.method, row.path, page.status);
        }
    }
}

async fn call_with_any_token(browser: &mut Browser, row: &Row, path: &str) -> Page {
    if row.method.as_str() == "GET" { browser.get(path).await } else { browser.post(path, &[]).await }
}
