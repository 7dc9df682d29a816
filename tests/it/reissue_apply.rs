//! A1–A5: an application from the office number to the control number (spec 2, "Reissue applications").

use jiff::SignedDuration;
use uketsuke::accounts;
use uketsuke::notices;
use uketsuke::reissue::State;

use crate::support::TestApp;
use crate::support::reissue::{CONTACT, NUMBER, office};

#[tokio::test]
async fn reissue_from_the_office_number_to_the_control_number() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    let a1 = browser.get("/reissue").await;
    assert_eq!(a1.title(), "ログイン情報再発行申請");
    for label in ["事業所番号", "通知先メールアドレス", "通知先メールアドレス(確認用)", "代理人", "返信用封筒"]
    {
        assert!(a1.says(label), "{label}");
    }
    let a3 = browser.submit("/reissue", &[("number", NUMBER), ("contact", CONTACT), ("contact_again", CONTACT)]).await;
    assert_eq!(a3.title(), "確認コード入力");
    // Where it was sent, until what clock time, the four causes, the help with the sender's domain.
    for part in [CONTACT, "30分", "10:30まで", "受信制限", "迷惑メールフォルダ", "容量オーバー", "プロバイダ", "example.jp"]
    {
        assert!(a3.says(part), "{part}: {}", a3.text());
    }
    let code = app.code().await;
    let a4 = browser.submit("/reissue/code", &[("code", &code)]).await;
    assert_eq!(a4.title(), "送信確認");
    for part in [NUMBER, "請求事業所A", CONTACT, "東京都", "十分ご注意ください"] {
        assert!(a4.says(part), "{part}");
    }
    let a5 = browser.submit("/reissue/check", &[]).await;
    assert_eq!(a5.title(), "処理終了");
    // q55: reference number, what next and when, contact, a record to keep.
    for part in [
        "U202601000001",
        "ログイン情報再発行申請受領通知",
        "ご連絡する場合があります",
        "ログイン情報再発行申請結果通知",
        "事業所台帳に登録された住所",
        "返信用封筒",
        "数日から一週間",
        "数週間",
        "パスワードが漏れた",
        "0000-13-0000",
        "印刷する",
        "申請状況の確認",
    ] {
        assert!(a5.says(part), "q55 {part}: {}", a5.text());
    }
    let receipt = app.mail("ログイン情報再発行申請受領通知").await;
    assert_eq!(receipt.to, CONTACT);
    assert!(receipt.body.contains("U202601000001"));
}

#[tokio::test]
async fn q53_every_screen_marks_its_step() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    let now = |step: usize| format!("全5ステップ中、{step}ステップ目まで到達済み");
    assert!(browser.get("/reissue").await.says(&now(2)));
    assert!(browser.apply(NUMBER, CONTACT).await.status.is_redirection());
    assert!(browser.get("/reissue/code").await.says(&now(3)));
    let code = app.code().await;
    assert!(browser.submit("/reissue/code", &[("code", &code)]).await.says(&now(4)));
    assert!(browser.submit("/reissue/check", &[]).await.says(&now(5)));
    app.take_mails().await;
}

