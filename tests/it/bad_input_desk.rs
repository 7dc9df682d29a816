//! What staff may type wrongly: each form says it beside the field and on top, keeps the rest, and does nothing.

use uketsuke::kernel::Prefecture;
use uketsuke::reissue::{self, State};
use uketsuke::staff::{Role, Scope};

use crate::support::desk::{action, path, shown};
use crate::support::refusal::{MISSING, OF_PAGE, Sample};
use crate::support::reissue::{CONTACT, NUMBER, office};
use crate::support::staff::{PASSWORD, enrol, invite, shown_secret, step_before};
use crate::support::{TestApp, staff};

pub const LINE: &str = "500文字以内の1行で入力してください";

/// Too long for any sentence or reason.
pub fn long() -> String {
    "あ".repeat(501)
}

#[tokio::test]
async fn staff_login_and_its_code_name_what_is_missing() {
    let app = TestApp::new();
    let member = enrol(&app, "山田", Role::Clerk, Scope::One(Prefecture::new(7).unwrap())).await;
    let mut browser = app.browser();
    let form = Sample {
        shown_at: "/staff/login",
        sent_to: "/staff/login",
        good: &[("name", "山田"), ("password", PASSWORD)],
        secret: &["password"],
    };
    let endless = "山".repeat(2_000);
    let cases = [
        ("name", "", "職員名を入力してください"),
        ("name", MISSING, "職員名を入力してください"),
        ("name", "　\u{200B}", "職員名を入力してください"),
        ("name", "山\u{0}田", "職員名"),
        ("name", "山\r\n田", "職員名"),
        ("name", &endless, "職員名"),
        ("password", "", "パスワードを入力してください。"),
        ("password", MISSING, "パスワードを入力してください。"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    assert_eq!(form.goes_through(&mut browser).await.location(), Some("/staff/login/code"));
    let form = Sample { shown_at: "/staff/login/code", sent_to: "/staff/login/code", good: &[("code", "")], secret: &["code"] };
    let digits = "認証コードは6桁の数字で入力してください。";
    let cases = [
        ("code", "", "認証コードを入力してください。"),
        ("code", MISSING, "認証コードを入力してください。"),
        ("code", "12345", digits),
        ("code", "1234567", digits),
        ("code", "12345\u{0}", digits),
        ("code", "abcdef", digits),
        ("code", &endless, digits),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    let code = member.authenticator.code(app.clock.now());
    let wide: String = code.chars().map(|c| char::from_u32(c as u32 - '0' as u32 + '０' as u32).unwrap()).collect();
    assert_eq!(form.send(&mut browser, "code", &format!(" {wide} ")).await.location(), Some("/staff"));
}

#[tokio::test]
async fn enrolment_names_both_passwords_and_the_code() {
    let app = TestApp::new();
    let link = invite(&app, "山田", Role::Clerk, Scope::One(Prefecture::new(7).unwrap())).await;
    let mut browser = app.browser();
    browser.open(&link).await;
    let form = Sample {
        shown_at: "/staff/enrol",
        sent_to: "/staff/enrol",
        good: &[("new_password", PASSWORD), ("new_password_again", PASSWORD)],
        secret: &["new_password", "new_password_again"],
    };
    let endless = "kettle ".repeat(8_000);
    let cases = [
        ("new_password", "", "新しいパスワードを入力してください。"),
        ("new_password", MISSING, "新しいパスワードを入力してください。"),
        ("new_password", "kettle orbit", "15文字～64文字"),
        ("new_password", &endless, "15文字～64文字"),
        ("new_password", "aaaaaaaaaaaaaaaa", "よく使われる"),
        ("new_password_again", "", "もう一度入力してください。"),
        ("new_password_again", MISSING, "もう一度入力してください。"),
        ("new_password_again", "kettle orbit wax 48", "同じものを入力してください。"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    let page = browser.submit("/staff/enrol", &[("new_password", ""), ("new_password_again", "")]).await;
    assert!(
        page.says("新しいパスワードを入力してください") && page.says("もう一度入力してください"),
        "both at once: {}",
        page.text()
    );
    form.goes_through(&mut browser).await;
    let form = Sample { shown_at: "/staff/enrol/app", sent_to: "/staff/enrol/app", good: &[("code", "")], secret: &["code"] };
    let digits = "認証コードは6桁の数字で入力してください。";
    let cases = [
        ("code", "", "認証コードを入力してください。"),
        ("code", MISSING, "認証コードを入力してください。"),
        ("code", "12345", digits),
        ("code", "12345\u{0}", digits),
        ("code", &endless, digits),
        ("code", "000000", "認証コードが違います。"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    let authenticator = shown_secret(&browser.get("/staff/enrol/app").await);
    let code = authenticator.code(step_before(app.clock.now()));
    assert_eq!(form.send(&mut browser, "code", &code).await.location(), Some("/staff/enrol/done"));
}

#[tokio::test]
async fn the_window_names_what_is_wrong_with_a_slip() {
    let app = TestApp::new();
    app.in_ledger(7, NUMBER).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let new = format!("/staff/applications/new?q={NUMBER}");
    let form = Sample {
        shown_at: &new,
        sent_to: "/staff/applications/new",
        good: &[
            ("office", OF_PAGE),
            ("form", OF_PAGE),
            ("channel", "telephone"),
            ("name", "請求事業所A"),
            ("telephone", "03-0000-0000"),
            ("contact", CONTACT),
            ("contact_again", CONTACT),
            ("note", "施設長の佐藤様"),
        ],
        secret: &[],
    };
    let long = long();
    let control = "使えない文字（制御文字）が含まれています";
    let cases = [
        ("channel", "", "受付方法を選択してください。"),
        ("channel", MISSING, "受付方法を選択してください。"),
        ("channel", "fax", "受付方法を選択してください。"),
        ("note", "", "申し出た方の名前"),
        ("note", MISSING, "申し出た方の名前"),
        ("note", &long, "500文字以内"),
        ("note", "佐藤\u{0}様", control),
        ("name", &long, "500文字以内"),
        ("name", "請求\u{8}事業所", control),
        ("telephone", &long, "500文字以内"),
        ("telephone", "03\u{1b}0000", control),
        ("contact", "", "メールアドレスを入力してください。"),
        ("contact", "田中 <a@example.jp>", "「名前@ドメイン」の形で"),
        ("contact", "a@example.jp\nBcc: b@example.jp", "「名前@ドメイン」の形で"),
        ("contact", "介護@example.jp", "日本語などを含む"),
        ("contact_again", "", "一致しません"),
        ("contact_again", MISSING, "一致しません"),
        ("contact_again", "other@example.jp", "一致しません"),
    ];
    form.refuses(&app, &mut clerk, &cases).await;
    for typed in ["x", "", "１３１１１１１１１\u{0}"] {
        let before = app.app.store.counts().written;
        let page = form.send(&mut clerk, "office", typed).await;
        assert!(page.status.is_client_error(), "{typed:?}: {}", page.text());
        assert_eq!(app.app.store.counts().written, before, "{typed:?}");
    }
    // An import has dropped it meanwhile, or it stands in another federation's ledger: the slip stays filled.
    app.in_ledger(13, "1322222222").await;
    let gone = "この事業所番号は、この連合会の台帳にありません。";
    form.refuses(&app, &mut clerk, &[("office", "1399999999", gone), ("office", "1322222222", gone)]).await;
    let page = form.goes_through(&mut clerk).await;
    assert!(page.location().is_some_and(|place| place.ends_with("?done=entered")));
    app.take_mails().await;
}

#[tokio::test]
async fn the_moves_of_the_desk_name_their_field() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    let other = app.in_state(key, State::Received).await;
    app.take_mails().await;
    let mut approver = staff(&app, "承認", Role::Approver, 7).await;
    let (here, word, other_word, long) = (path(one.number), shown(&one), shown(&other), long());
    let bad = "500文字以内で、制御文字を含めずに";
    let (inquire, reject) = (action(one.number, "inquire"), action(one.number, "reject"));
    let form = Sample {
        shown_at: &here,
        sent_to: &inquire,
        good: &[
            ("move", "inquire"),
            ("shown", &word),
            ("inquire_reason", "other"),
            ("inquire_text", "お電話ください"),
            ("inquire_until", "2026-01-30"),
        ],
        secret: &["move", "shown"],
    };
    let day = "回答期限を 2026/01/31 のように入力してください。";
    let cases = [
        ("inquire_reason", "", "照会の理由を選択してください。"),
        ("inquire_reason", MISSING, "照会の理由を選択してください。"),
        ("inquire_reason", "nonsense", "照会の理由を選択してください。"),
        ("inquire_text", "", "申請者にお願いしたいことを入力してください。"),
        ("inquire_text", "\u{200B}　", "申請者にお願いしたいことを入力してください。"),
        ("inquire_text", &long, bad),
        ("inquire_text", "お電話\u{0}ください", bad),
        ("inquire_until", "", day),
        ("inquire_until", MISSING, day),
        ("inquire_until", "2026-02-30", day),
        ("inquire_until", "あさって", day),
        ("inquire_until", "99999999999999-1-1", day),
        ("inquire_until", "2026-01-19", "本日以降の日付"),
        ("inquire_until", "2062-01-30", "1年以内の日付"),
        ("inquire_until", "9999-12-31", "1年以内の日付"),
    ];
    assert_moves(&form, &app, &mut approver, &cases).await;
    let form = Sample {
        sent_to: &reject,
        good: &[("move", "reject"), ("shown", &word), ("reject_reason", "ledger"), ("reject_sentence", "一致しませんでした。")],
        ..form
    };
    let cases = [
        ("reject_reason", "", "却下の理由を選択してください。"),
        ("reject_reason", "nonsense", "却下の理由を選択してください。"),
        ("reject_sentence", "", "申請者への説明を入力してください。"),
        ("reject_sentence", MISSING, "申請者への説明を入力してください。"),
        ("reject_sentence", &long, bad),
        ("reject_sentence", "一致\u{1b}[31mしません", bad),
    ];
    assert_moves(&form, &app, &mut approver, &cases).await;
    let form =
        Sample {
            sent_to: &inquire, good: &[("move", "withdraw"), ("shown", &word), ("withdraw_note", "申し出による")], ..form
        };
    let cases = [
        ("withdraw_note", "", "取下げの理由を入力してください。"),
        ("withdraw_note", MISSING, "取下げの理由を入力してください。"),
        ("withdraw_note", &long, bad),
        ("withdraw_note", "申し\u{0}出", bad),
    ];
    assert_moves(&form, &app, &mut approver, &cases).await;
    let form = Sample {
        sent_to: &reject,
        good: &[("move", "approve"), ("shown", &word), ("duplicate_1", &other_word), ("duplicate_sentence", "重複です。")],
        secret: &["move", "shown", "duplicate_1"],
        ..form
    };
    let cases = [("duplicate_sentence", long.as_str(), bad), ("duplicate_sentence", "重\u{0}複", bad)];
    assert_moves(&form, &app, &mut approver, &cases).await;
    assert_eq!(app.application(one.number), one);
    assert_eq!(app.application(other.number), other);
    form.goes_through(&mut approver).await;
    assert_eq!((app.application(one.number).state, app.application(other.number).state), (State::Approved, State::Rejected));
    app.take_mails().await;
}

/// As [`Sample::refuses`]; hidden values of the move itself are the page's own and not typed.
async fn assert_moves(
    form: &Sample<'_>,
    app: &TestApp,
    browser: &mut crate::support::browser::Browser,
    cases: &[(&str, &str, &str)],
) {
    let form = Sample { secret: &[], ..*form };
    form.refuses(app, browser, cases).await;
}

#[tokio::test]
async fn a_form_that_is_none_of_the_desks_is_told_and_does_nothing() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    app.take_mails().await;
    let mut approver = staff(&app, "承認", Role::Approver, 7).await;
    approver.get(&path(one.number)).await;
    let word = shown(&one);
    for (mv, shown) in [
        ("nonsense", word.as_str()),
        ("", &word),
        ("take", ""),
        ("take", "U202601000001"),
        ("take", "x.y"),
        ("take", "U202601000009.1"),
    ] {
        for target in [action(one.number, "take"), action(one.number, "approve")] {
            let before = app.app.store.counts().written;
            let page = approver.post(&target, &[("move", mv), ("shown", shown)]).await;
            assert_eq!(page.status.as_u16(), 400, "{mv} {shown}: {}", page.text());
            assert!(page.says("送信された内容を読み取れませんでした。内容は登録されていません。"), "{}", page.text());
            assert_eq!(app.app.store.counts().written, before);
        }
    }
    assert_eq!(app.application(one.number), one);
}

#[tokio::test]
async fn the_office_page_names_what_is_wrong_with_postal_code_and_reason() {
    let app = TestApp::new();
    let key = office(7, NUMBER);
    app.office(&format!("KJ07{NUMBER}")).await;
    app.change_entry(key, |entry| entry.postal_code = String::new()).await;
    let mut approver = staff(&app, "承認", Role::Approver, 7).await;
    let here = format!("/staff/ledger/{NUMBER}");
    let (postal, disable, long) = (format!("{here}/postal-code"), format!("{here}/disable-password"), long());
    let form = Sample { shown_at: &here, sent_to: &postal, good: &[("postal_code", "960-8031")], secret: &[] };
    let told = "郵便番号は7桁の数字で入力してください（例 960-8031）。";
    let wrong = ["", MISSING, "960-803", "960-80311", "九六〇", "960-8031\u{0}", "96０-803x", &long]
        .map(|typed| ("postal_code", typed, told));
    form.refuses(&app, &mut approver, &wrong).await;
    let form = Sample { shown_at: &here, sent_to: &disable, good: &[("reason", "漏えい")], secret: &[] };
    let cases = [
        ("reason", "", "理由を入力してください。"),
        ("reason", MISSING, "理由を入力してください。"),
        ("reason", "\u{202E}", "理由を入力してください。"),
        ("reason", &long, LINE),
        ("reason", "漏\u{0}えい", LINE),
        ("reason", "漏\nえい", LINE),
    ];
    form.refuses(&app, &mut approver, &cases).await;
    let form = Sample {
        shown_at: &here, sent_to: &postal, good: &[("postal_code", "〒９６０ー８０３１\u{200B}")], secret: &[]
    };
    assert_eq!(form.goes_through(&mut approver).await.status.as_u16(), 303);
    assert!(!app.account(uketsuke::kernel::UserId::of(key)).password_disabled);
}

#[tokio::test]
async fn filters_and_searches_read_whatever_stands_in_the_address() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::Received).await;
    app.take_mails().await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let letter = "/staff/letters".to_owned();
    let long = "x".repeat(20_000);
    let words = "1+".repeat(10_000);
    for here in ["/staff/applications", "/staff/applications/new", "/staff/applications/count", "/staff/ledger", &letter] {
        for query in [
            "q=a&q=b&state=received&state=x&list=y&list=z&page=2&page=3&order=new&order=old",
            "q=%FF%FE%00&state=%00&page=-1&list=%80",
            "page=99999999999999999999&q=%E2%80%AE",
            "page=abc&since=abc&was=%F0",
            "&&==&%&%zz",
            &format!("q={long}&state={long}&page={long}"),
            &format!("q={words}"),
        ] {
            let page = clerk.get(&format!("{here}?{query}")).await;
            let status = page.status.as_u16();
            assert!(matches!(status, 200 | 303 | 422), "{here}?{}: {status} {}", &query[..query.len().min(60)], page.text());
        }
    }
    for public in ["/login", "/staff/login", "/lost"] {
        let page = app.browser().get(&format!("{public}?notice=a&notice=b&way=%00&way=%FF")).await;
        assert_eq!(page.status.as_u16(), 200, "{public}");
    }
    for gone in ["%00", "%FF", "..%2f..%2fetc", "%E3%81%82", &long] {
        for place in ["/staff/applications", "/staff/letters", "/staff/letters/batches", "/staff/ledger", "/notices"] {
            let page = clerk.get(&format!("{place}/{gone}")).await;
            assert!(page.status.is_client_error(), "{place}/{gone}: {}", page.status);
        }
    }
    let wide = "%EF%BC%B5".to_owned() + &one.number.to_string()[1..];
    assert!(clerk.get(&format!("/staff/applications?q={wide}")).await.says(&one.number.to_string()), "full-width is found");
    assert_eq!(app.app.store.read(|r| reissue::find(r, one.number)).unwrap().unwrap(), one);
}
