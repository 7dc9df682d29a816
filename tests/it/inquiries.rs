//! 照会一覧 of an office.

use uketsuke::kernel::UserId;
use uketsuke::reissue::{By, State};

use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::office::{PASSWORD, USER};
use crate::support::reissue::CONTACT;

/// The same office number in the ledger of another federation.
const NAMESAKE: &str = "KJ071311111111";

async fn inside(app: &TestApp, user_id: UserId) -> Browser {
    let mut browser = app.browser();
    assert_eq!(browser.log_in(&user_id.to_string(), PASSWORD).await.location(), Some("/office"));
    browser
}

#[tokio::test]
async fn an_office_sees_its_own_applications_only() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let (user, namesake) = (app.office(USER).await, app.office(NAMESAKE).await);
    let own = app.in_state(user.office(), State::UnderReview).await.number;
    let foreign = app.in_state(namesake.office(), State::Received).await.number;
    let mut browser = inside(&app, user).await;
    let page = browser.open("/office/inquiries").await;
    assert_eq!(page.title(), "照会一覧");
    let row = format!("{own} 2026/01/20 ログイン情報再発行申請 審査中 2026/01/20");
    assert!(page.says(&row) && !page.says(&foreign.to_string()), "{}", page.text());
    assert!(page.body.contains("aria-current=\"page\"") && page.says("お知らせ 照会一覧"), "it is in the menu");
    assert_eq!(browser.get(&format!("/office/inquiries/{own}")).await.status.as_u16(), 200);
    for other in [foreign.to_string(), "U202601000099".to_owned(), "x".to_owned()] {
        let page = browser.get(&format!("/office/inquiries/{other}")).await;
        assert_eq!(page.status.as_u16(), 404, "{other}");
        assert!(!page.body.contains("審査") && !page.body.contains("受付済"), "{}", page.text());
    }
}

#[tokio::test]
async fn an_application_tells_its_course_with_no_name_of_staff_and_its_contact_masked() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let user = app.office(USER).await;
    let mut browser = inside(&app, user).await;
    for state in State::ALL {
        let one = app.in_state(user.office(), state).await;
        let page = browser.open(&format!("/office/inquiries/{}", one.number)).await;
        assert!(
            page.says(&format!("現在の状態 {state}")) && page.says("通知先メールアドレス jig***@example.jp"),
            "{}",
            page.text()
        );
        for step in &one.history {
            assert!(page.says(step.to.title()), "{state}: {}", page.text());
            if let By::Staff(person) = &step.by {
                assert!(!page.says(&person.name), "{state}: {}", page.text());
            }
        }
        assert!(!page.body.contains(CONTACT) && !page.says("000001-01"), "{state}: {}", page.text());
        assert_eq!(page.says("お心当たりのない申請のとき"), state.is_open(), "{state}");
        assert!(page.says("0000-13-0000") && !page.body.contains("/status/withdraw"), "{state}: {}", page.text());
    }
    let page = browser.open("/office/inquiries").await;
    for state in State::ALL {
        assert!(page.says(state.title()), "{state}: {}", page.text());
    }
}

#[tokio::test]
async fn without_an_application_the_list_says_so() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    let page = inside(&app, user).await.open("/office/inquiries").await;
    assert!(page.says("申請はありません"), "{}", page.text());
}

#[tokio::test]
async fn the_list_shows_the_newest_hundred_and_says_that_there_are_more() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let user = app.office(USER).await;
    for _ in 0..101 {
        app.applied(user.office(), None).await;
    }
    let page = inside(&app, user).await.open("/office/inquiries").await;
    assert!(page.says("U202601000101") && page.says("U202601000002") && !page.says("U202601000001"), "{}", page.text());
    assert!(page.says("新しいものから100件を表示しています"), "{}", page.text());
}