#[tokio::test]
async fn reissue_going_back_keeps_the_choice_and_what_was_typed_unchecked() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.get("/reissue").await;
    let fields = [("number", "13111"), ("contact", "half@"), ("contact_again", ""), ("back", "1")];
    let p4 = browser.submit("/reissue", &fields).await;
    assert_eq!(p4.title(), "パスワード等を紛失した方");
    assert!(p4.body.contains("value=\"letter\" aria-describedby=\"way-2-detail\" checked"), "{}", p4.body);
    let a1 = browser.get("/reissue").await;
    assert_eq!((a1.value("number").as_deref(), a1.value("contact").as_deref()), (Some("13111"), Some("half@")));
    assert_eq!(browser.get("/reissue/check").await.location(), Some("/reissue"), "nothing is begun by it");
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn reissue_a_number_in_no_ledger_is_said_at_once_and_sends_nothing() {
    let app = TestApp::new();
    let page = app.browser().apply(NUMBER, CONTACT).await;
    assert_eq!(page.status, 422);
    assert!(page.says("この事業所番号は、事業所台帳に登録がありません。"), "{}", page.text());
    assert_eq!(page.value("number").as_deref(), Some(NUMBER), "what was typed is kept");
    assert_eq!(page.value("contact").as_deref(), Some(CONTACT));
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn reissue_the_check_digit_warns_and_never_blocks() {
    let app = TestApp::new();
    app.in_ledger(19, "1999999999").await;
    let mut browser = app.browser();
    let a4 = browser.apply_to_check(&app, "1999999999", CONTACT).await;
    assert_eq!(a4.title(), "送信確認");
    assert!(a4.says("番号をお確かめください"), "{}", a4.text());
    browser.get("/reissue").await;
    assert!(browser.post("/reissue/number", &[("number", "1999999999")]).await.says("番号をお確かめください"));
    assert!(browser.post("/reissue/number", &[("number", NUMBER)]).await.says("登録がありません"));
}

#[tokio::test]
async fn reissue_errors_name_the_field_and_keep_what_was_typed() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    browser.get("/reissue").await;
    for (number, contact, again, sentence) in [
        ("", CONTACT, CONTACT, "事業所番号を入力してください。"),
        ("131", CONTACT, CONTACT, "10桁で入力してください"),
        (NUMBER, "", "", "メールアドレスを入力してください。"),
        (NUMBER, CONTACT, "other@example.jp", "通知先メールアドレスと一致しません"),
        (NUMBER, CONTACT, "", "(確認用)を入力してください"),
        (
            NUMBER,
            "a@example.jp\r\nBcc: b@example.jp",
            "a@example.jp\r\nBcc: b@example.jp",
            "メールアドレスの形が正しくありません",
        ),
    ] {
        let page = browser.post("/reissue", &[("number", number), ("contact", contact), ("contact_again", again)]).await;
        assert_eq!(page.status, 422, "{sentence}");
        assert!(page.says(sentence), "q39 {sentence}: {}", page.text());
        assert!(page.body.contains("<title>エラー: "), "q50");
        assert_eq!(page.value("contact_again").unwrap_or_default().replace("\r\n", " "), again.replace("\r\n", " "));
    }
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn q52_numbers_addresses_and_codes_are_typed_forgivingly() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    browser.get("/reissue").await;
    let typed =
        [("number", "１３-１１１１ １１１１"), ("contact", " ｊigyousho@example.jp"), ("contact_again", "Jigyousho@EXAMPLE.jp ")];
    assert_eq!(browser.post("/reissue", &typed).await.location(), Some("/reissue/code"));
    browser.get("/reissue/code").await;
    let code = app.code().await;
    let wide: String = code.chars().map(|c| char::from_u32(c as u32 - '0' as u32 + '０' as u32).unwrap()).collect();
    let spaced = format!(" {}-{} ", &wide[..6], &wide[6..]);
    assert_eq!(browser.post("/reissue/code", &[("code", &spaced)]).await.location(), Some("/reissue/check"));
}

/// Prefectures with a ledger entry, with an ID, and those that A2 lists.
const PREFECTURES: [(&[u8], &[u8], &[&str]); 6] = [
    (&[13], &[], &[]),
    (&[7, 13], &[], &["福島県", "東京都"]),
    (&[7, 13], &[13], &[]),
    (&[7, 13], &[7, 13], &["福島県", "東京都"]),
    (&[7, 13, 19], &[7, 19], &["福島県", "山梨県"]),
    (&[7], &[7, 13], &[]),
];

#[tokio::test]
async fn reissue_prefecture_is_asked_only_where_ids_or_else_entries_lie_in_several_federations() {
    for (entries, ids, listed) in PREFECTURES {
        let app = TestApp::new();
        for prefecture in entries {
            app.in_ledger(*prefecture, NUMBER).await;
        }
        for prefecture in ids {
            app.with_account(office(*prefecture, NUMBER), &[]).await;
        }
        let mut browser = app.browser();
        let next = browser.apply(NUMBER, CONTACT).await;
        if listed.is_empty() {
            assert_eq!(next.location(), Some("/reissue/code"), "{entries:?} {ids:?}");
            app.take_mails().await;
            continue;
        }
        assert_eq!(next.location(), Some("/reissue/prefecture"), "{entries:?} {ids:?}");
        assert!(app.take_mails().await.is_empty(), "no code before the prefecture is chosen");
        let a2 = browser.get("/reissue/prefecture").await;
        assert_eq!(a2.title(), "請求先都道府県選択");
        assert!(a2.says("全5ステップ中、2ステップ目まで到達済み"));
        let options = a2.body.matches("<option").count();
        assert_eq!(options, listed.len() + 1, "only those listed, and nothing chosen");
        for name in listed {
            assert!(a2.says(name));
        }
    }
}

