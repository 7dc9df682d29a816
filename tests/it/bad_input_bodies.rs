//! Bodies that are no form of ours, sent to every route that takes one: a page says so, and nothing is done.

use std::fmt::Write as _;

use uketsuke::kernel::{ControlNumber, Id};
use uketsuke::letters::Offices;
use uketsuke::notices::{self, Notice};
use uketsuke::reissue::State;
use uketsuke::routes::{Row, Who, rows};
use uketsuke::security::sessions::{self, Subject};
use uketsuke::staff::Role;

use crate::letters_print::{issue, letter_of, offices, print_all};
use crate::support::browser::{Browser, FORM, Page};
use crate::support::contact::GENERAL;
use crate::support::office::{PASSWORD, TEMPORARY, USER};
use crate::support::portal::CODE;
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::world::{PORTAL_TOKEN, with_portal_token};
use crate::support::{TestApp, staff};

/// An installation in which each path of the table leads somewhere.
struct Town {
    app: TestApp,
    application: String,
    letter: String,
    batch: String,
    notice: String,
    inquiry: String,
    institution: String,
    medical_member: String,
    clerk: Browser,
    operator: Browser,
    office: Browser,
    newcomer: Browser,
    visitor: Browser,
    user: Browser,
    step: Browser,
    /// Whose browsers the two are.
    main: Id,
    member: String,
}

/// An office at the steps of its first login.
const NEWCOMER: &str = "KJ131333333333";

impl Town {
    async fn new() -> Self {
        let app = TestApp::new();
        let key = offices(&app, 1).await[0];
        issue(&app, Offices::AllNew).await;
        let mut clerk = staff(&app, "印刷", Role::Clerk, 7).await;
        print_all(&app, &mut clerk).await;
        let page = clerk.open("/staff/letters").await;
        let at = page.body.find("/letters/batches/").expect("a batch") + "/letters/batches/".len();
        let batch = page.body[at..].split('"').next().unwrap().to_owned();
        let applying = app.in_ledger(7, NUMBER).await;
        let one = app.in_state(applying, State::UnderReview).await;
        let mut clerk = staff(&app, "管理", Role::Admin, 7).await;
        clerk.get("/staff").await;
        let user = app.office(USER).await;
        let moment = app.app.moment();
        let word = || Notice { kind: "N-2", title: "お知らせ".to_owned(), body: "本文".to_owned() };
        let notice = app.write(move |tx| notices::tell_office(tx, &moment, user, word(), None)).await.to_string();
        let mut office = app.browser();
        office.log_in(USER, PASSWORD).await;
        office.open("/office").await;
        let user_id = app.office(NEWCOMER).await;
        app.letter(user_id).await;
        let mut newcomer = app.browser();
        newcomer.log_in(NEWCOMER, TEMPORARY).await;
        newcomer.open("/first-login").await;
        let mut visitor = app.browser();
        visitor.apply(NUMBER, CONTACT).await;
        visitor.get("/lost").await;
        let inquiry = app.inquiry(&GENERAL).await.number.to_string();
        visitor.inquire_to_check(&GENERAL).await;
        let medical = app.medical(CODE).await;
        let (institution, medical_member) = (medical.institution.id.to_string(), medical.member.id.to_string());
        let mut operator = staff(&app, "運営", Role::Operator, 7).await;
        operator.get("/staff").await;
        let main = app.portal_main(USER).await;
        let mut user = with_portal_token(&app);
        user.portal(&app, &main.user, &main.member).await;
        user.get(PORTAL_TOKEN).await;
        let mut step = with_portal_token(&app);
        step.portal_at_a_step(&app, main.user.id, false).await;
        step.get(PORTAL_TOKEN).await;
        app.take_mails().await;
        let letter = letter_of(&app, key).id.to_string();
        let (application, member) = (one.number.to_string(), main.member.id.to_string());
        Self {
            app,
            application,
            letter,
            batch,
            notice,
            inquiry,
            institution,
            medical_member,
            member,
            clerk,
            operator,
            office,
            newcomer,
            visitor,
            user,
            step,
            main: main.user.id,
        }
    }

