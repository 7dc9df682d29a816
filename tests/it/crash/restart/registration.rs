//! An office in the middle of its first registration at the portal.

use super::House;
use crate::portal_register::{CHECK, DONE, M9, MAIL, OTP, USER_PAGE, code, damage, enter, person, prove, register, users};
use crate::support::office::{PASSWORD, USER};
use crate::support::reissue::wrong;

#[tokio::test]
async fn a_registration_at_the_portal_goes_on_at_every_screen() {
    let mut house = House::new();
    house.app().office(USER).await;
    assert_eq!(prove(&mut house.person, USER, PASSWORD).await.location(), Some(OTP));
    house.sees(OTP, "ワンタイムパスワード入力").await;
    let code = code(house.app()).await;
    assert!(enter(&mut house.person, &wrong(&code)).await.says("あと4回"));
    house.sees(OTP, "ワンタイムパスワード入力").await;
    assert!(enter(&mut house.person, &wrong(&code)).await.says("あと3回"), "the try before counts in this life");
    assert_eq!(enter(&mut house.person, &code).await.location(), Some(USER_PAGE));
    house.sees(USER_PAGE, "ユーザ登録").await;
    assert_eq!(house.person.post(USER_PAGE, &person(MAIL)).await.location(), Some(CHECK));
    house.sees(CHECK, "登録内容の確認").await;
    assert_eq!(register(&mut house.person, false).await.location(), Some(DONE));
    house.sees(DONE, "処理終了").await;
    assert_eq!((users(house.app(), USER), damage(house.app())), (vec![MAIL.to_owned()], vec![]));
    let told = house.app().take_mails().await;
    assert_eq!(told.iter().filter(|mail| mail.subject == M9).count(), 1, "what the dead process had to tell is told once");
}
