use super::*;

fn now() -> ServerTime {
    ServerTime { hms: "12:47:46".to_owned(), epoch_ms: 1_767_000_000_000 }
}

const STEPS: [&str; 5] = ["パスワード等を紛失した方", "ログイン情報再発行申請", "確認コード入力", "送信確認", "終了"];

fn desks() -> Vec<HelpDesk> {
    vec![
        HelpDesk {
            kind: DeskKind::System,
            prefecture: None,
            name: "ヘルプデスク".to_owned(),
            telephone: "0570-059-402".to_owned(),
            hours: "平日 9時から17時まで".to_owned(),
        },
        HelpDesk {
            kind: DeskKind::Federation,
            prefecture: crate::kernel::Prefecture::new(7),
            name: "福島県国民健康保険団体連合会".to_owned(),
            telephone: "024-000-0000".to_owned(),
            hours: String::new(),
        },
    ]
}

#[test]
fn q53_steps_say_how_far_one_has_come() {
    let now = now();
    let text = Page::new("確認コード入力", Shell::Visitor, Clock::At(&now), &[]).steps(&STEPS, 3).render(html! {}).into_string();
    assert!(text.contains("全5ステップ中、3ステップ目まで到達済み"));
    assert_eq!(text.matches(r#"aria-current="step""#).count(), 1);
}

#[test]
fn q50_title_is_prefixed_on_errors_only() {
    let now = now();
    let page = Page::new("ログイン", Shell::Visitor, Clock::At(&now), &[]);
    let fine = page.clone().render(html! {}).into_string();
    let refused = page.error(true).render(html! {}).into_string();
    assert!(fine.contains("<title>ログイン | 電子請求受付システム</title>"));
    assert!(refused.contains("<title>エラー: ログイン | 電子請求受付システム</title>"));
}

#[test]
fn q56_help_of_other_prefectures_is_left_out_where_one_is_known() {
    let (now, desks) = (now(), desks());
    let page = |number| {
        let page = Page::new("通知書", Shell::Visitor, Clock::At(&now), &desks);
        page.help_of(crate::kernel::Prefecture::new(number).unwrap()).render(html! {}).into_string()
    };
    assert!(page(7).contains("024-000-0000") && page(7).contains("0570-059-402"));
    assert!(!page(13).contains("024-000-0000") && page(13).contains("0570-059-402"));
}

#[test]
fn q56_help_comes_last_and_keeps_the_two_desks_apart() {
    let now = now();
    let desks = desks();
    for shell in [Shell::Bare, Shell::Visitor, Shell::PortalVisitor] {
        let text = Page::new("題", shell, Clock::At(&now), &desks).render(html! {}).into_string();
        let main = text.find("</main>").expect("main");
        let system = text.find("操作についてのお問い合わせ").expect("system desk");
        let own = text.find("申請・事業所台帳についてのお問い合わせ").expect("federation");
        assert!(main < system && system < own);
        assert!(text.contains(r#"href="tel:0570059402""#));
    }
}

#[test]
fn pages_of_the_portal_bear_its_name_and_lead_to_its_front() {
    let now = now();
    let logout = Logout { action: "/portal/logout", csrf: "t" };
    let menu = [NavItem { label: "マイページ", href: "/portal/my", current: true, count: None }];
    let draw = |shell| Page::new("マイページ", shell, Clock::At(&now), &[]).render(html! {}).into_string();
    let inside = |institution, menu| draw(Shell::Portal { institution, person: "佐藤 花子", menu, logout });
    for text in [draw(Shell::PortalVisitor), inside("さくら介護センター", &menu), inside("", &[])] {
        assert!(text.contains("<title>マイページ | 介護情報基盤ポータル</title>"));
        assert!(text.contains(r#"<a class="brand" href="/portal">"#) && !text.contains("電子請求受付システム"));
    }
    let text = inside("さくら介護センター", &menu);
    assert!(text.contains("さくら介護センター") && text.contains("佐藤 花子"));
    assert_eq!(text.matches("ログアウト").count(), 1);
    let waiting = inside("", &[]);
    assert!(waiting.contains("ログアウト") && !waiting.contains(r#"class="menu""#) && !waiting.contains("who-name"));
}

#[test]
fn q36_nothing_inline_and_every_asset_exists() {
    let now = now();
    let logout = Logout { action: "/staff/logout", csrf: "t" };
    let shell = Shell::Staff { name: "佐藤", role: "受付担当", federation: "福島県", own: None, menu: &[], logout };
    let end = SessionEnd { epoch_ms: 1, extend: "/session/extend", csrf: "t" };
    let text = Page::new("受付一覧", shell, Clock::At(&now), &desks()).session(end).render(html! {}).into_string();
    assert!(!text.contains("style=") && !text.contains("onclick") && !text.contains("javascript:"));
    assert!(!text.contains("/assets/absent"));
    for open in text.split("<script").skip(1) {
        assert!(open.starts_with(" src="), "inline script: {open:.40}");
    }
    let config = HTMX_CONFIG;
    let config: serde_json::Value = serde_json::from_str(config).expect("htmx-config is JSON");
    assert_eq!(config["allowEval"], false);
}

#[test]
fn clock_is_filled_into_a_kept_page_once() {
    let kept = Page::new("トップメニュー", Shell::Visitor, Clock::Marker, &[]).render(html! {}).into_string();
    assert_eq!(kept.matches(CLOCK_MARKER).count(), 1);
    let filled = Unclocked::new(&kept).at(&now());
    assert!(filled.contains(r#"<time data-clock="1767000000000">12:47:46</time>"#));
    assert!(!filled.contains(CLOCK_MARKER));
}
