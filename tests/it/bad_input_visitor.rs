//! What visitors and offices may type wrongly: each form says it beside the field and on top, keeps the rest, and does nothing.

use uketsuke::reissue::State;

use crate::support::office::{NEW_PASSWORD, NOBODY, PASSWORD, TEMPORARY, USER};
use crate::support::refusal::{MISSING, OF_PAGE, Sample};
use crate::support::reissue::{CONTACT, NUMBER, wrong};
use crate::support::{TestApp, browser::Browser};

const FORM: &str = "「名前@ドメイン」の形で";
const FOREIGN: &str = "日本語などを含むメールアドレスは使用できません";
const CHARACTERS: &str = "事業所番号に使えない文字が含まれています";

/// Wrong in any field for a mail address, whatever it is called.
const ADDRESSES: [(&str, &str); 11] = [
    ("tanaka", FORM),
    ("田中 <tanaka@example.jp>", FORM),
    ("\"田中\" <tanaka@example.jp>", FORM),
    ("tanaka@example.jp,suzuki@example.jp", FORM),
    ("tanaka@example.jp\r\nBcc: thief@example.com", FORM),
    ("tanaka\u{0}@example.jp", FORM),
    ("tanaka@example.jp\u{7f}x", FORM),
    ("介護@example.jp", FOREIGN),
    ("tanaka@介護.jp", FOREIGN),
    ("tanaka@例え\u{202E}.jp", FOREIGN),
    ("tanaka@-example.jp", FORM),
];

#[tokio::test]
async fn a1_names_what_is_wrong_with_number_and_addresses() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    let form = Sample {
        shown_at: "/reissue",
        sent_to: "/reissue",
        good: &[("number", NUMBER), ("contact", CONTACT), ("contact_again", CONTACT)],
        secret: &[],
    };
    let long = "1".repeat(50_000);
    let numbers = [
        ("", "事業所番号を入力してください。"),
        (MISSING, "事業所番号を入力してください。"),
        ("　", "事業所番号を入力してください。"),
        ("131111111", "10桁で入力してください"),
        ("13111111111", "10桁で入力してください"),
        (&long, "10桁で入力してください"),
        ("13１１１１１１", "10桁で入力してください"),
        ("131111111\u{0}", CHARACTERS),
        ("131111111\u{1b}", CHARACTERS),
        ("13O1111111", CHARACTERS),
        ("あいうえおかきくけこ", CHARACTERS),
        ("4811111111", "先頭2桁は都道府県番号（01～47）です"),
        ("1399999999", "事業所台帳に登録がありません"),
        ("１３９９９９９９９９", "事業所台帳に登録がありません"),
        ("' OR 1=1--", "10桁で入力してください"),
    ];
    let mut cases: Vec<(&str, &str, &str)> = numbers.iter().map(|(typed, told)| ("number", *typed, *told)).collect();
    let (name, domain) = (format!("{}@example.jp", "a".repeat(50_000)), format!("{}@example.jp", "a".repeat(65)));
    for (typed, told) in ADDRESSES.iter().copied().chain([
        ("", "通知先メールアドレスを入力してください。"),
        (MISSING, "通知先メールアドレスを入力してください。"),
        (name.as_str(), "254文字以内"),
        (domain.as_str(), "長すぎます"),
    ]) {
        cases.push(("contact", typed, told));
    }
    for (typed, told) in [
        ("", "通知先メールアドレス(確認用)を入力してください。"),
        (MISSING, "通知先メールアドレス(確認用)を入力してください。"),
        ("other@example.jp", "一致しません"),
        ("jigyousho@example.jp.", "一致しません"),
        ("田中 <jigyousho@example.jp>", "一致しません"),
        ("jigyousho@example.jp\r\nBcc: thief@example.com", "一致しません"),
    ] {
        cases.push(("contact_again", typed, told));
    }
    form.refuses(&app, &mut browser, &cases).await;
    assert!(app.take_mails().await.is_empty());
    form.goes_through(&mut browser).await;
    app.code().await;
}

#[tokio::test]
async fn what_nobody_sees_in_a_pasted_text_does_no_harm() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    browser.get("/reissue").await;
    let typed = [
        ("number", "\u{202A}13\u{200B}1111\u{FEFF}1111\u{202C}"),
        ("contact", "\u{200E}jigyousho@\u{200B}example.jp\u{2060}"),
        ("contact_again", CONTACT),
    ];
    let page = browser.post("/reissue", &typed).await;
    assert_eq!(page.location(), Some("/reissue/code"), "{}", page.text());
    let mail = app.mail("確認コード発行通知(介護保険)").await;
    assert_eq!(mail.to, CONTACT, "mail goes to what is seen");
}

