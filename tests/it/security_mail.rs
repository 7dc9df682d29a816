//! セキュリティ用メールアドレス: the list, adding, changing, deleting, the 通知先.

mod steps;

use jiff::SignedDuration;
use uketsuke::accounts::{self, Account};
use uketsuke::kernel::MailAddress;
use uketsuke::notices;
use uketsuke::security::sessions;
use uketsuke::store::{Reads as _, Span, Table, Tx};

use crate::bad_input_twice::at_once;
use crate::let_in_together::{behind, end_sessions};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{PASSWORD, USER, user};
use crate::support::reissue::{address, code_in, wrong};
use crate::user_info::{logged_in, told};

pub const LIST: &str = "/office/user/addresses";
const EDIT: &str = "/office/user/addresses/edit";
const OTP: &str = "/office/user/addresses/otp";
const CODE: &str = "/office/user/addresses/code";
const DONE: &str = "/office/user/addresses/done";
const NEW: &str = "new@example.jp";
const SCREENS: [&str; 4] = [EDIT, OTP, CODE, DONE];

impl TestApp {
    /// The addresses of the office, by the part before the @.
    fn names(&self) -> Vec<String> {
        let name = |one: &MailAddress| one.as_str().split('@').next().unwrap().to_owned();
        self.account(user(USER)).security_mails.iter().map(name).collect()
    }

    /// The office has these addresses.
    async fn addresses(&self, names: &str) {
        let names = names.to_owned();
        let user_id = user(USER);
        self.write(move |tx| {
            let mut account = accounts::find(tx, user_id)?.unwrap();
            account.security_mails = names.chars().map(|name| address(&format!("{name}@example.jp"))).collect();
            accounts::save(tx, &account)
        })
        .await;
    }

    /// The newest one-time password.
    async fn otp(&self) -> (String, String) {
        let mail = self.mail("ワンタイムパスワード発行通知(介護保険)").await;
        (mail.to.clone(), code_in(&mail, 6))
    }

    /// The newest confirmation code.
    async fn confirmation(&self) -> (String, String) {
        let mail = self.mail("確認コード発行通知(介護保険)").await;
        (mail.to.clone(), code_in(&mail, 4))
    }
}

impl Browser {
    /// A button of the list, without following.
    pub async fn begin(&mut self, act: &str, which: &str) -> Page {
        let page = self.get(LIST).await;
        let revision = page.value("revision").unwrap_or_default();
        self.post(&format!("{LIST}/begin"), &[("act", act), ("which", which), ("revision", &revision)]).await
    }

    /// [次へ] with the same address twice.
    pub async fn type_address(&mut self, typed: &str) -> Page {
        self.get(EDIT).await;
        self.post(EDIT, &[("address", typed), ("address_again", typed)]).await
    }

    async fn enter(&mut self, path: &str, code: &str) -> Page {
        let challenge = self.get(path).await.value("challenge").unwrap_or_default();
        self.post(path, &[("challenge", &challenge), ("code", code)]).await
    }
}

/// Logged in, with these addresses.
async fn office(app: &TestApp, names: &str) -> Browser {
    app.office(USER).await;
    app.addresses(names).await;
    logged_in(app).await
}

/// As far as the one-time password of an addition.
async fn adding(browser: &mut Browser, typed: &str) {
    assert_eq!(browser.begin("add", "").await.location(), Some(EDIT));
    assert_eq!(browser.type_address(typed).await.location(), Some(OTP), "{typed}");
}

/// As far as the confirmation code.
async fn proving(app: &TestApp, browser: &mut Browser, typed: &str) {
    adding(browser, typed).await;
    let (_, otp) = app.otp().await;
    assert_eq!(browser.enter(OTP, &otp).await.location(), Some(CODE));
}