#[tokio::test]
async fn reissue_the_chosen_prefecture_decides_the_federation() {
    let app = TestApp::new();
    for prefecture in [7, 13] {
        app.in_ledger(prefecture, NUMBER).await;
    }
    let mut browser = app.browser();
    browser.apply(NUMBER, CONTACT).await;
    browser.get("/reissue/prefecture").await;
    for not_listed in ["", "19", "xx"] {
        assert_eq!(browser.post("/reissue/prefecture", &[("prefecture", not_listed)]).await.status, 422);
    }
    assert_eq!(browser.post("/reissue/prefecture", &[("prefecture", "07")]).await.location(), Some("/reissue/code"));
    let code = app.code().await;
    browser.get("/reissue/code").await;
    assert!(browser.submit("/reissue/code", &[("code", &code)]).await.says("福島県"));
    let a2 = browser.get("/reissue/prefecture").await;
    assert!(a2.body.contains(r#"<option value="07" selected>"#), "変更 on A4 leads back to A2 as it was chosen");
    browser.submit("/reissue/check", &[]).await;
    assert!(app.mail("ログイン情報再発行申請受領通知").await.body.contains("福島県国保連合会（デモ）"));
}

#[tokio::test]
async fn reissue_a_double_send_makes_one_application() {
    let app = TestApp::new();
    let key = app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    browser.apply_to_check(&app, NUMBER, CONTACT).await;
    let (mut twin, mut third) = (browser.clone(), browser.clone());
    let (a, b, c) =
        tokio::join!(browser.post("/reissue/check", &[]), twin.post("/reissue/check", &[]), third.post("/reissue/check", &[]));
    for page in [a, b, c] {
        assert_eq!(page.location(), Some("/reissue/done"));
    }
    let all = app.app.store.read(|r| uketsuke::reissue::of_office(r, key, 9)).unwrap();
    assert_eq!((all.len(), all[0].state), (1, State::Received));
    assert_eq!(app.take_mails().await.len(), 1);
}

#[tokio::test]
async fn reissue_control_numbers_are_gap_free_and_restart_each_month() {
    let app = TestApp::new();
    let key = app.in_ledger(13, NUMBER).await;
    let other = app.in_ledger(7, "0710112863").await;
    let mut numbers = Vec::new();
    for key in [key, other, key] {
        numbers.push(app.applied(key, Some(CONTACT)).await.number.to_string());
    }
    // A failed attempt takes no number.
    let moment = app.app.moment();
    let failed: Result<(), uketsuke::store::StoreError> = app
        .app
        .store
        .write(move |tx| {
            let arrival = uketsuke::reissue::Arrival {
                office: key,
                contact: None,
                source: uketsuke::reissue::Source::Visitor,
                client: std::net::Ipv4Addr::LOCALHOST.into(),
            };
            uketsuke::reissue::receive(tx, &moment, &uketsuke::config::Limits::default(), arrival)?;
            Err(uketsuke::store::StoreError::Closed)
        })
        .await;
    assert!(failed.is_err());
    numbers.push(app.applied(key, Some(CONTACT)).await.number.to_string());
    // 2026-01-31 23:59 and 2026-02-01 00:01 in Japan.
    app.advance(SignedDuration::from_hours(11 * 24 + 13) + SignedDuration::from_mins(59));
    numbers.push(app.applied(key, Some(CONTACT)).await.number.to_string());
    app.advance(SignedDuration::from_mins(2));
    numbers.push(app.applied(key, Some(CONTACT)).await.number.to_string());
    app.take_mails().await;
    assert_eq!(numbers, ["U202601000001", "U202601000002", "U202601000003", "U202601000004", "U202601000005", "U202602000001"]);
}

#[tokio::test]
async fn reissue_the_office_hears_of_it_by_notice_and_at_its_registered_addresses() {
    let app = TestApp::new();
    let key = app.in_ledger(13, NUMBER).await;
    let user = app.with_account(key, &["notice@example.jp", "one@example.jp", "two@example.jp", "NOTICE@example.jp"]).await;
    let mut browser = app.browser();
    browser.apply_to_check(&app, NUMBER, "stranger@example.jp").await;
    browser.submit("/reissue/check", &[]).await;
    let mut told: Vec<_> = app.take_mails().await.into_iter().map(|mail| (mail.to.to_ascii_lowercase(), mail.subject)).collect();
    told.sort();
    let warning = "ログイン情報再発行申請がありました";
    assert_eq!(
        told,
        [
            ("notice@example.jp".to_owned(), warning.to_owned()),
            ("one@example.jp".to_owned(), warning.to_owned()),
            ("stranger@example.jp".to_owned(), "ログイン情報再発行申請受領通知".to_owned()),
            ("two@example.jp".to_owned(), warning.to_owned()),
        ]
    );
    let notices = app.app.store.read(|r| notices::of_office(r, user, 9)).unwrap();
    assert_eq!((notices.len(), notices[0].kind.as_str()), (1, "N-1"));
    assert!(notices[0].body.contains("str***@example.jp") && !notices[0].body.contains("stranger"), "{}", notices[0].body);
    assert!(notices[0].body.contains("U202601000001"));
}

#[tokio::test]
async fn reissue_an_office_without_an_id_may_apply_and_gets_no_account_by_that() {
    let app = TestApp::new();
    let key = app.in_ledger(13, NUMBER).await;
    app.applied(key, Some(CONTACT)).await;
    let account = app.app.store.read(|r| accounts::find(r, uketsuke::kernel::UserId::of(key))).unwrap();
    assert!(account.is_none());
    app.take_mails().await;
}
