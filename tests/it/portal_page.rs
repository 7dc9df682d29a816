//! マイページ: what a user sees and changes of their own – profile, password, devices.

use jiff::SignedDuration;
use uketsuke::accounts::LastLogin;
use uketsuke::audit::{self, Actor, Event};
use uketsuke::kernel::Id;
use uketsuke::portal::{self, Member, User};
use uketsuke::security::devices;
use uketsuke::security::sessions::{self, OpenSession, Subject};
use uketsuke::store::{Reads as _, Span, Table};

use crate::bad_input_twice::at_once;
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::office::USER;
use crate::support::portal::{Main, PORTAL_PASSWORD};

pub const HOME: &str = "/portal/my";
const PROFILE: &str = "/portal/my/profile";
const PASSWORD: &str = "/portal/my/password";
const NEW: &str = "gentle Lantern 82";

/// A care office with its main user, in a browser at マイページ.
pub async fn house(app: &TestApp) -> (Main, Browser) {
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let browser = at(app, &main.user, &main.member).await;
    (main, browser)
}

/// A browser in which this user works at this place.
pub async fn at(app: &TestApp, user: &User, place: &Member) -> Browser {
    let mut browser = app.browser();
    browser.portal(app, user, place).await;
    assert_eq!(browser.get(HOME).await.status.as_u16(), 200);
    browser
}

/// A member in a browser of their own.
pub async fn member_at(app: &TestApp, member: &Member) -> Browser {
    at(app, &app.portal_user(member.user), member).await
}

/// The member as it is now.
pub fn member(app: &TestApp, id: Id) -> Option<Member> {
    app.app.store.read(|r| portal::member(r, id)).unwrap()
}

/// Addresses of the mails of this subject, in order; the text is looked for in each.
pub async fn told(app: &TestApp, subject: &str, text: &str) -> Vec<String> {
    let mails = app.take_mails().await;
    let of_kind = mails.iter().filter(|mail| mail.subject == subject);
    let mut told: Vec<String> = of_kind
        .map(|mail| {
            assert!(mail.body.contains(text), "{text}: {}", mail.body);
            mail.to.clone()
        })
        .collect();
    told.sort();
    told
}

pub const CHANGED: &str = "介護情報基盤ポータル 登録変更のお知らせ";

/// A session on a device that the login knows and that goes without the one-time password.
pub async fn on_a_device(app: &TestApp, main: &Main, agent: &str, n: u8) -> (Browser, Id) {
    let (moment, device) = (app.app.moment(), Id::from_bytes([n; 16]));
    let (user, place, agent) = (main.user.id, main.member.id, agent.to_owned());
    let token = app
        .write(move |tx| {
            devices::remember(tx, &portal::device_owner(user), device, moment.now)?;
            devices::remember(tx, &portal::trusted_owner(user), device, moment.now)?;
            let with = OpenSession {
                address: "203.0.113.7".to_owned(),
                device: Some(device),
                limited: false,
                agent: agent.clone(),
                place: Some(place),
            };
            sessions::open(tx, &moment, Subject::Portal(user), &with)
        })
        .await;
    let mut browser = app.browser();
    browser.cookies.insert("portal".to_owned(), token.expose().to_owned());
    assert_eq!(browser.get(HOME).await.status.as_u16(), 200);
    (browser, device)
}

/// Whether the device is known to the lock-out, and whether it goes without the one-time password.
pub fn promises(app: &TestApp, user: Id, device: Id) -> (bool, bool) {
    let owners = [portal::device_owner(user), portal::trusted_owner(user)];
    let [known, trusted] = owners.map(|who| app.app.store.read(|r| devices::is_known(r, &who, device)).unwrap());
    (known, trusted)
}

pub fn actions(app: &TestApp, main: &Main) -> Vec<String> {
    let subject = portal::audit_subject(main.institution.id);
    let entries = app.app.store.read(|r| audit::about(r, &subject, 99)).unwrap();
    entries.into_iter().map(|entry| entry.action).collect()
}

