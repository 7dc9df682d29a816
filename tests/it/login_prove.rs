//! Showing to 介護情報基盤ポータル that one is an office of the reception system: at the costs of a login, and without one.

use jiff::SignedDuration;
use uketsuke::accounts::{self, Account};
use uketsuke::audit;
use uketsuke::kernel::{Secret, UserId};
use uketsuke::login::{
    self, Attempt, CodeAnswer, CodeCaller, CodeKind, Ended, Outcome, Proof, ProofAnswer, Proving, prove, prove_code,
    waits_for_proof,
};
use uketsuke::security::devices;
use uketsuke::security::sessions::{self, Subject};
use uketsuke::store::StoreError;

use crate::security_code::{CODE, attempted, fixed, with_app};
use crate::support::TestApp;
use crate::support::office::{NOBODY, PASSWORD, TEMPORARY, USER};

/// The browser of most tests.
const HERE: u8 = 3;
const CLIENT: &str = "127.0.0.1";

fn attempt(typed: &str, password: &str, browser: u8) -> Attempt {
    Attempt {
        typed: typed.to_owned(),
        password: Secret::new(password.to_owned()),
        browser: [browser; 32],
        device: None,
        client: CLIENT.to_owned(),
        agent: String::new(),
    }
}

async fn proving(app: &TestApp, typed: &str, password: &str, browser: u8) -> Proving {
    prove(&app.app, attempt(typed, password, browser)).await.unwrap()
}

async fn log_in(app: &TestApp, typed: &str, password: &str, browser: u8) -> Outcome {
    login::log_in(&app.app, attempt(typed, password, browser)).await.unwrap()
}

fn caller(browser: u8) -> CodeCaller {
    CodeCaller { browser: [browser; 32], device: None, client: CLIENT.to_owned(), agent: String::new() }
}

async fn code(app: &TestApp, typed: &str) -> ProofAnswer {
    prove_code(&app.app, typed, caller(HERE)).await.unwrap()
}

async fn code_of_login(app: &TestApp, typed: &str) -> CodeAnswer {
    login::enter_code(&app.app, typed, caller(HERE)).await.unwrap()
}

fn proof(app: &TestApp, user_id: UserId) -> Proof {
    Proof { user_id, revision: app.account(user_id).revision }
}

fn outcomes(app: &TestApp, user_id: UserId) -> Vec<String> {
    let entries = app.app.store.read(|r| audit::about(r, &user_id.to_string(), 99)).unwrap();
    entries.into_iter().filter(|one| one.action == "login.try").map(|one| one.outcome).collect()
}

/// Nothing of the reception system was opened: no session, no device, and its last login is what it was.
fn nothing_opened(app: &TestApp, user_id: UserId, before: &Account) {
    let (sessions, devices) = app
        .app
        .store
        .read(|r| Ok::<_, StoreError>((sessions::list(r, Subject::Office(user_id))?, devices::of(r, &user_id.to_string())?)))
        .unwrap();
    assert!(sessions.is_empty() && devices.is_empty());
    let now = app.account(user_id);
    let told = |account: &Account| (account.revision, account.last_login.clone(), account.login_before.clone());
    assert_eq!(told(&now), told(before));
}

#[tokio::test]
async fn an_office_is_proved_without_a_session() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let before = app.account(user_id);
    for _ in 0..4 {
        // The run of wrong tries ends with a right one, as at the login: else the third would lock.
        for _ in 0..2 {
            assert_eq!(proving(&app, USER, "nowhere-near-1", HERE).await, Proving::Refused);
        }
        assert_eq!(proving(&app, "ｋｊ131311111111", PASSWORD, HERE).await, Proving::Proved(proof(&app, user_id)));
    }
    nothing_opened(&app, user_id, &before);
    let seen = outcomes(&app, user_id);
    assert_eq!(seen.iter().filter(|outcome| *outcome == "entered_portal").count(), 4, "{seen:?}");
    assert_eq!(attempted(&app, user_id).len(), 8, "only the wrong ones are tries that did not lead in");
}

#[tokio::test]
async fn an_office_that_has_steps_of_its_first_login_to_do_is_proved() {
    let app = TestApp::new();
    let user_id = app.existing_without_address(USER).await;
    assert_eq!(proving(&app, USER, PASSWORD, HERE).await, Proving::Proved(proof(&app, user_id)));
}

