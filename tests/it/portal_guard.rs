//! The guard of the portal, and what of it every page behind it relies on.

use jiff::SignedDuration;
use maud::html;
use poem::handler;
use poem::web::Data;
use uketsuke::app::App;
use uketsuke::audit;
use uketsuke::kernel::MailAddress;
use uketsuke::login::{self, Confirmed};
use uketsuke::portal::{self, Bearer, Member, PortalMenu, Suspended, SuspendedBy};
use uketsuke::routes::{Row, Who};
use uketsuke::security::sessions::{self, OpenSession, Subject};
use uketsuke::store::StoreError;
use uketsuke::web::{Answer, Errors, Form, Visit, page, page_422};

use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{PASSWORD, USER};
use crate::support::portal::{Main, PORTAL_PASSWORD};

pub const PAGE: &str = "/portal/test/page";
const STEP: &str = "/portal/test/step";
const ANY: &str = "/portal/test/any";
const CHANGE: &str = "/portal/test/change";
pub const ASK: &str = "/portal/test/ask";

#[handler]
fn shown(visit: Visit, bearer: Bearer) -> Answer {
    page(bearer.screen(&visit, "マイページ", PortalMenu::My, None, false, |csrf| {
        html! {
            input type="hidden" name="_csrf" value=(csrf);
            p { (bearer.places) "か所 " (bearer.home().number()) }
        }
    }))
}

#[handler]
fn stepping(visit: Visit, bearer: Bearer) -> Answer {
    let steps: (&[&str], usize) = (&["ログイン", "パスワード変更", "利用規約同意"], 2);
    page(bearer.screen(&visit, "パスワード変更", PortalMenu::Step, Some(steps), false, |_| html! {}))
}

/// Says whether a use case would find its bearer as they must be.
#[handler]
async fn change(app: Data<&App>, bearer: Bearer, _form: Form) -> Answer {
    let found =
        app.store.write::<_, StoreError, _>(move |tx| Ok((bearer.present(tx)?.is_some(), bearer.present_user(tx)?.is_some())));
    let (place, user) = found.await?;
    page(html! { p { @if place { "place" } " " @if user { "user" } } })
}

#[handler]
async fn ask(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    let mut errors = Errors::default();
    let confirmed = portal::confirm(&app, &bearer, &form, visit.now).await?;
    let said = format!("{confirmed:?}");
    let goes_on = login::confirmed(&mut errors, &confirmed);
    let draw = |csrf: &str| {
        html! {
            input type="hidden" name="_csrf" value=(csrf);
            p { (said) }
            (portal::password_again(&bearer, visit.now, &errors))
        }
    };
    let markup = bearer.screen(&visit, "確認", PortalMenu::My, None, !goes_on, draw);
    if goes_on { page(markup) } else { page_422(markup) }
}

fn browser(app: &TestApp) -> Browser {
    app.browser_with(vec![
        Row::get(PAGE, Who::Portal, shown),
        Row::get(STEP, Who::PortalStep, stepping),
        Row::get(ANY, Who::AnyPortal, shown),
        Row::post(CHANGE, Who::AnyPortal, change),
        Row::post(ASK, Who::Portal, ask),
    ])
}

/// A browser in which this user works at this place.
pub async fn at(app: &TestApp, main: &Main) -> Browser {
    let mut browser = browser(app);
    browser.portal(app, &main.user, &main.member).await;
    browser
}

/// A session of another side, under the portal's cookie.
async fn open(app: &TestApp, browser: &mut Browser, subject: Subject) {
    let moment = app.app.moment();
    let address = "203.0.113.7".to_owned();
    let with = OpenSession { address, device: None, limited: false, agent: String::new(), place: None };
    let token = app.write(move |tx| sessions::open(tx, &moment, subject, &with)).await;
    browser.cookies.insert("portal".to_owned(), token.expose().to_owned());
}

async fn suspend(app: &TestApp, member: &Member) {
    let mut member = member.clone();
    member.suspended = Some(Suspended { by: SuspendedBy::Staff, at: app.clock.now(), may_be_replaced: false });
    app.write(move |tx| portal::save_member(tx, &member)).await;
}

fn says(page: &Page) -> Vec<&str> {
    page.body.split(['<', '>', ' ']).filter(|word| ["place", "user"].contains(word)).collect()
}

#[tokio::test]
async fn who_is_logged_in_sees_their_page_with_institution_name_and_menu() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let additional = app.portal_additional(&main, 1).await;
    let mut browser = at(&app, &main).await;
    let seen = browser.get(PAGE).await;
    assert_eq!((seen.status.as_u16(), seen.title().as_str()), (200, "マイページ"));
    for told in ["請求事業所A", "佐藤 花子", "1か所 13", "ログアウト"] {
        assert!(seen.says(told), "{told}: {}", seen.text());
    }
    for link in ["/portal/my", "/portal/my/users/new", "/portal/contact"] {
        assert!(seen.body.contains(&format!("href=\"{link}\"")), "{link}");
    }
    assert_eq!(browser.get(ANY).await.status, 200);
    assert_eq!(browser.get(STEP).await.location(), Some("/portal/my"), "no step is due");
    let user = app.portal_user(additional.user);
    let mut other = self::browser(&app);
    other.portal(&app, &user, &additional).await;
    let seen = other.get(PAGE).await;
    assert!(
        seen.says("追加 1郎") && !seen.body.contains("/portal/my/users/new"),
        "what only the main user does: {}",
        seen.text()
    );
}