#[tokio::test]
async fn of_a_field_sent_twice_the_first_counts() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    browser.get("/reissue").await;
    let twice = [
        ("number", NUMBER),
        ("number", "9999999999"),
        ("contact", CONTACT),
        ("contact", "thief@example.com"),
        ("contact_again", CONTACT),
        ("contact_again", "thief@example.com"),
    ];
    assert_eq!(browser.post("/reissue", &twice).await.location(), Some("/reissue/code"));
    assert_eq!(app.mail("確認コード発行通知(介護保険)").await.to, CONTACT);
}

#[tokio::test]
async fn a2_and_p4_ask_for_a_choice_of_theirs() {
    let app = TestApp::new();
    app.in_ledger(7, NUMBER).await;
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    let p4 = Sample { shown_at: "/lost", sent_to: "/lost", good: &[("way", "letter")], secret: &[] };
    let told = "メニューを選択してください。";
    let long = "x".repeat(10_000);
    p4.refuses(&app, &mut browser, &[("way", "", told), ("way", MISSING, told), ("way", "both", told), ("way", &long, told)])
        .await;
    p4.goes_through(&mut browser).await;
    assert_eq!(browser.apply(NUMBER, CONTACT).await.location(), Some("/reissue/prefecture"));
    let a2 =
        Sample { shown_at: "/reissue/prefecture", sent_to: "/reissue/prefecture", good: &[("prefecture", "13")], secret: &[] };
    let told = "請求先都道府県を選択してください。";
    let wrong = ["", MISSING, "99", "0", "東京都", "19", "13\u{0}"].map(|typed| ("prefecture", typed, told));
    a2.refuses(&app, &mut browser, &wrong).await;
    a2.goes_through(&mut browser).await;
    app.code().await;
}

/// What cannot be a code of so many digits costs no try.
async fn no_codes(app: &TestApp, browser: &mut Browser, path: &str, name: &str, digits: usize) {
    let form = Sample { shown_at: path, sent_to: path, good: &[("code", "")], secret: &["code"] };
    let (empty, form_told) = (format!("{name}を入力してください。"), format!("{name}は{digits}桁の数字で入力してください。"));
    let (short, long, endless) = ("1".repeat(digits - 1), "1".repeat(digits + 1), "1".repeat(50_000));
    let nul = format!("{}\u{0}", "1".repeat(digits - 1));
    let mut cases = vec![("code", "", empty.as_str()), ("code", MISSING, &empty), ("code", "　", &empty)];
    for typed in [short.as_str(), &long, &endless, &nul, "abcd", "１２三４", "+123", "12.4", "-1234-5-6-7"] {
        cases.push(("code", typed, &form_told));
    }
    form.refuses(app, browser, &cases).await;
}

#[tokio::test]
async fn a3_tells_an_empty_a_wrong_an_expired_and_a_used_code_apart() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    browser.apply(NUMBER, CONTACT).await;
    let code = app.code().await;
    no_codes(&app, &mut browser, "/reissue/code", "確認コード", 4).await;
    let form = Sample { shown_at: "/reissue/code", sent_to: "/reissue/code", good: &[("code", "")], secret: &["code"] };
    let page = form.send(&mut browser, "code", &wrong(&code)).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.says("あと4回入力できます"), "{}", page.text());
    let mut late = browser.clone();
    let page = form.send(&mut browser, "code", &code).await;
    assert_eq!(page.location(), Some("/reissue/check"));
    let page = late.submit("/reissue/code", &[("code", &code)]).await;
    assert_eq!(page.title(), "送信確認", "whoever has proven the address goes on from there");
    let other = "other@example.jp";
    let mut second = app.browser();
    second.apply(NUMBER, other).await;
    let code = app.code().await;
    app.advance(jiff::SignedDuration::from_secs(30 * 60 + 1));
    let page = form.send(&mut second, "code", &code).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.says("有効期間（30分）が過ぎました。再送のボタンを押して"), "{}", page.text());
}