#[tokio::test]
async fn q22_tries_at_the_portal_count_at_the_login_and_the_other_way_round() {
    let app = TestApp::new();
    app.office(USER).await;
    for _ in 0..2 {
        assert_eq!(proving(&app, USER, "nowhere-near-1", HERE).await, Proving::Refused);
    }
    let Outcome::Locked(until) = log_in(&app, USER, "nowhere-near-1", HERE).await else { panic!("the third locks") };
    assert_eq!(until, app.clock.now() + SignedDuration::from_mins(30));
    assert_eq!(proving(&app, USER, PASSWORD, HERE).await, Proving::Locked(until));
    assert!(matches!(log_in(&app, USER, PASSWORD, HERE).await, Outcome::Locked(_)));
    // All unknown devices together, from both sides: thirty an hour.
    for browser in 10..37 {
        let wrong = "nowhere-near-1";
        if browser % 2 == 0 {
            assert_eq!(proving(&app, USER, wrong, browser).await, Proving::Refused);
        } else {
            assert!(matches!(log_in(&app, USER, wrong, browser).await, Outcome::Refused));
        }
    }
    assert_eq!(proving(&app, USER, PASSWORD, 40).await, Proving::Refused, "strangers are shut out, which is not told");
    assert!(matches!(log_in(&app, USER, PASSWORD, 41).await, Outcome::Refused));
}

#[tokio::test]
async fn q22_both_take_from_one_bucket_of_unknown_devices() {
    let app = TestApp::with(|config| config.limits.new_device_logins_per_minute = 10);
    app.office(USER).await;
    for browser in 0..10 {
        let typed = format!("KJ1313{browser:08}");
        assert_eq!(proving(&app, &typed, "nowhere-near-1", browser).await, Proving::Refused);
    }
    assert!(matches!(proving(&app, USER, PASSWORD, HERE).await, Proving::Crowded(_)));
    assert!(matches!(log_in(&app, USER, PASSWORD, HERE).await, Outcome::Crowded(_)));
    app.advance(SignedDuration::from_mins(1));
    for _ in 0..20 {
        assert!(matches!(proving(&app, USER, PASSWORD, HERE).await, Proving::Proved(_)), "a right one gives its token back");
    }
}

#[tokio::test]
async fn q21_the_portal_answers_unknown_wrong_and_suspended_alike_at_the_cost_of_the_login() {
    let app = TestApp::new();
    app.office(USER).await;
    let suspended = app.office("KJ131333333333").await;
    app.change_account(suspended, |account| account.suspended = true).await;
    // The first entry of a log costs less than the next.
    assert_eq!(proving(&app, USER, "nowhere-near-1", HERE).await, Proving::Refused);
    let mut costs = Vec::new();
    for (n, typed) in [USER, NOBODY, "KJ131333333333"].into_iter().enumerate() {
        let password = if n == 2 { PASSWORD } else { "nowhere-near-1" };
        for portal in [true, false] {
            let browser = u8::try_from(10 + 2 * n).unwrap() + u8::from(portal);
            let (before, hashes) = (app.app.store.counts(), app.app.hasher.count());
            if portal {
                assert_eq!(proving(&app, typed, password, browser).await, Proving::Refused);
            } else {
                assert!(matches!(log_in(&app, typed, password, browser).await, Outcome::Refused));
            }
            let after = app.app.store.counts();
            let rows = (after.read - before.read, after.written - before.written, after.commits - before.commits);
            costs.push((rows, app.app.hasher.count() - hashes));
        }
    }
    assert!(costs.iter().all(|cost| *cost == costs[0] && cost.1 == 1), "{costs:?}");
}