#[tokio::test]
async fn my_page_shows_who_one_is_who_else_is_and_all_that_can_be_changed() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let additional = app.portal_additional(&main, 1).await;
    let page = browser.get(HOME).await;
    assert_eq!(page.title(), "マイページ");
    for told in ["請求事業所A", "佐藤 花子", "サトウ ハナコ", "03-1234-5678", "主たる利用者", "2/5名", "追加 1郎", "追加の利用者"]
    {
        assert!(page.says(told), "{told}: {}", page.text());
    }
    assert!(page.says("利用中") && page.says("kj1***@portal.example.jp") && page.says("tsu***@portal.example.jp"));
    assert!(!page.body.contains(&main.mail), "addresses are masked");
    for path in ["profile", "mail", "password", "devices"] {
        let path = format!("{HOME}/{path}");
        assert!(page.body.contains(&format!("href=\"{path}\"")), "{path}");
        assert_eq!(browser.get(&path).await.status.as_u16(), 200, "{path}");
    }
    assert!(page.body.contains("href=\"/portal/my/steps\"") && page.says("利用準備"));
    let of_other = format!("href=\"{HOME}/users/{}\"", additional.id);
    assert!(page.body.contains(&of_other) && page.body.contains("href=\"/portal/my/users/new\""));
    // An additional user sees the same list, and manages nobody but themselves.
    let mut theirs = member_at(&app, &additional).await;
    let page = theirs.get(HOME).await;
    assert!(page.says("2/5名") && page.says("佐藤 花子") && page.body.contains(&of_other), "{}", page.text());
    assert!(!page.body.contains(&main.member.id.to_string()) && !page.body.contains("/portal/my/users/new"));
}

#[tokio::test]
async fn whoever_belongs_to_several_institutions_is_offered_the_others() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    assert!(!browser.get(HOME).await.says("切り替える"));
    let other = app.medical(crate::support::portal::CODE).await;
    let (moment, keys, by) = (app.app.moment(), app.app.keys.clone(), other.member.clone());
    let (person, mail) = (main.member.person.clone(), main.user.mail.clone());
    app.write(move |tx| portal::add_member(tx, &moment, &keys, by.institution, person.clone(), mail.clone(), &by)).await.unwrap();
    app.take_mails().await;
    let page = browser.get(HOME).await;
    assert!(page.says("架空クリニック") && page.body.contains("action=\"/portal/my/place\""), "{}", page.text());
    assert!(browser.get("/portal/my/mail").await.says("すべての事業所・医療機関で"));
}

#[tokio::test]
async fn refused_logins_are_told_and_a_right_password_among_them_warns() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    assert!(!browser.get(HOME).await.says("ログインできなかった記録"));
    let subject = portal::refused_subject(&portal::door(&app.app.keys, &main.mail));
    for (outcome, warns) in [("wrong", false), ("waits_for_code", false), ("code_wrong", true)] {
        let (moment, subject) = (app.app.moment(), subject.clone());
        app.write(move |tx| {
            let event = Event::new(Actor::Visitor, "portal.login").outcome(outcome).subject(&subject);
            audit::record(tx, &moment, event.client("203.0.113.77"))
        })
        .await;
        app.advance(SignedDuration::from_mins(1));
        let page = browser.get(HOME).await;
        assert!(page.says("パスワードの誤り") && page.says("203.0.113.*"), "{}", page.text());
        assert_eq!(page.says("正しいパスワードを入力したのに"), warns, "{outcome}");
    }
    // One's own slip: the same machine came in soon after.
    let (user, from) = (app.portal_user(main.user.id), "203.0.113.77".to_owned());
    let last_login = Some(LastLogin { at: app.clock.now(), from, agent: String::new() });
    app.write(move |tx| portal::save_user_quietly(tx, &User { last_login: last_login.clone(), ..user.clone() })).await;
    let page = browser.get(HOME).await;
    assert!(page.says("ワンタイムパスワードの誤り") && !page.says("正しいパスワードを入力したのに"), "{}", page.text());
    app.advance(SignedDuration::from_hours(24 * 31));
    let mut later = at(&app, &main.user, &main.member).await;
    assert!(!later.get(HOME).await.says("ログインできなかった記録"), "after a month");
}

fn profile<'a>(shown: &'a str, name: &'a str, kana: &'a str) -> Vec<(&'a str, &'a str)> {
    let rest = [("telephone", "０９０-1234-5678"), ("department", "総務"), ("occupation", "看護師")];
    [&[("shown", shown), ("name", name), ("kana", kana)][..], &rest].concat()
}

