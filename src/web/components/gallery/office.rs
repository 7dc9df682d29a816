//! Screens of an office that has logged in.

use maud::{Markup, html};

use super::{desks, now};
use crate::web::components::*;
use crate::web::layout::{Clock, Logout, NavItem, Page, SessionEnd, Shell};

const MENU: [&str; 8] = ["お知らせ", "照会一覧", "FAQ", "マニュアル", "ダウンロード", "証明書", "介護DX証明書", "ユーザ情報変更"];

pub(super) fn pages() -> Vec<(&'static str, Markup)> {
    vec![("f3-password", first_password()), ("m2-list", list()), ("m2-empty", empty())]
}

fn office<'a>(menu: &'a [NavItem<'a>]) -> Shell<'a> {
    let logout = Logout { action: "/logout", csrf: "t" };
    Shell::Office { office_name: "請求事業所A 訪問介護ステーション", user_id: "KJ071311111111", menu, logout }
}

fn first_password() -> Markup {
    let (now, desks) = (now(), desks());
    let steps = ["パスワード変更", "メールアドレス設定", "セキュリティ用メールアドレス設定", "確認コード入力", "終了"];
    let end = SessionEnd { epoch_ms: now.epoch_ms + 1_800_000, extend: "/session/extend", csrf: "t" };
    let rules = [
        PasswordRule::Length { min: 8, max: 16 },
        PasswordRule::Letter,
        PasswordRule::Digit,
        PasswordRule::Symbols("!#$%&()*+,-./:;<=>?@[]^_`{|}~"),
        PasswordRule::Not("KJ071311111111"),
        PasswordRule::SameAs("again"),
    ];
    Page::new("パスワード変更", office(&[]), Clock::At(&now), &desks).steps(&steps, 1).session(end).render(html! {
        p.lead { "仮パスワードと新しいパスワードを入力し、【変更】ボタンを押してください。" }
        (form("/first/password", "t", html! {
            (password_field("current", "現在のパスワード").required().autocomplete("current-password").support("通知書に書かれた仮パスワード(16桁)"))
            (password_field("new", "新しいパスワード").required().autocomplete("new-password"))
            (password_field("again", "新しいパスワード(確認用)").required().autocomplete("new-password"))
            (password_rules("new", &rules)) (suggest_password(&["new", "again"]))
            (checkbox("skip", "セキュリティ用メールアドレスを登録せずにログインする", false)
                .support("2026年01月31日まで、登録せずにログインできます。"))
            (ButtonRow::forward("変更").back(Back::Link("/first/warning")))
        }))
    })
}

fn with_menu(title: &str, body: Markup) -> Markup {
    let (now, desks) = (now(), desks());
    let menu: Vec<NavItem<'_>> = MENU
        .iter()
        .map(|label| NavItem { label, href: "#main", current: *label == title, count: (*label == "お知らせ").then_some(2) })
        .collect();
    Page::new(title, office(&menu), Clock::At(&now), &desks).render(body)
}

fn list() -> Markup {
    let columns =
        [Column::Head("管理番号"), Column::Text("種類"), Column::Short("申請日"), Column::Text("状態"), Column::Text("ファイル")];
    let mut table = DataTable::new("照会一覧", &columns);
    for (number, state, tone) in
        [("U202601000012", "審査中", Tone::Active), ("U202601000001", "発送済", Tone::Good), ("U202512000007", "却下", Tone::Bad)]
    {
        table.push(vec![
            html! { a href="#main" { (number) } },
            html! { "ログイン情報再発行申請" },
            html! { "2026/01/06" },
            badge(state, tone),
            html! { span.none { "なし" } },
        ]);
    }
    with_menu(
        "照会一覧",
        html! { p { "これまでに送信した申請の状態を確認できます。" } (table) (pager(6, 20, |n| format!("?page={n}"))) },
    )
}

fn empty() -> Markup {
    let nothing = empty_state("申請はまだありません", html! { p { "申請を送信すると、ここに状態が表示されます。" } });
    with_menu("照会一覧", nothing)
}
