//! What the dashboard tells, and to whom; and which role opens which route.

use jiff::SignedDuration;
use uketsuke::kernel::jst;
use uketsuke::reissue::{Move, Printing};
use uketsuke::routes::{Who, rows};
use uketsuke::staff::Role;

use crate::support::reissue::{clerk, office};
use crate::support::{TestApp, staff};

#[tokio::test]
async fn the_dashboard_counts_the_own_federation_only() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    app.applied(office(7, "0711111111"), None).await;
    app.advance(SignedDuration::from_hours(8 * 24));
    app.applied(office(7, "0722222222"), None).await;
    let taken = app.applied(office(7, "0733333333"), None).await;
    app.mark(taken.number, Move::Take, clerk(1)).await.unwrap();
    app.applied(office(13, "1311111111"), None).await;
    let own = staff(&app, "福島", Role::Clerk, 7).await.get("/staff").await;
    for told in ["受付済 2 件", "審査中 1 件", "照会中 0 件", "最も古い未処理 8 日前 2026/01/20受付", "通知書の印刷待ち 0 通"]
    {
        assert!(own.says(told), "{told}: {}", own.text());
    }
    let other = staff(&app, "東京", Role::Clerk, 13).await.get("/staff").await;
    for told in ["受付済 1 件", "審査中 0 件", "最も古い未処理 0 日前 2026/01/28受付"] {
        assert!(other.says(told), "{told}: {}", other.text());
    }
}

#[tokio::test]
async fn the_dashboard_tells_the_median_of_days_from_receipt_to_the_first_posting() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let one = app.applied(office(7, "0711111111"), Some("a@example.jp")).await.number;
    let before = staff(&app, "福島", Role::Clerk, 7).await.get("/staff").await;
    assert!(before.says("受付から発送まで ― 30日間の中央値"), "{}", before.text());
    app.advance(SignedDuration::from_hours(5 * 24));
    let printing = |letter: &str| Printing { letter: letter.to_owned(), valid_until: jst::plus_days(app.clock.now(), 30) };
    let post = || Move::Post { on: jst::date(app.clock.now()), tracking: String::new() };
    let again = Move::Reprint { printing: printing("202601-000001-02"), reason: "郵便事故".to_owned() };
    for mv in [Move::Take, Move::Approve { two_person: false }, Move::Print(printing("202601-000001-01")), post()] {
        app.mark(one, mv, clerk(1)).await.unwrap();
    }
    app.advance(SignedDuration::from_hours(20 * 24));
    for mv in [again, post()] {
        app.mark(one, mv, clerk(1)).await.unwrap();
    }
    let after = staff(&app, "郡山", Role::Clerk, 7).await.get("/staff").await;
    assert!(after.says("受付から発送まで 5 日 30日間の中央値"), "a second posting does not count: {}", after.text());
    assert!(after.says("14 0 件"), "a day without an application: {}", after.text());
}

/// A path that fits the pattern; the values need not exist.
fn sample(pattern: &str) -> String {
    pattern.split('/').map(|part| if part.starts_with([':', '*']) { "x" } else { part }).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn q41_each_staff_route_opens_to_the_roles_that_cover_its_own_and_to_no_other() {
    let app = TestApp::new();
    for role in Role::ALL {
        let mut browser = staff(&app, role.code(), role, 7).await;
        for row in rows() {
            let Who::Staff(asked) = row.who else { continue };
            browser.get("/staff").await;
            let page = match row.method.as_str() {
                "GET" => browser.get(&sample(row.path)).await,
                _ => browser.post(&sample(row.path), &[]).await,
            };
            let refused = page.title() == "この操作はできません";
            assert_eq!(refused, !role.covers(asked), "{role:?} at {} {}: {}", row.method, row.path, page.status);
            assert!(refused || !page.status.is_server_error(), "{role:?} at {} {}: {}", row.method, row.path, page.status);
        }
    }
}
