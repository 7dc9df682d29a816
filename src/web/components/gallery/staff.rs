//! Screens of a federation's staff.

use maud::{Markup, html};

use super::{desks, now};
use crate::web::components::*;
use crate::web::layout::{Clock, Logout, NavItem, Page, Shell};

const MENU: [(&str, Option<u64>); 10] = [
    ("ダッシュボード", None),
    ("再発行申請", Some(12)),
    ("通知書", Some(4)),
    ("事業所台帳", None),
    ("証明書", None),
    ("お知らせ", None),
    ("メール送信状況", Some(1)),
    ("操作記録", None),
    ("窓口受付", None),
    ("職員", None),
];

pub(super) fn pages() -> Vec<(&'static str, Markup)> {
    vec![("s1-dashboard", dashboard()), ("s2-queue", queue()), ("s3-detail", detail())]
}

fn page(title: &str, current: &str, beside: Option<Markup>, body: Markup) -> Markup {
    let (now, desks) = (now(), desks());
    let menu: Vec<NavItem<'_>> =
        MENU.iter().map(|(label, count)| NavItem { label, href: "#main", current: *label == current, count: *count }).collect();
    let logout = Logout { action: "/staff/logout", csrf: "t" };
    let shell = Shell::Staff {
        name: "佐藤 花子",
        role: "承認者",
        federation: "福島県国民健康保険団体連合会",
        own: None,
        menu: &menu,
        logout,
    };
    let page = Page::new(title, shell, Clock::At(&now), &desks);
    match beside {
        Some(beside) => page.beside_title(beside).render(body),
        None => page.render(body),
    }
}

fn dashboard() -> Markup {
    let tile = |label, value, unit, note, tone| Tile { label, value, unit, note, href: Some("#main"), tone };
    let labels: Vec<String> = (1..=14).map(|day| format!("1/{day}")).collect();
    let bars: Vec<Bar<'_>> =
        labels.iter().zip([0, 0, 0, 1, 14, 22, 9, 12, 17, 0, 1, 8, 11, 3]).map(|(label, value)| Bar { label, value }).collect();
    page(
        "ダッシュボード",
        "ダッシュボード",
        None,
        html! {
            (tiles(&[
                tile("受付済(未着手)", "12", "件", "最も古いもの 3日前", Tone::New),
                tile("審査中", "5", "件", "自分の担当 2件", Tone::Active),
                tile("照会中", "3", "件", "期限切れ 1件", Tone::Waiting),
                tile("印刷待ち", "4", "通", "", Tone::Quiet),
                tile("受付から発送まで", "4", "日", "30日間の中央値", Tone::Good),
                tile("メール送信エラー", "1", "件", "宛先不明", Tone::Bad),
            ]))
            div.columns {
                section.card { h2 { "再発行申請の受付" } (bar_chart("直近14日間の件数", "件", &bars)) }
                section.card {
                    h2 { "ご確認ください" }
                    (notice(Mark::Warning, "返戻された通知書が1通あります", html! { p { a href="#main" { "0770100012 特別養護老人ホーム ふくしまの里" } } }))
                    (notice(Mark::Success, "", html! { p { "最終バックアップ: 2026/01/14 02:00(確認済み)" } }))
                }
            }
            section.card { h2 { "長く待っている申請" } (applications("長く待っている申請")) }
        },
    )
}

fn applications(caption: &str) -> DataTable<'_> {
    const COLUMNS: [Column<'_>; 6] = [
        Column::Head("管理番号"),
        Column::Short("受付"),
        Column::Number("経過"),
        Column::Text("事業所"),
        Column::Text("状態"),
        Column::Text("確認事項"),
    ];
    let mut table = DataTable::new(caption, &COLUMNS).id("queue");
    for (at, (office, state, tone, flag)) in [
        ("あおぞら訪問介護ステーション", "照会中", Tone::Waiting, "同じ事業所の申請 2件"),
        ("デイサービスひまわり", "受付済", Tone::New, ""),
        ("特別養護老人ホーム ふくしまの里", "受付済", Tone::New, "台帳: 休止"),
        ("居宅介護支援事業所 みどり", "審査中", Tone::Active, ""),
        ("小規模多機能ホーム やすらぎ", "承認", Tone::Good, ""),
    ]
    .into_iter()
    .enumerate()
    {
        let cells = vec![
            html! { a href="#main" { "U20260100000" (at + 1) } },
            html! { "2026/01/0" (at + 2) },
            html! { (9 - at) "日" },
            html! { (office) br; small.muted { "07701000" (at + 10) } },
            badge(state, tone),
            html! { (flag) },
        ];
        if at == 0 { table.push_marked(cells) } else { table.push(cells) }
    }
    table
}

fn queue() -> Markup {
    let states = [Choice::new("received", "受付済"), Choice::new("review", "審査中"), Choice::new("asked", "照会中")];
    page(
        "再発行申請",
        "再発行申請",
        Some(html! { span.muted { "24件" } }),
        html! {
            (search_form("/staff/applications", "絞り込む", Some("queue"), html! {
                (search_field("q", "検索").support("管理番号・事業所番号・事業所名"))
                (select("state", "状態", &states).empty("未完了のすべて"))
                (select("order", "並び順", &[Choice::new("old", "古い順"), Choice::new("new", "新しい順")]).chosen("old"))
            }))
            (applications("再発行申請の一覧"))
            (pager(1, 3, |n| format!("?page={n}")))
        },
    )
}

fn detail() -> Markup {
    let same = |label, value| CompareRow { label, left: value, right: Some(value) };
    page(
        "申請の審査",
        "再発行申請",
        Some(html! { span.mono { "U202601000001" } " " (badge("審査中", Tone::Active)) }),
        html! {
            (notice(Mark::Warning, "同じ事業所の申請がほかに1件あります", html! { p { a href="#main" { "U202601000009" } "(受付済、2026/01/08)" } }))
            div.columns.main-aside {
                div.stack {
                    section.card {
                        h2 { "申請内容と事業所台帳の照合" }
                        (comparison("申請内容と事業所台帳", "申請内容", "事業所台帳", &[
                            same("事業所番号", "0770100010"),
                            CompareRow { label: "事業所名", left: "あおぞら訪問介護ステーション", right: Some("青空訪問介護ステーション") },
                            same("都道府県", "福島県"),
                            CompareRow { label: "通知先", left: "jigyousho@example.jp", right: None },
                            CompareRow { label: "電話番号", left: "", right: Some("024-000-0000") },
                        ]))
                    }
                    section.card {
                        h2 { "操作" }
                        div.moves {
                            (post_button("/a", "t", "承認する", "primary", &[("move", "approve")]))
                            (post_button("/a", "t", "照会中にする", "", &[("move", "ask")]))
                            (post_button("/a", "t", "却下する", "danger", &[("move", "reject")]))
                        }
                        (form("/staff/a/note", "t", html! {
                            (textarea("reason", "理由", 3).support("申請者へのメールに記載されます"))
                            (ButtonRow::forward("記録する").back(Back::Link("/staff")))
                        }))
                    }
                }
                section.card {
                    h2 { "経過" }
                    (timeline(&[
                        TimelineItem { reached: Reached::Done, title: "受付済", when: "2026/01/06 12:47", detail: html! { "申請者" } },
                        TimelineItem { reached: Reached::Done, title: "受領通知を送信", when: "2026/01/06 12:48", detail: html! { "ji***@example.jp" } },
                        TimelineItem { reached: Reached::Now, title: "審査中", when: "2026/01/07 09:12", detail: html! { "佐藤 花子" } },
                    ]))
                }
            }
        },
    )
}
