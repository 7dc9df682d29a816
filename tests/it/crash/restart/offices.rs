//! What offices are in the middle of: a first login, a reset.

use super::House;
use crate::reset;
use crate::support::first_login::SCREENS;
use crate::support::office::{NEW_PASSWORD, PASSWORD, TEMPORARY, USER, user};
use crate::support::reissue::{NUMBER, wrong};

#[tokio::test]
async fn a_reset_goes_on_at_every_screen() {
    let mut house = House::new();
    for user_id in [USER, "KJ071311111111"] {
        house.app().office(user_id).await;
    }
    assert_eq!(reset::ask(&mut house.person, NUMBER, reset::REGISTERED).await.location(), Some("/reset/prefecture"));
    house.sees("/reset/prefecture", "請求先都道府県選択").await;
    assert_eq!(house.person.post("/reset/prefecture", &[("prefecture", "13")]).await.location(), Some("/reset/code"));
    house.sees("/reset/code", "ワンタイムパスワード入力").await;
    let code = reset::code(house.app()).await;
    let refused = house.person.post("/reset/code", &[("code", &wrong(&code))]).await;
    assert!(refused.says("あと4回"), "{}", refused.text());
    house.sees("/reset/code", "ワンタイムパスワード入力").await;
    let refused = house.person.post("/reset/code", &[("code", &wrong(&code))]).await;
    assert!(refused.says("あと3回"), "the try before counts in this life: {}", refused.text());
    assert_eq!(house.person.post("/reset/code", &[("code", &code)]).await.location(), Some("/reset/password"));
    house.sees("/reset/password", "ログイン情報再設定").await;
    assert_eq!(house.app().browser().log_in(USER, PASSWORD).await.location(), Some("/office"), "nothing is set yet");
    assert_eq!(reset::change(&mut house.person, NEW_PASSWORD).await.location(), Some("/reset/done"));
    house.sees("/reset/done", "処理終了").await;
    assert_eq!(house.app().browser().log_in(USER, PASSWORD).await.status.as_u16(), 422);
    house.person.get("/login").await;
    assert_eq!(house.person.log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
    let told = house.app().take_mails().await;
    assert_eq!(told.iter().filter(|mail| mail.subject == reset::M7).count(), 3, "what the dead process had to tell is told once");
}

#[tokio::test]
async fn a_first_login_goes_on_at_every_step() {
    let mut house = House::new();
    let user_id = house.app().office(USER).await;
    house.app().letter(user_id).await;
    assert_eq!(house.person.log_in(USER, TEMPORARY).await.location(), Some("/first-login"));
    house.sees("/first-login", "警告").await;
    house.person.post("/first-login/warning", &[]).await;
    house.sees("/first-login", "パスワード変更").await;
    let fields = [("current_password", TEMPORARY), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    assert_eq!(house.person.post("/first-login/password", &fields).await.location(), Some("/first-login/done"));
    house.sees("/first-login", "処理終了").await;
    house.person.post("/first-login/done", &[]).await;
    house.sees("/office", "セキュリティ用メールアドレス設定").await;
    house.person.post("/first-login/addresses", &[("way", "keep")]).await;
    house.sees("/office", "お知らせ").await;
    house.app().take_mails().await;
    assert_eq!(house.app().browser().log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
}

#[tokio::test]
async fn a_first_login_of_a_new_office_goes_on_at_every_step() {
    let mut house = House::new();
    house.app().app.prepare().await.unwrap();
    house.app().new_office(USER).await;
    assert_eq!(house.person.log_in(USER, TEMPORARY).await.location(), Some("/first-login"));
    for at in 0..9 {
        house.sees("/first-login", SCREENS[at]).await;
        let app = house.app.take().unwrap();
        let page = house.person.step(&app, at).await;
        assert_eq!(page.title(), SCREENS[at + 1], "{}", page.text());
        house.app = Some(app);
    }
    house.sees("/office", SCREENS[9]).await;
    let account = house.app().account(user(USER));
    assert!(account.settled.is_some() && account.security_mails.len() == 1);
    house.app().take_mails().await;
}

#[tokio::test]
async fn an_address_that_was_put_off_stays_put_off_for_its_session() {
    let mut house = House::new();
    house.app().existing_without_address(USER).await;
    house.person.log_in(USER, PASSWORD).await;
    house.sees("/office", "セキュリティ用メールアドレス設定").await;
    house.person.post("/first-login/address", &[("later", "1")]).await;
    house.sees("/office", "お知らせ").await;
}