#[tokio::test]
async fn the_list_has_its_three_shapes() {
    let app = TestApp::new();
    let mut browser = office(&app, "").await;
    // As the box of the grace period leaves it.
    let key = sessions::hash(&browser.cookies["office"]);
    app.write(move |tx| sessions::change(tx, &key, |session| session.deferred = true)).await;
    let page = browser.get(LIST).await;
    assert!(page.says("セキュリティ用メールアドレスが登録されていません。"), "{}", page.text());
    for button in ["追加 ", "を変更", "を削除"] {
        assert!(!page.says(button), "{button}: {}", page.text());
    }
    for (names, adds, deletes) in [("a", true, false), ("ab", true, true), ("abcd", true, true), ("abcde", false, true)] {
        app.addresses(names).await;
        let page = browser.get(LIST).await;
        let has = |act: &str| page.body.matches(&format!("name=\"act\" value=\"{act}\"")).count();
        assert_eq!(has("add"), usize::from(adds), "{names}");
        assert_eq!(has("change"), names.len(), "{names}");
        assert_eq!(has("delete"), if deletes { names.len() } else { 0 }, "{names}");
        assert_eq!(page.says("【削除】ボタンを押してください"), deletes, "{names}");
        assert_eq!(page.body.matches("type=\"radio\"").count(), if deletes { names.len() } else { 0 }, "{names}");
        assert_eq!(page.says("通知先を変更"), deletes, "{names}");
        assert!(page.says("選択中") && page.says("a@example.jp"), "{names}");
        // S1: the list recommends several, and says what it means to lose them all.
        let several = "セキュリティ用メールアドレスは複数登録することを推奨しており、最大5つまで登録できます。";
        assert!(page.says(several) && page.says("サポート窓口（国保連合会）への申請及び本人確認が必要です"), "{}", page.text());
    }
}

#[tokio::test]
async fn an_address_is_added_by_both_codes() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    adding(&mut browser, NEW).await;
    let (to, otp) = app.otp().await;
    assert_eq!(to, "a@example.jp", "the one-time password goes to the contact");
    let page = browser.get(OTP).await;
    assert!(page.title() == "ワンタイムパスワード入力" && page.says("ユーザの本人確認を行うため、") && page.says("a@example.jp"));
    assert_eq!(browser.enter(OTP, &otp).await.location(), Some(CODE));
    let (to, code) = app.confirmation().await;
    assert_eq!(to, NEW, "the confirmation code goes to the new address");
    assert_eq!(browser.get(CODE).await.title(), "確認コード入力");
    assert_eq!(app.names(), ["a", "b"], "nothing has changed yet");
    assert_eq!(browser.enter(CODE, &code).await.location(), Some(DONE));
    let page = browser.get(DONE).await;
    assert!(page.says("セキュリティ用メールアドレスを追加しました"), "{}", page.text());
    assert!(page.says("登録されているメールアドレスへ、") && !page.says("使われなくなった"), "{}", page.text());
    assert_eq!(app.names(), ["a", "b", "new"]);
    app.take_mails().await;
}

#[tokio::test]
async fn an_address_is_changed_by_both_codes_and_keeps_its_place() {
    let app = TestApp::new();
    let mut browser = office(&app, "abc").await;
    assert_eq!(browser.begin("change", "0").await.location(), Some(EDIT));
    assert!(browser.get(EDIT).await.says("変更前のアドレス a@example.jp"));
    assert_eq!(browser.type_address(NEW).await.location(), Some(OTP));
    let (to, otp) = app.otp().await;
    assert_eq!(to, "a@example.jp");
    browser.enter(OTP, &otp).await;
    let (to, code) = app.confirmation().await;
    assert_eq!(to, NEW);
    assert_eq!(browser.enter(CODE, &code).await.location(), Some(DONE));
    let page = browser.get(DONE).await;
    assert!(page.says("セキュリティ用メールアドレスを変更しました") && page.says("使われなくなった"), "{}", page.text());
    assert_eq!(app.names(), ["new", "b", "c"]);
    app.take_mails().await;
}

#[tokio::test]
async fn an_address_is_deleted_by_the_one_time_password_alone() {
    let app = TestApp::new();
    let mut browser = office(&app, "abc").await;
    assert_eq!(browser.begin("delete", "0").await.location(), Some(EDIT));
    let page = browser.get(EDIT).await;
    assert!(
        page.title() == "セキュリティ用メールアドレス削除" && page.says("b@example.jp が通知先になります"),
        "{}",
        page.text()
    );
    assert_eq!(browser.post(EDIT, &[]).await.location(), Some(OTP));
    let (to, otp) = app.otp().await;
    assert_eq!(to, "a@example.jp");
    assert_eq!(browser.enter(OTP, &otp).await.location(), Some(DONE));
    assert!(browser.get(DONE).await.says("セキュリティ用メールアドレスを削除しました"));
    assert_eq!(app.names(), ["b", "c"]);
    app.take_mails().await;
}