#[tokio::test]
async fn the_profile_is_changed_and_a_form_of_before_changes_nothing() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let page = browser.get(PROFILE).await;
    assert_eq!((page.title().as_str(), page.value("name").as_deref()), ("登録情報の変更", Some("佐藤 花子")));
    let shown = page.value("shown").unwrap();
    let page = browser.post(PROFILE, &profile(&shown, "高橋 花子", "タカハシ　はなこ")).await;
    assert_eq!(page.location(), Some("/portal/my?notice=profile"));
    assert!(browser.get("/portal/my?notice=profile").await.says("登録情報を変更しました"));
    let person = member(&app, main.member.id).unwrap().person;
    assert_eq!([&person.name, &person.kana, &person.telephone], ["高橋 花子", "タカハシ ハナコ", "090-1234-5678"]);
    let page = browser.post(PROFILE, &profile(&shown, "鈴木 花子", "スズキ ハナコ")).await;
    assert!(page.status.as_u16() == 409 && page.says("今回の変更は行っていません"), "{}", page.text());
    assert_eq!(page.value("name").as_deref(), Some("鈴木 花子"), "what was typed stays");
    assert!(page.says("高橋 花子"), "and what is there now is shown: {}", page.text());
    assert_eq!(member(&app, main.member.id).unwrap().person, person);
    let again = browser.post(PROFILE, &profile(&page.value("shown").unwrap(), "鈴木 花子", "スズキ ハナコ")).await;
    assert_eq!(again.status.as_u16(), 303, "with the state of now it is taken");
    assert_eq!(actions(&app, &main), ["portal.profile", "portal.profile"]);
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn a_profile_that_does_not_fit_is_refused_field_by_field() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let shown = browser.get(PROFILE).await.value("shown").unwrap();
    let long = "あ".repeat(41);
    for (field, typed, sentence) in [
        ("name", "", "氏名を入力してください。"),
        ("name", long.as_str(), "氏名は40文字以内で入力してください。"),
        ("kana", "佐藤", "氏名カナは、カタカナで入力してください。"),
        ("telephone", "031234567", "電話番号は、0から始まる10桁または11桁"),
        ("telephone", "090-1234-56789", "電話番号は、0から始まる10桁または11桁"),
        ("department", "", "部署を入力してください。"),
    ] {
        let mut fields = profile(&shown, "佐藤 花子", "サトウ");
        fields.retain(|(name, _)| *name != field);
        fields.push((field, typed));
        let page = browser.post(PROFILE, &fields).await;
        assert!(page.status.as_u16() == 422 && page.says(sentence), "{field} {typed}: {}", page.text());
        assert!(page.body.contains(&format!("href=\"#{field}\"")) && page.body.contains("エラー: "), "{field}");
    }
    assert_eq!(member(&app, main.member.id).unwrap().person, main.member.person);
}

fn fields<'a>(current: &'a str, new: &'a str) -> [(&'a str, &'a str); 3] {
    [("current_password", current), ("new_password", new), ("new_password_again", new)]
}

#[tokio::test]
async fn q7_a_portal_user_names_the_present_password_also_a_moment_after_the_login() {
    let app = TestApp::new();
    let (main, _) = house(&app).await;
    // The first password and the login were not at the same instant.
    app.advance(SignedDuration::from_mins(1));
    let mut browser = at(&app, &main.user, &main.member).await;
    browser.get(PASSWORD).await;
    for (current, told) in [("", "現在のパスワードを入力してください。"), ("wrong", "現在のパスワードが違います。")]
    {
        let page = browser.post(PASSWORD, &fields(current, NEW)).await;
        assert!(page.status.as_u16() == 422 && page.says(told) && !page.body.contains(NEW), "{}", page.text());
    }
    assert_eq!(browser.get("/portal/my/password/done").await.location(), Some(HOME), "nothing was done");
    assert_eq!(browser.post(PASSWORD, &fields(PORTAL_PASSWORD, NEW)).await.location(), Some("/portal/my/password/done"));
    let page = browser.get("/portal/my/password/done").await;
    assert!(page.title() == "処理終了" && page.says("パスワードを変更しました"), "{}", page.text());
    assert!(!page.says("パスキー"));
    app.passkey(Subject::Portal(main.user.id)).await;
    for (path, told) in
        [("/portal/my/password/done", "登録されているパスキー（1件）は"), ("/portal/my/devices", "その端末のパスキーで")]
    {
        let page = browser.get(path).await;
        assert!(page.says(told) && page.body.contains("href=\"/portal/my/passkeys\""), "{path}: {}", page.text());
    }
    assert_eq!(told(&app, CHANGED, "パスワードが変更されました。").await, *std::slice::from_ref(&main.mail));
    // The new one is the present one now.
    browser.get(PASSWORD).await;
    assert!(browser.post(PASSWORD, &fields(PORTAL_PASSWORD, "quiet Harbor 33")).await.says("現在のパスワードが違います。"));
    let page = browser.post(PASSWORD, &fields(NEW, NEW)).await;
    assert!(page.status.as_u16() == 422 && page.says("現在のパスワードと同じものは使えません"), "{}", page.text());
    assert!(actions(&app, &main).contains(&"portal.password".to_owned()));
}