#[tokio::test]
async fn the_security_code_is_asked_only_where_one_is_set() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    let before = app.account(user_id);
    assert_eq!(waits_for_proof(&app.app, [HERE; 32], app.clock.now()).unwrap(), None);
    assert_eq!(proving(&app, USER, PASSWORD, HERE).await, Proving::Code);
    assert_eq!(waits_for_proof(&app.app, [HERE; 32], app.clock.now()).unwrap(), Some(CodeKind::Fixed));
    assert_eq!(code(&app, "918273").await, ProofAnswer::Wrong { left: 4 });
    assert_eq!(code(&app, CODE).await, ProofAnswer::Proved(proof(&app, user_id)));
    assert_eq!(code(&app, CODE).await, ProofAnswer::Over(Ended::Gone), "it proves once");
    nothing_opened(&app, user_id, &before);
    assert_eq!(
        attempted(&app, user_id).iter().filter(|one| one.knew_password).count(),
        0,
        "a slip of one's own warns of nothing"
    );
}

#[tokio::test]
async fn a_code_of_an_app_that_has_proved_the_office_opens_no_login() {
    let app = TestApp::new();
    let (user_id, authenticator) = with_app(&app).await;
    let shown = authenticator.code(app.clock.now());
    assert_eq!(proving(&app, USER, PASSWORD, HERE).await, Proving::Code);
    assert_eq!(code(&app, &shown).await, ProofAnswer::Proved(proof(&app, user_id)));
    assert!(matches!(log_in(&app, USER, PASSWORD, HERE).await, Outcome::Code));
    assert!(matches!(code_of_login(&app, &shown).await, CodeAnswer::Wrong { left: 4 }), "it is used");
}

#[tokio::test]
async fn a_code_of_the_other_screen_ends_the_waiting_login() {
    let app = TestApp::new();
    fixed(&app).await;
    let now = app.clock.now();
    assert!(matches!(log_in(&app, USER, PASSWORD, HERE).await, Outcome::Code));
    assert_eq!(waits_for_proof(&app.app, [HERE; 32], now).unwrap(), None);
    assert_eq!(code(&app, CODE).await, ProofAnswer::Over(Ended::Gone));
    assert!(matches!(code_of_login(&app, CODE).await, CodeAnswer::Over(Ended::Gone)));
    assert_eq!(proving(&app, USER, PASSWORD, HERE).await, Proving::Code);
    assert_eq!(login::waits_for(&app.app, &[HERE; 32], now).unwrap(), None);
    assert!(matches!(code_of_login(&app, CODE).await, CodeAnswer::Over(Ended::Gone)));
    assert_eq!(code(&app, CODE).await, ProofAnswer::Over(Ended::Gone));
    assert!(app.app.store.read(|r| sessions::list(r, Subject::Office(UserId::parse(USER).unwrap()))).unwrap().is_empty());
}

#[tokio::test]
async fn q16_wrong_codes_at_the_portal_count_as_a_failed_login() {
    let app = TestApp::new();
    fixed(&app).await;
    for _ in 0..3 {
        assert_eq!(proving(&app, USER, PASSWORD, HERE).await, Proving::Code);
        assert_eq!(code(&app, "918273").await, ProofAnswer::Wrong { left: 4 });
    }
    assert!(matches!(log_in(&app, USER, PASSWORD, HERE).await, Outcome::Locked(_)));
}

#[tokio::test]
async fn a_proof_that_waits_ends_when_the_account_changes() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    assert_eq!(proving(&app, USER, PASSWORD, HERE).await, Proving::Code);
    app.change_account(user_id, |account| account.notice_mail = None).await;
    assert_eq!(code(&app, CODE).await, ProofAnswer::Over(Ended::Gone));
}

#[tokio::test]
async fn a_temporary_password_proves_nobody_and_stays_unused() {
    let app = TestApp::new();
    let user_id = app.new_office(USER).await;
    let before = app.account(user_id);
    for _ in 0..5 {
        assert_eq!(proving(&app, USER, TEMPORARY, HERE).await, Proving::Temporary, "nor is it counted as wrong");
    }
    nothing_opened(&app, user_id, &before);
    assert_eq!(app.account(user_id).temporary, before.temporary);
    assert!(outcomes(&app, user_id).iter().all(|outcome| outcome == "temporary"));
    let Outcome::Entered(entered) = log_in(&app, USER, TEMPORARY, HERE).await else { panic!("it still opens the login") };
    assert!(entered.limited);
    let used = app.app.store.read(|r| accounts::find(r, user_id)).unwrap().unwrap();
    assert_ne!(used.temporary, before.temporary);
}