#[tokio::test]
async fn q19_every_change_of_addresses_is_told() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    proving(&app, &mut browser, NEW).await;
    let (_, code) = app.confirmation().await;
    browser.enter(CODE, &code).await;
    let others = ["a@example.jp", "b@example.jp", "notice@example.jp"];
    assert_eq!(told(&app, "（new***@example.jp）が追加されました。").await, others, "the new one knows");
    browser.begin("change", "1").await;
    browser.type_address("second@example.jp").await;
    let (_, otp) = app.otp().await;
    browser.enter(OTP, &otp).await;
    let (_, code) = app.confirmation().await;
    browser.enter(CODE, &code).await;
    let text = "b***@example.jp から sec***@example.jp に変更されました。";
    assert_eq!(
        told(&app, text).await,
        ["a@example.jp", "b@example.jp", NEW, "notice@example.jp"],
        "the one that is gone hears too"
    );
    browser.begin("delete", "2").await;
    browser.get(EDIT).await;
    browser.post(EDIT, &[]).await;
    let (_, otp) = app.otp().await;
    browser.enter(OTP, &otp).await;
    let text = "（new***@example.jp）が削除されました。";
    assert_eq!(told(&app, text).await, ["a@example.jp", NEW, "notice@example.jp", "second@example.jp"]);
    choose(&mut browser, "1").await;
    assert_eq!(
        told(&app, "通知先のメールアドレスが変更されました。").await,
        ["a@example.jp", "notice@example.jp", "second@example.jp"]
    );
    let user_id = user(USER);
    let notices = app.app.store.read(|r| notices::of_office(r, user_id, 9)).unwrap();
    assert_eq!(notices.iter().filter(|one| one.kind == "N-3").count(), 4, "each in お知らせ as well");
}

/// [通知先を変更]
async fn choose(browser: &mut Browser, which: &str) -> Page {
    let revision = browser.get(LIST).await.value("revision").unwrap_or_default();
    browser.post(&format!("{LIST}/contact"), &[("contact", which), ("revision", &revision)]).await
}

#[tokio::test]
async fn the_contact_is_chosen_from_the_list_and_gets_the_one_time_passwords() {
    let app = TestApp::new();
    let mut browser = office(&app, "abc").await;
    let before = app.app.store.counts().written;
    assert_eq!(choose(&mut browser, "0").await.location(), Some(LIST), "it is the contact already");
    assert_eq!(app.app.store.counts().written, before);
    assert_eq!(choose(&mut browser, "2").await.location(), Some("/office/user/addresses?notice=contact"));
    assert!(browser.get("/office/user/addresses?notice=contact").await.says("通知先を変更しました"));
    assert_eq!(app.names(), ["c", "a", "b"]);
    app.take_mails().await;
    adding(&mut browser, NEW).await;
    assert_eq!(app.otp().await.0, "c@example.jp");
}

#[tokio::test]
async fn a_sixth_address_is_refused() {
    let app = TestApp::new();
    let mut browser = office(&app, "abcde").await;
    let before = app.app.store.counts().written;
    let page = browser.begin("add", "").await;
    assert!(page.status.as_u16() == 422 && page.says("登録できるのは5つまでです"), "{}", page.text());
    assert_eq!(app.app.store.counts().written, before, "at the begin");
    // The fifth comes while another waits for its last code.
    app.addresses("abcd").await;
    let mut slow = logged_in(&app).await;
    proving(&app, &mut slow, "slow@example.jp").await;
    let (_, code) = app.confirmation().await;
    app.addresses("abcde").await;
    let page = slow.enter(CODE, &code).await;
    assert!(page.status.as_u16() == 422 && page.says("登録できるのは5つまでです"), "at the end: {}", page.text());
    assert_eq!(app.names(), ["a", "b", "c", "d", "e"]);
    assert_eq!(slow.get(CODE).await.location(), Some(LIST), "the flow is over");
    assert!(told(&app, "").await.is_empty());
}

#[tokio::test]
async fn an_address_that_is_registered_is_refused_however_it_is_spelt() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    for (act, which) in [("add", ""), ("change", "0")] {
        for typed in ["b@example.jp", "B@EXAMPLE.JP", "ｂ@example.jp", " b@example.jp "] {
            browser.begin(act, which).await;
            let page = browser.type_address(typed).await;
            assert_eq!(page.status.as_u16(), 422, "{act} {typed}");
            assert!(page.says("このメールアドレスはすでに登録されています。"), "{}", page.text());
        }
    }
    assert!(app.take_mails().await.is_empty());
    // And at the end, where another screen was faster.
    proving(&app, &mut browser, NEW).await;
    let (_, code) = app.confirmation().await;
    app.change_account(user(USER), |account: &mut Account| account.add_address(address(NEW)).unwrap()).await;
    let page = browser.enter(CODE, &code).await;
    assert!(page.status.as_u16() == 422 && page.says("このメールアドレスはすでに登録されています。"), "{}", page.text());
    assert_eq!(app.names(), ["a", "b", "new"]);
}