#[tokio::test]
async fn q1_q4_a_portal_password_has_8_to_64_characters_and_nothing_easily_guessed() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    assert!(browser.get(PASSWORD).await.says("8文字以上64文字以下"));
    let long = "x K4pq9wzR".repeat(7);
    let own = format!("{} 47", main.mail.split('@').next().unwrap());
    for (new, told) in [
        ("xK4pq9w", "8文字～64文字"),
        (&long[..65], "8文字～64文字"),
        ("password1", "よく使われるパスワード"),
        (own.as_str(), "推測されやすい言葉"),
    ] {
        let page = browser.post(PASSWORD, &fields(PORTAL_PASSWORD, new)).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{new}: {}", page.text());
    }
    let page = browser.post(PASSWORD, &fields(PORTAL_PASSWORD, &long[..64])).await;
    assert_eq!(page.status.as_u16(), 303, "no rule of composition, and nothing is cut: {}", page.text());
    app.take_mails().await;
}

#[tokio::test]
async fn q33_a_new_portal_password_ends_the_others_and_what_they_were_spared() {
    let app = TestApp::new();
    let (main, _) = house(&app).await;
    let (mut own, here) = on_a_device(&app, &main, "Firefox（Windows）", 1).await;
    let (mut other, there) = on_a_device(&app, &main, "Safari（iPhone）", 2).await;
    let before = own.clone();
    own.get(PASSWORD).await;
    assert_eq!(own.post(PASSWORD, &fields(PORTAL_PASSWORD, NEW)).await.status.as_u16(), 303);
    assert_ne!(before.cookies["portal"], own.cookies["portal"]);
    assert_eq!(own.get(HOME).await.status.as_u16(), 200);
    for gone in [&mut other, &mut before.clone()] {
        assert_eq!(gone.get(HOME).await.location(), Some("/portal/login?notice=ended"));
    }
    assert_eq!(promises(&app, main.user.id, here), (true, true));
    assert_eq!(promises(&app, main.user.id, there), (true, false), "asked for the one-time password again");
    assert_eq!(own.get("/portal/my/password/done").await.status.as_u16(), 200);
    app.take_mails().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clicks_change_the_portal_password_once() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    browser.get(PASSWORD).await;
    let pages = at_once(4, &browser, PASSWORD, &fields(PORTAL_PASSWORD, NEW)).await;
    let done = pages.iter().filter(|page| page.location() == Some("/portal/my/password/done")).count();
    assert_eq!(done, 1, "{pages:?}");
    assert_eq!(told(&app, CHANGED, "パスワードが変更されました。").await, [main.mail]);
}

#[tokio::test]
async fn q16_five_wrong_present_passwords_end_the_session_of_the_portal() {
    let app = TestApp::new();
    let (_, mut browser) = house(&app).await;
    browser.get(PASSWORD).await;
    for _ in 0..4 {
        assert!(browser.post(PASSWORD, &fields("wrong", NEW)).await.says("現在のパスワードが違います。"));
    }
    assert_eq!(browser.post(PASSWORD, &fields("wrong", NEW)).await.location(), Some("/portal/login?notice=reauth"));
    let hashes = app.app.hasher.count();
    assert_eq!(browser.post(PASSWORD, &fields(PORTAL_PASSWORD, NEW)).await.location(), Some("/portal/login?notice=form"));
    assert_eq!(app.app.hasher.count(), hashes, "no sixth is looked at, though right");
}

#[tokio::test]
async fn what_portal_users_have_typed_is_cleaned_away_after_a_day() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    let (_, mut browser) = house(&app).await;
    for (path, fields) in [
        ("/portal/my/users/new", [("name", "途中"), ("back", "my")]),
        ("/portal/my/mail", [("mail_address", "half@exa"), ("back", "my")]),
    ] {
        browser.get(path).await;
        assert_eq!(browser.post(path, &fields).await.location(), Some(HOME), "nothing is looked at");
        let shown = browser.get(path).await.value(fields[0].0);
        assert_eq!(shown.as_deref(), Some(fields[0].1), "and it is still there");
    }
    let rows = |app: &TestApp| {
        let count = |name: &'static str| {
            let table: Table<[u8; 32], serde::de::IgnoredAny> = Table::new(name);
            app.app.store.read(|r| r.count(&table, &Span::all(), 9)).unwrap()
        };
        (count("portal_user_flows"), count("portal_mail_flows"))
    };
    app.advance(SignedDuration::from_hours(23));
    app.run_jobs().await;
    assert_eq!(rows(&app), (1, 1));
    app.advance(SignedDuration::from_hours(2));
    app.run_jobs().await;
    assert_eq!(rows(&app), (0, 0));
}