#[tokio::test]
async fn a6_names_what_is_wrong_and_takes_forgiving_numbers() {
    let app = TestApp::new();
    let key = app.in_ledger(13, NUMBER).await;
    let one = app.in_state(key, State::Received).await;
    app.take_mails().await;
    let number = one.number.to_string();
    let mut browser = app.browser();
    let form = Sample {
        shown_at: "/status",
        sent_to: "/status",
        good: &[("control_number", &number), ("contact", CONTACT)],
        secret: &[],
    };
    let mut cases = vec![
        ("control_number", "", "管理番号を入力してください。"),
        ("control_number", MISSING, "管理番号を入力してください。"),
        ("contact", "", "通知先メールアドレスを入力してください。"),
        ("contact", MISSING, "通知先メールアドレスを入力してください。"),
    ];
    cases.extend(ADDRESSES.iter().map(|(typed, told)| ("contact", *typed, *told)));
    form.refuses(&app, &mut browser, &cases).await;
    for typed in ["U202601", "U20260100000100", "0", "Ｕ２０２６９９０００００１", "U202601000001\u{0}", &"U".repeat(50_000)]
    {
        let page = form.send(&mut browser, "control_number", typed).await;
        assert_eq!(page.status.as_u16(), 422);
        assert!(page.says("一致する申請がありません"), "{}", page.text());
    }
    let wide: String =
        number.chars().map(|c| char::from_u32(c as u32 - '0' as u32 + '０' as u32).unwrap()).collect::<String>() + "\u{200B}";
    assert_eq!(form.send(&mut browser, "control_number", &wide).await.location(), Some("/status/application"));
    browser.get("/status/withdraw").await;
    let ask = Sample { shown_at: "/status/withdraw", sent_to: "/status/withdraw", good: &[("number", OF_PAGE)], secret: &[] };
    assert_eq!(ask.goes_through(&mut browser).await.location(), Some("/status/withdraw/code"));
    app.take_mails().await;
    no_codes(&app, &mut browser, "/status/withdraw/code", "ワンタイムパスワード", 6).await;
    assert_eq!(app.application(one.number).state, State::Received);
}

#[tokio::test]
async fn the_login_form_names_an_empty_field_and_stays_calm_at_any_other_text() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    let form = Sample {
        shown_at: "/login",
        sent_to: "/login",
        good: &[("user_id", USER), ("password", PASSWORD)],
        secret: &["password"],
    };
    let cases = [
        ("user_id", "", "ユーザIDを入力してください。"),
        ("user_id", MISSING, "ユーザIDを入力してください。"),
        ("user_id", "　\t", "ユーザIDを入力してください。"),
        ("password", "", "パスワードを入力してください。"),
        ("password", MISSING, "パスワードを入力してください。"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    for typed in [NOBODY, "\u{0}", "KJ13\r\n", "' OR ''='", "\u{202E}KJ131311111111", &"K".repeat(50_000)] {
        let mut stranger = app.browser();
        let page = form.send(&mut stranger, "user_id", typed).await;
        let known = typed.contains(USER);
        assert_eq!(page.status.as_u16(), if known { 303 } else { 422 }, "{typed:?} {}", page.text());
        assert!(known || page.says("ログインできませんでした"), "{}", page.text());
    }
    for typed in [format!("{PASSWORD} "), format!("{PASSWORD}\u{0}"), format!("\u{200B}{PASSWORD}"), "x".repeat(50_000)] {
        let page = form.send(&mut app.browser(), "password", &typed).await;
        assert_eq!(page.status.as_u16(), 422, "a password is never touched: {}", page.text());
    }
    form.goes_through(&mut browser).await;
}

#[tokio::test]
async fn the_first_password_change_names_each_field() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.letter(user_id).await;
    let mut browser = app.browser();
    browser.log_in(USER, TEMPORARY).await;
    browser.open("/first-login").await;
    browser.submit("/first-login/warning", &[]).await;
    app.take_mails().await;
    let form = Sample {
        shown_at: "/first-login/password",
        sent_to: "/first-login/password",
        good: &[("current_password", TEMPORARY), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)],
        secret: &["current_password", "new_password", "new_password_again"],
    };
    let long = "aB3".repeat(20_000);
    let cases = [
        ("current_password", "", "現在のパスワードを入力してください。"),
        ("current_password", MISSING, "現在のパスワードを入力してください。"),
        ("current_password", PASSWORD, "現在のパスワードが違います"),
        ("current_password", "Abcd2345Efgh6789\u{0}", "現在のパスワードが違います"),
        ("new_password", "", "パスワード"),
        ("new_password", MISSING, "パスワード"),
        ("new_password", "mV8#trc", "8"),
        ("new_password", &long, "16"),
        ("new_password", "mV8#tr\u{0}w2", "見えない文字は使えません"),
        ("new_password", "mV8#tr\nw2Kq", "見えない文字は使えません"),
        ("new_password", "ｍＶ８＃ｔｒｃｗ", "「ｍ」は使えません"),
        ("new_password_again", "", "新しいパスワード(確認用)を入力してください。"),
        ("new_password_again", MISSING, "新しいパスワード(確認用)を入力してください。"),
        ("new_password_again", "mV8#trcw2Kq ", "同じものを入力してください"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    assert_eq!(form.goes_through(&mut browser).await.location(), Some("/first-login/done"));
    app.take_mails().await;
}