#[tokio::test]
async fn the_last_address_cannot_be_deleted_even_by_a_forged_form() {
    let app = TestApp::new();
    let mut browser = office(&app, "a").await;
    let before = app.app.store.counts().written;
    let page = browser.begin("delete", "0").await;
    assert!(page.status.as_u16() == 422 && page.says("最後の1つは削除できません"), "{}", page.text());
    assert_eq!(app.app.store.counts().written, before);
    // Begun with two, of which the other goes meanwhile.
    app.addresses("ab").await;
    browser.begin("delete", "0").await;
    browser.get(EDIT).await;
    browser.post(EDIT, &[]).await;
    let (_, otp) = app.otp().await;
    app.addresses("a").await;
    let page = browser.enter(OTP, &otp).await;
    assert!(page.status.as_u16() == 422 && page.says("最後の1つは削除できません"), "{}", page.text());
    assert_eq!(app.names(), ["a"]);
}

#[tokio::test]
async fn a_list_that_was_drawn_before_a_change_does_nothing() {
    let app = TestApp::new();
    let mut browser = office(&app, "abc").await;
    let revision = browser.get(LIST).await.value("revision").unwrap();
    app.addresses("xabc").await;
    let before = app.app.store.counts().written;
    let forged = |act: &'static str, which: &'static str, revision: &str| {
        [("act", act), ("which", which), ("contact", which), ("revision", revision)].map(|(name, value)| (name, value.to_owned()))
    };
    let now = browser.get(LIST).await.value("revision").unwrap();
    for fields in [
        forged("add", "", &revision),
        forged("delete", "1", &revision),
        forged("delete", "4", &now),
        forged("change", "-1", &now),
        forged("change", "99999999999999999999999", &now),
        forged("change", "", &now),
        forged("", "0", &now),
        forged("delete", "1", ""),
    ] {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for path in ["begin", "contact"] {
            // A place that is there, and the present revision, are a right choice of the contact.
            if path == "contact" && fields[2].1 == "0" {
                continue;
            }
            let page = browser.post(&format!("{LIST}/{path}"), &fields).await;
            assert_eq!(page.status.as_u16(), 422, "{path} {fields:?}");
            assert!(page.says("一覧が変わっています。"), "{path} {fields:?}: {}", page.text());
        }
    }
    assert_eq!(app.app.store.counts().written, before);
}

#[tokio::test]
async fn q20_the_contact_is_not_chosen_for_a_list_that_is_still_to_come() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    app.advance(SignedDuration::from_mins(10));
    let revision: u64 = browser.get(LIST).await.value("revision").unwrap().parse().unwrap();
    let coming = (revision + 1).to_string();
    let user_id = user(USER);
    let change = move |tx: &mut Tx<'_>| {
        let account = accounts::find(tx, user_id)?.unwrap();
        accounts::save(tx, &account).map(drop)
    };
    let contact = format!("{LIST}/contact");
    let page = behind(&app, change, browser.post(&contact, &[("contact", "1"), ("revision", &coming)])).await;
    assert!(page.status.as_u16() == 422 && page.says("一覧が変わっています。"), "{}", page.text());
    assert_eq!(app.names(), ["a", "b"], "nobody has entered the password");
}

#[tokio::test]
async fn a_contact_that_is_taken_away_meanwhile_decides_nothing_more() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    adding(&mut browser, NEW).await;
    let (_, otp) = app.otp().await;
    app.addresses("b").await;
    let page = browser.enter(OTP, &otp).await;
    assert!(page.status.as_u16() == 422 && page.says("一覧が変わっています。"), "{}", page.text());
    proving(&app, &mut browser, NEW).await;
    let (_, code) = app.confirmation().await;
    app.addresses("c").await;
    assert_eq!(browser.enter(CODE, &code).await.status.as_u16(), 422);
    assert_eq!(app.names(), ["c"]);
}