#[tokio::test]
async fn q34_no_portal_page_opens_before_its_step() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mail, _) = app.portal_initial(USER).await;
    let user = app.app.store.read(|r| portal::user_by_mail(r, &MailAddress::parse(&mail).unwrap())).unwrap().unwrap();
    let mut browser = browser(&app);
    browser.portal_at_a_step(&app, user.id, true).await;
    assert_eq!(browser.get(PAGE).await.location(), Some("/portal/first"));
    let step = browser.get(STEP).await;
    assert!(step.status == 200 && step.says(&mail) && step.says("全3ステップ中、2ステップ目"), "{}", step.text());
    assert!(!step.body.contains("href=\"/portal/my\""), "no menu while a step is due");
    let any = browser.get(ANY).await;
    assert_eq!(any.status, 200);
    assert_eq!(says(&browser.post(CHANGE, &[]).await), ["user"], "no place is chosen");
    // After seven days the initial password opens nothing, and what it has opened is shut.
    app.advance(SignedDuration::from_hours(7 * 24 + 1));
    browser.portal_at_a_step(&app, user.id, true).await;
    assert_eq!(browser.get(STEP).await.location(), Some("/portal/login?notice=initial"));
    assert!(!browser.cookies.contains_key("portal"), "told once");
}

#[tokio::test]
async fn a_suspension_and_a_removal_work_at_the_next_click() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let additional = app.portal_additional(&main, 1).await;
    let user = app.portal_user(additional.user);
    let mut suspended = at(&app, &main).await;
    let mut removed = browser(&app);
    removed.portal(&app, &user, &additional).await;
    for one in [&mut suspended, &mut removed] {
        one.get(ANY).await;
        assert_eq!(says(&one.post(CHANGE, &[]).await), ["place", "user"]);
    }
    suspend(&app, &main.member).await;
    let gone = additional.clone();
    app.write(move |tx| portal::drop_member(tx, &gone)).await;
    // A form is told that it was not taken, and keeps its cookie: the page that follows tells the rest.
    assert_eq!(suspended.post(CHANGE, &[]).await.location(), Some("/portal/login?notice=suspended"));
    assert_eq!(suspended.get(PAGE).await.location(), Some("/portal/login?notice=suspended"));
    assert_eq!(removed.post(CHANGE, &[]).await.location(), Some("/portal/login?notice=form"));
    assert_eq!(removed.get(PAGE).await.location(), Some("/portal/login?notice=ended"));
    assert!(!suspended.cookies.contains_key("portal") && !removed.cookies.contains_key("portal"));
}

#[tokio::test]
async fn what_the_guard_saw_is_asked_again_where_something_changes() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    for case in ["nothing", "logged out", "suspended", "password gone"] {
        let mut browser = at(&app, &main).await;
        browser.get(ANY).await;
        let (user, member) = (main.user.clone(), main.member.clone());
        let first = move |tx: &mut uketsuke::store::Tx<'_>| match case {
            "logged out" => sessions::end_all(tx, Subject::Portal(user.id)).map(drop),
            "suspended" => {
                let at = jiff::Timestamp::UNIX_EPOCH;
                let suspended = Some(Suspended { by: SuspendedBy::Main, at, may_be_replaced: false });
                portal::save_member(tx, &Member { suspended, ..member.clone() })
            }
            "password gone" => portal::save_user_quietly(tx, &portal::User { password: None, ..user.clone() }),
            _ => Ok(()),
        };
        let page = crate::let_in_together::behind(&app, first, browser.post(CHANGE, &[])).await;
        let expected: &[&str] = match case {
            "nothing" => &["place", "user"],
            "suspended" => &["user"],
            _ => &[],
        };
        assert_eq!(says(&page), expected, "{case}");
        let (user, member) = (main.user.clone(), main.member.clone());
        app.write(move |tx| {
            portal::save_user_quietly(tx, &user)?;
            portal::save_member(tx, &member)
        })
        .await;
    }
}

#[tokio::test]
async fn q41_sessions_of_other_sides_and_places_of_others_open_nothing() {
    let app = TestApp::new();
    let office = app.office(USER).await;
    app.office("KJ131333333333").await;
    let (main, other) = (app.portal_main(USER).await, app.portal_main("KJ131333333333").await);
    let mut browser = browser(&app);
    open(&app, &mut browser, Subject::Office(office)).await;
    assert_eq!(browser.get(PAGE).await.location(), Some("/portal/login"));
    open(&app, &mut browser, Subject::Staff(main.user.id)).await;
    assert_eq!(browser.get(PAGE).await.location(), Some("/portal/login"), "the id of a user on the other side");
    browser.portal(&app, &main.user, &other.member).await;
    assert_eq!(browser.get(PAGE).await.location(), Some("/portal/first"), "somebody else's place is none");
    // Staff and office pages know nothing of a session of the portal.
    browser.portal(&app, &main.user, &main.member).await;
    let token = browser.cookies["portal"].clone();
    browser.cookies.insert("office".to_owned(), token.clone());
    browser.cookies.insert("staff".to_owned(), token);
    assert!(browser.get("/office").await.location().unwrap().starts_with("/login"));
    assert!(browser.get("/staff").await.location().unwrap().starts_with("/staff/login"));
    // And both may be logged in side by side.
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    assert!(browser.get("/office").await.status == 200 && browser.get(PAGE).await.status == 200);
}