    fn path(&self, row: &Row) -> String {
        let id = if row.path.contains("batches") { &self.batch } else { &self.letter };
        let number = if row.path.contains("ledger") { NUMBER } else { &self.application };
        let path = row.path.replace(":mail", &self.letter).replace(":notice", &self.notice);
        let path = path.replace(":inquiry", &self.inquiry).replace(":institution", &self.institution);
        let member = if path.starts_with("/staff") { &self.medical_member } else { &self.member };
        path.replace(":member", member).replace(":number", number).replace(":id", id)
    }

    /// A browser that may call this route.
    fn browser(&self, row: &Row) -> Browser {
        match row.who {
            Who::Staff(Role::Operator) => self.operator.clone(),
            Who::Staff(_) | Who::AnyStaff => self.clerk.clone(),
            Who::Office | Who::AnyOffice => self.office.clone(),
            Who::FirstLogin => self.newcomer.clone(),
            Who::Portal | Who::AnyPortal => self.user.clone(),
            Who::PortalStep => self.step.clone(),
            Who::Public | Who::Machine => self.visitor.clone(),
        }
    }
}

/// Everything but what ends a session, which is as good as done without its form.
fn forms() -> Vec<Row> {
    rows().into_iter().filter(|row| row.method.as_str() == "POST" && !row.path.ends_with("/logout")).collect()
}

async fn all_refuse(town: &Town, kind: &str, status: u16, told: &str, body: impl Fn(&str) -> Vec<u8>) {
    for row in forms() {
        let mut browser = town.browser(&row);
        let before = town.app.app.store.counts().written;
        let body = body(browser.csrf());
        let page = browser.post_raw(&town.path(&row), kind, body).await;
        assert_eq!(page.status.as_u16(), status, "{} {kind}: {}", row.path, page.text());
        assert!(page.says(told) && page.says("内容は登録されていません"), "{}: {}", row.path, page.text());
        assert_eq!(town.app.app.store.counts().written, before, "{} wrote something", row.path);
    }
}

#[tokio::test]
async fn a_body_of_another_kind_is_told_and_does_nothing_on_any_route() {
    let town = Town::new().await;
    let told = "送信された内容を読み取れませんでした";
    all_refuse(&town, "application/json", 400, told, |csrf| format!("{{\"_csrf\":\"{csrf}\"}}").into_bytes()).await;
    let multipart =
        |csrf: &str| format!("--x\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{csrf}\r\n--x--\r\n").into_bytes();
    all_refuse(&town, "multipart/form-data; boundary=x", 400, told, multipart).await;
    all_refuse(&town, "", 400, told, |csrf| format!("_csrf={csrf}").into_bytes()).await;
}

#[tokio::test]
async fn many_megabytes_or_thousands_of_fields_are_too_large_on_any_route() {
    let town = Town::new().await;
    let told = "送信された内容が大きすぎるため、受け付けられませんでした";
    all_refuse(&town, FORM, 413, told, |csrf| format!("_csrf={csrf}&number={}", "1".repeat(5 * 1024 * 1024)).into_bytes()).await;
    let many = |csrf: &str| {
        let mut body = format!("_csrf={csrf}");
        (0..2_500).for_each(|n| write!(body, "&f{n}=x").unwrap());
        body.into_bytes()
    };
    all_refuse(&town, FORM, 413, told, many).await;
}

/// Names of all fields that any form has.
const FIELDS: &[&str] = &[
    "address",
    "address_again",
    "agree",
    "later",
    "mail",
    "mail_again",
    "version",
    "number",
    "contact",
    "contact_again",
    "prefecture",
    "code",
    "control_number",
    "way",
    "user_id",
    "password",
    "current_password",
    "new_password",
    "new_password_again",
    "kind",
    "new_code",
    "new_code_again",
    "name",
    "office",
    "form",
    "channel",
    "telephone",
    "note",
    "move",
    "shown",
    "inquire_reason",
    "inquire_text",
    "inquire_until",
    "reject_reason",
    "reject_sentence",
    "withdraw_note",
    "duplicate_1",
    "duplicate_sentence",
    "token",
    "choice",
    "reason",
    "numbers",
    "ticked",
    "on",
    "postal_code",
    "act",
    "seen",
    "newest",
    "unlock_reason",
    "suspend_reason",
    "withdraw_reason",
    "clear_reason",
    "clear_proof",
    "page",
    "back",
    "q",
    "which",
    "revision",
    "device",
    "mail_choice",
    "credential",
    "passkey",
    "category",
    "item",
    "website",
    "text",
    "kana",
    "mail_address",
    "mail_address_again",
    "department",
    "occupation",
    "challenge",
    "sure_remove",
    "sure_hand_over",
    "sure_leave",
    "flow",
    "id",
    "trust",
    "medical_code",
    "medical_name",
    "medical_telephone",
    "reply",
    "proof_text",
    "replace",
    "main",
    "place",
    "member",
    "suspend_reason_1",
];

