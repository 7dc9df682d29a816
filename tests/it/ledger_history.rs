//! 経過 of an office: a stranger who knows its number cannot push anything out of it.

use jiff::SignedDuration;
use uketsuke::audit::{self, Actor, Event};
use uketsuke::staff::Role;

use crate::support::office::{PASSWORD, USER, user};
use crate::support::{TestApp, staff};

fn place() -> String {
    format!("/staff/ledger/{}", user(USER).office().number)
}

#[tokio::test]
async fn refused_logins_are_one_line_of_the_history_with_their_number() {
    let app = TestApp::new();
    app.office(USER).await;
    app.browser().log_in(USER, PASSWORD).await;
    let page = staff(&app, "受付", Role::Clerk, 13).await.open(&place()).await;
    assert!(!page.says("ログインできなかった回数"), "{}", page.text());
    for _ in 0..60 {
        app.advance(SignedDuration::from_mins(1));
        app.browser().log_in(USER, "wrong-Password-1").await;
    }
    let page = staff(&app, "午後", Role::Clerk, 13).await.open(&place()).await;
    let line = "ログインできなかった回数（直近30日間）：60回（最後は2026/01/20 11:00）";
    assert!(page.says(line), "{}", page.text());
    assert!(page.says("ログイン 2026/01/20 10:00") && !page.says("ログインできず"), "{}", page.text());
    app.advance(SignedDuration::from_hours(30 * 24) - SignedDuration::from_mins(30));
    let page = staff(&app, "翌月", Role::Clerk, 13).await.open(&place()).await;
    assert!(page.says("（直近30日間）：31回"), "those of the last thirty days: {}", page.text());
    app.advance(SignedDuration::from_hours(1));
    let page = staff(&app, "後日", Role::Clerk, 13).await.open(&place()).await;
    assert!(!page.says("ログインできなかった回数") && page.says("ログイン 2026/01/20 10:00"), "{}", page.text());
}

#[tokio::test]
async fn a_long_history_has_pages_down_to_its_first_entry() {
    let app = TestApp::new();
    let office = app.office(USER).await.office();
    for n in 1..=70 {
        let moment = app.app.moment();
        let event = move || Event::new(Actor::System, "ledger.postal_code").office(office).detail("after", format!("第{n}回"));
        app.write(move |tx| audit::record(tx, &moment, event())).await;
    }
    let mut clerk = staff(&app, "受付", Role::Clerk, 13).await;
    let first = clerk.open(&place()).await;
    assert!(first.says("第70回") && first.says("第21回") && !first.says("第20回"), "{}", first.text());
    assert!(first.says("これより前の経過を見る") && !first.says("最新の経過に戻る"));
    let at = first.body.find("?before=").unwrap() + "?before=".len();
    let before: String = first.body[at..].chars().take_while(char::is_ascii_digit).collect();
    let second = clerk.open(&format!("{}?before={before}", place())).await;
    assert!(second.says("第20回") && second.says("第1回") && !second.says("第21回"), "{}", second.text());
    assert!(!second.says("これより前の経過を見る") && second.says("最新の経過に戻る"));
    assert!(clerk.open(&format!("{}?before=x", place())).await.says("第70回"), "read without complaint");
}
