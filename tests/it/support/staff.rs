//! Members of staff, enrolled and logged in through the real screens.

use jiff::{SignedDuration, Timestamp};
use uketsuke::kernel::{Prefecture, Secret};
use uketsuke::staff::{Authenticator, Command, Role, Scope, administer};

use super::TestApp;
use super::browser::{Browser, Page};

/// The password of every member in tests.
pub const PASSWORD: &str = "kettle orbit wax 47";

/// A member who can log in.
pub struct Member {
    pub name: String,
    pub authenticator: Authenticator,
}

/// A member's browser, logged in at the desk of `prefecture` (7 or 13).
pub async fn staff(app: &TestApp, name: &str, role: Role, prefecture: u8) -> Browser {
    let scope = Scope::One(Prefecture::new(prefecture).unwrap());
    let member = enrol(app, name, role, scope).await;
    let mut browser = app.browser();
    let page = log_in(app, &mut browser, &member).await;
    assert_eq!(page.location(), Some("/staff"), "{}", page.text());
    browser
}

/// What `staff add` prints: the enrolment link without its origin.
pub async fn invite(app: &TestApp, name: &str, role: Role, scope: Scope) -> String {
    let command = Command::Add { name: name.to_owned(), scope, role };
    path_of_link(app, command).await
}

/// Runs a command and takes the link it prints.
pub async fn path_of_link(app: &TestApp, command: Command) -> String {
    let house = &app.app;
    let done = administer(&house.store, &house.config, house.moment(), command).await.unwrap();
    done.link.unwrap().url.replacen(house.config.server.public_url.origin(), "", 1)
}

/// Adds a member and enrols them.
pub async fn enrol(app: &TestApp, name: &str, role: Role, scope: Scope) -> Member {
    let link = invite(app, name, role, scope).await;
    let authenticator = enrol_by(app, &mut app.browser(), &link).await;
    Member { name: name.to_owned(), authenticator }
}

/// Goes through the enrolment screens. The proving code is that of the step before, so that the present one still logs in.
pub async fn enrol_by(app: &TestApp, browser: &mut Browser, link: &str) -> Authenticator {
    browser.open(link).await;
    let fields = [("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    let page = browser.submit("/staff/enrol", &fields).await;
    let authenticator = shown_secret(&page);
    let code = authenticator.code(step_before(app.clock.now()));
    let page = browser.submit("/staff/enrol/app", &[("code", &code)]).await;
    assert_eq!(page.title(), "処理終了", "{}", page.text());
    authenticator
}

/// The secret that the enrolment screen shows as text.
pub fn shown_secret(page: &Page) -> Authenticator {
    let at = page.body.find("setup-key\">").expect("the screen shows the secret") + "setup-key\">".len();
    let text: String = page.body[at..].chars().take_while(|c| *c != '<').filter(|c| !c.is_whitespace()).collect();
    Authenticator::from_secret(Secret::new(data_encoding::BASE32_NOPAD.decode(text.as_bytes()).unwrap()))
}

/// Name, password and the present code.
pub async fn log_in(app: &TestApp, browser: &mut Browser, member: &Member) -> Page {
    browser.open("/staff/login").await;
    let fields = [("name", member.name.as_str()), ("password", PASSWORD)];
    let page = browser.submit("/staff/login", &fields).await;
    assert!(page.title().contains("認証コード"), "{}", page.text());
    let code = member.authenticator.code(app.clock.now());
    browser.post("/staff/login/code", &[("code", &code)]).await
}

/// The instant one step of the codes earlier.
pub fn step_before(now: Timestamp) -> Timestamp {
    now - SignedDuration::from_secs(30)
}