/// Texts in the form's own encoding; some are no text at all.
pub const HOSTILE: [&str; 12] = [
    "%FF%FE%80",
    "%00",
    "%",
    "%zz",
    "%0D%0ASet-Cookie%3A+a%3Db",
    "%E2%80%AE%E2%80%8B",
    "%F0%9F%92%A9%EF%BF%BF",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "..%2F..%2Fetc%2Fpasswd",
    "-1",
    "99999999999999999999999999",
    "%EF%B7%BA%EF%B7%BA%EF%B7%BA",
];

fn sane(page: &Page, what: &str) {
    assert!(!page.status.is_server_error(), "{what}: {} {}", page.status, page.text());
    assert!(!page.body.contains("<script>alert"), "{what}: markup came through");
    let cookies = page.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    assert!(!cookies.map(str::to_owned).any(|cookie| cookie.starts_with("a=")), "{what}: a header came through");
}

#[tokio::test]
async fn hostile_texts_in_every_field_of_every_form_end_in_a_page() {
    let mut town = Town::new().await;
    town.app.may_leave_mails = true;
    for row in forms() {
        let browser = town.browser(&row);
        for hostile in HOSTILE {
            for times in [1, 2] {
                let mut browser = browser.clone();
                let mut body = format!("_csrf={}", browser.csrf());
                for field in FIELDS {
                    (0..times).for_each(|_| write!(body, "&{field}={hostile}").unwrap());
                }
                let page = browser.post_raw(&town.path(&row), FORM, body.into_bytes()).await;
                sane(&page, &format!("{} {hostile}", row.path));
            }
        }
        let mut browser = browser.clone();
        let raw = [format!("_csrf={}&", browser.csrf()).into_bytes(), (0_u8..=255).collect()].concat();
        let page = browser.post_raw(&town.path(&row), FORM, raw).await;
        sane(&page, row.path);
    }
    let number = ControlNumber::parse(&town.application).unwrap();
    assert_eq!(town.app.application(number).state, State::UnderReview, "none of it was a move");
}

#[tokio::test]
async fn a_form_of_a_session_that_was_logged_out_leads_to_the_login_and_says_so() {
    let town = Town::new().await;
    for (mut browser, logout) in [
        (town.clerk.clone(), "/staff/logout"),
        (town.operator.clone(), "/staff/logout"),
        (town.office.clone(), "/logout"),
        (town.newcomer.clone(), "/logout"),
    ] {
        assert_eq!(browser.post(logout, &[]).await.status.as_u16(), 303);
    }
    let user = Subject::Portal(town.main);
    town.app.write(move |tx| sessions::end_all(tx, user)).await;
    let mut keeps = false;
    for row in forms() {
        let login = match row.who {
            Who::Staff(_) | Who::AnyStaff => "/staff/login?notice=form",
            Who::Office | Who::AnyOffice | Who::FirstLogin => "/login?notice=form",
            Who::Portal | Who::PortalStep | Who::AnyPortal => "/portal/login?notice=form",
            Who::Public | Who::Machine => continue,
        };
        let mut browser = town.browser(&row);
        let before = town.app.app.store.counts().written;
        let page = browser.post(&town.path(&row), &[("reason", "理由"), ("move", "approve")]).await;
        assert_eq!(page.location(), Some(login), "{}", row.path);
        assert_eq!(town.app.app.store.counts().written, before, "{}", row.path);
        let page = browser.open(login).await;
        // What one form of this browser has left is there until its person comes back.
        keeps |= row.shown_at.is_some();
        let told = if keeps && row.path.starts_with("/staff/") {
            ["送信された内容はまだ登録されていません", "30分以内に同じ職員名でログインすると、入力した内容をもう一度表示します"]
        } else {
            ["送信された内容は登録されていません", "もう一度ログインして操作をやり直して"]
        };
        assert!(told.iter().all(|told| page.says(told)), "{}: {}", row.path, page.text());
    }
}