#[tokio::test]
async fn q31_the_session_goes_on_while_it_is_used_and_says_until_when() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = at(&app, &main).await;
    let page = browser.get(PAGE).await;
    assert!(page.body.contains("action=\"/portal/session/extend\""));
    app.advance(SignedDuration::from_mins(20));
    let extended = browser.post("/portal/session/extend", &[]).await;
    assert_eq!(extended.status.as_u16(), 204);
    let ends = app.clock.now() + SignedDuration::from_mins(30);
    assert_eq!(extended.headers["x-session-ends"], ends.as_millisecond().to_string());
    app.advance(SignedDuration::from_mins(29));
    assert_eq!(browser.get(PAGE).await.status, 200);
    app.advance(SignedDuration::from_mins(30));
    assert_eq!(browser.post(CHANGE, &[]).await.location(), Some("/portal/login?notice=form"));
    assert_eq!(browser.get(PAGE).await.location(), Some("/portal/login?notice=ended"));
    assert_eq!(browser.get(PAGE).await.location(), Some("/portal/login"));
}

#[tokio::test]
async fn q32_the_password_is_asked_again_and_the_fifth_wrong_answer_ends_the_session() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = at(&app, &main).await;
    browser.get(PAGE).await;
    let fresh = browser.post(ASK, &[]).await;
    assert!(fresh.says("Fresh") && !fresh.body.contains("current_password"), "{}", fresh.text());
    app.advance(SignedDuration::from_mins(11));
    for (password, told) in [("", "Missing"), ("nowhere-near-1", "Wrong"), (PORTAL_PASSWORD, "Right"), ("", "Fresh")] {
        let page = browser.post(ASK, &[("current_password", password)]).await;
        assert!(page.says(told), "{told}: {}", page.text());
        let asks = !matches!(told, "Right" | "Fresh");
        assert_eq!(page.status.as_u16(), if asks { 422 } else { 200 });
    }
    app.advance(SignedDuration::from_mins(11));
    for _ in 0..4 {
        assert!(browser.post(ASK, &[("current_password", "nowhere-near-1")]).await.says("現在のパスワードが違います"));
    }
    let fifth = browser.post(ASK, &[("current_password", "nowhere-near-1")]).await;
    assert_eq!(fifth.location(), Some("/portal/login?notice=reauth"));
    assert!(app.app.store.read(|r| sessions::list(r, Subject::Portal(main.user.id))).unwrap().is_empty());
    let subject = portal::audit_subject(main.institution.id);
    let told = app.app.store.read(|r| audit::about(r, &subject, 99)).unwrap();
    let outcomes: Vec<&str> = told.iter().filter(|one| one.action == "portal.reauth").map(|one| one.outcome.as_str()).collect();
    assert_eq!(outcomes, ["ended", "refused", "refused", "refused", "refused", "refused"], "newest first");
    // Another session of the same user still answers.
    let mut elsewhere = at(&app, &main).await;
    elsewhere.get(PAGE).await;
    app.advance(SignedDuration::from_mins(11));
    assert!(elsewhere.post(ASK, &[("current_password", PORTAL_PASSWORD)]).await.says(&format!("{:?}", Confirmed::Right)));
}

#[tokio::test]
async fn a_page_that_is_not_there_leads_back_to_the_front_of_the_portal() {
    let app = TestApp::new();
    let page = app.browser().get("/portal/nowhere").await;
    assert_eq!(page.status.as_u16(), 404);
    assert!(page.says("ポータルのトップから、もう一度お進みください") && page.says("ポータルのトップへ"), "{}", page.text());
    assert!(page.body.contains("<a href=\"/portal\">") && !page.says("電子請求受付システム"), "{}", page.body);
    assert!(app.browser().get("/portals").await.says("トップメニューへ"));
}

#[tokio::test]
async fn q17_ten_forms_of_inquiries_pass_a_network_in_five_minutes() {
    let app = TestApp::new();
    let network = uketsuke::kernel::ClientNetwork::of([203, 0, 113, 9].into());
    let now = app.clock.now();
    assert!((0..10).all(|_| app.app.contacts().admit(network, now).is_ok()));
    assert!(app.app.contacts().admit(network, now).is_err());
    assert!(app.app.contacts().admit(network, now + SignedDuration::from_mins(5)).is_ok());
    assert!(app.app.resets().admit(network, now).is_ok() && app.app.logins().admit(network, now).is_ok(), "others are apart");
}
