//! The login of the portal, and パスワードを忘れた方.

use super::House;
use crate::portal_login::{CHOSEN, agree, choose_password, code, enter, log_in};
use crate::portal_lost::{ask, change};
use crate::support::office::USER;

#[tokio::test]
async fn a_first_login_at_the_portal_goes_on_at_every_screen() {
    let mut house = House::new();
    house.app().office(USER).await;
    let (mail, initial) = house.app().portal_initial(USER).await;
    log_in(&mut house.person, &mail, initial.expose()).await;
    let code = code(house.app()).await;
    house.sees("/portal/login/otp", "ワンタイムパスワード入力").await;
    enter(&mut house.person, &code, false).await;
    house.sees("/portal/first", "パスワード変更").await;
    choose_password(&mut house.person, CHOSEN).await;
    house.sees("/portal/first", "利用規約").await;
    assert_eq!(agree(&mut house.person).await.location(), Some("/portal/my"));
    house.app().take_mails().await;
}

#[tokio::test]
async fn a_lost_password_of_the_portal_goes_on_at_every_screen() {
    let mut house = House::new();
    house.app().office(USER).await;
    let mail = house.app().portal_main(USER).await.mail;
    ask(&mut house.person, &mail).await;
    let code = code(house.app()).await;
    house.sees("/portal/lost/otp", "ワンタイムパスワード入力").await;
    house.person.post("/portal/lost/otp", &[("code", &code)]).await;
    house.sees("/portal/lost/password", "パスワード再設定").await;
    change(&mut house.person, CHOSEN).await;
    house.sees("/portal/lost/done", "処理終了").await;
    house.app().take_mails().await;
}
