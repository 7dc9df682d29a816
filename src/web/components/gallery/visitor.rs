//! Screens without login.

use maud::{Markup, html};

use super::{desks, now};
use crate::web::components::*;
use crate::web::layout::{Clock, Page, Shell};

const STEPS: [&str; 5] = ["パスワード等を紛失した方", "ログイン情報再発行申請", "確認コード入力", "送信確認", "終了"];

fn page(title: &str, step: usize, error: bool, body: Markup) -> Markup {
    let (now, desks) = (now(), desks());
    let page = Page::new(title, Shell::Visitor, Clock::At(&now), &desks).error(error);
    if step == 0 { page.render(body) } else { page.steps(&STEPS, step).render(body) }
}

pub(super) fn pages() -> Vec<(&'static str, Markup)> {
    vec![
        ("p1-top", top()),
        ("p2-login", login()),
        ("p2-locked", locked()),
        ("p4-lost", lost()),
        ("a1-errors", application()),
        ("a3-code", code()),
        ("a4-check", check()),
        ("a5-done", done()),
        ("a6-status", status()),
    ]
}

fn top() -> Markup {
    let (now, desks) = (now(), desks());
    let news = [
        ("2026/01/05", true, "【重要】介護電子請求受付システムの機能変更について"),
        ("2025/12/22", true, "ヘルプデスク1月請求期間におけるお問い合わせ時間のお知らせ"),
        ("2025/12/01", false, "電子請求受付システムサーバ保守によるシステムの一時停止について"),
        ("2025/11/20", false, "【重要】Webブラウザによるファイルダウンロード時に表示される警告メッセージについて"),
    ];
    Page::new("トップメニュー", Shell::Visitor, Clock::At(&now), &desks).open().render(html! {
        div.columns.main-aside {
            nav aria-label="手続き" {
                ul.doors {
                    li { a.door.primary href="#main" { span.door-title { "ログイン" } span.door-note { "ユーザIDとパスワードをお持ちの方" } } }
                    li { a.door href="#main" { span.door-title { "パスワード等を紛失した方はこちら" } span.door-note { "ログイン情報の再設定・再発行" } } }
                    li { a.door href="#main" { span.door-title { "申請状況の確認" } span.door-note { "管理番号をお手元にご用意ください" } } }
                }
            }
            section.card {
                h2 { "お知らせ一覧" }
                ul.news {
                    @for (date, new, title) in news {
                        li {
                            time datetime=(date.replace('/', "-")) { (date) }
                            span { @if new { span.new-mark { "New" } } a href="#main" { (title) } }
                        }
                    }
                }
                h2 { "最新バージョン" }
                (Facts::new().row("統合インストーラ Ver5.1.0", "2025/12/15 更新"))
            }
        }
    })
}

fn login() -> Markup {
    page(
        "ログイン",
        0,
        true,
        html! {
            (error_summary(&[("user_id", "ユーザIDまたはパスワードが違います。")]))
            p.lead { "ユーザIDとパスワードを入力して、【ログイン】ボタンを押してください。" }
            (form("/login", "t", html! {
                (text_field("user_id", "ユーザID").required().value("KJ071311111111").autocomplete("username").support("KJから始まる14桁")
                    .error(Some("ユーザIDまたはパスワードが違います。")))
                (password_field("password", "パスワード").required().autocomplete("current-password"))
                p { a href="#main" { "パスワード等を紛失した方はこちら" } }
                (ButtonRow::forward("ログイン").back(Back::Link("/")))
            }))
        },
    )
}

fn locked() -> Markup {
    page(
        "ログイン",
        0,
        true,
        html! {
            (notice(Mark::Error, "ログインを一時的に停止しています", html! {
                p { "パスワードの誤りが続いたため、この端末からのログインを停止しました。あと" (countdown(&now(), now().epoch_ms + 1_745_000, "停止は解除されました")) "で解除されます。" }
            }))
            (ButtonRow::only_back("/"))
        },
    )
}

fn lost() -> Markup {
    let choices = [
        Choice::new("reset", "セキュリティ用メールアドレスを登録済みの場合はこちら").detail(html! {
            p { "ユーザIDの確認、パスワードの再設定及びセキュリティコードの初期化を行います。" }
            p.note { "操作は数分で完了します。" }
        }),
        Choice::new("reissue", "セキュリティ用メールアドレスが不明または未登録の場合はこちら").detail(html! {
            p { "国保連合会から、ユーザIDや仮パスワードを記載した書類を郵送します。" }
            p.note { "書類が届くまで、通常は数日から一週間程度かかります。" }
            p.note { "申請が集中した場合、数週間お待ちいただく場合があります。" }
        }),
    ];
    page(
        "パスワード等を紛失した方",
        1,
        false,
        html! {
            p.lead { "お困りの内容に合うものを選び、【次へ】ボタンを押してください。" }
            (form("/lost", "t", html! {
                (radio_cards("path", "メニュー", &choices).chosen("reissue"))
                (ButtonRow::forward("次へ").back(Back::Link("/")))
            }))
        },
    )
}

fn application() -> Markup {
    let errors = [
        ("office_number", "事業所番号は10桁で入力してください。"),
        ("contact_again", "通知先メールアドレスと同じものを入力してください。"),
    ];
    page(
        "ログイン情報再発行申請",
        2,
        true,
        html! {
            (error_summary(&errors))
            p.lead { "事業所番号と、申請状況をお知らせするメールアドレスを入力し、【次へ】ボタンを押してください。" }
            (form("/apply", "t", html! {
                (text_field("office_number", "事業所番号").required().short().numeric().value("13111").support("10桁の番号")
                    .error(Some(errors[0].1)).live_check("/apply/check"))
                (mail_field("contact", "通知先メールアドレス").required().value("jigyousho@example.jp"))
                (mail_field("contact_again", "通知先メールアドレス(確認用)").required().value("jigyosho@example.jp").error(Some(errors[1].1)))
                p.note { "国保連合会から、通知先メールアドレスや事業所台帳の電話番号へご連絡する場合があります。" }
                p.note { "承認されると、事業所台帳の住所へ「ログイン情報再発行通知書」をお送りします。返信用封筒をお願いする場合があります。" }
                p.note { "代理人のログイン情報を紛失した場合は、国保連合会へお問い合わせください。" }
                (ButtonRow::forward("次へ").back(Back::Link("/lost")))
            }))
        },
    )
}

fn code() -> Markup {
    page(
        "確認コード入力",
        3,
        false,
        html! {
            p.lead { strong { "jigyousho@example.jp" } " に確認コードをお送りしました。メールに書かれた4桁の数字を入力し、【次へ】ボタンを押してください。" }
            (form_with_id("code-form", "/apply/code", "t", html! {
                (code_field("code", "確認コード").required().support("13時17分まで有効です(30分間)"))
            }))
            (resend_form("/apply/resend", "t", "確認コードを再送する", &now(), now().epoch_ms + 42_000))
            (notice(Mark::Info, "メールが届かないときは", html! {
                ul { li { "受信制限の設定をしている" } li { "迷惑メールフォルダに入っている" } li { "受信箱の容量がいっぱいになっている" } li { "プロバイダの都合で遅れている" } }
                (help_details("メールが届かない場合について", html! {
                    h2 { "受信制限の設定をしている場合" }
                    p { "次のドメインからの受信を許可してください。" }
                    p { code { "support.example.jp" } " " (copy_button("support.example.jp", "コピー")) }
                }))
            }))
            (ButtonRow::forward("次へ").back(Back::Submit { name: "_go", value: "back" }).of_form("code-form"))
        },
    )
}

fn check() -> Markup {
    page(
        "送信確認",
        4,
        false,
        html! {
            p.lead { "内容を確認し、【送信】ボタンを押してください。" }
            (form("/apply/send", "t", html! {
                (Facts::new()
                    .row_with_change("事業所番号", html! { p.mono { "1311111111" } p.note { "事業所番号にお間違えがないよう、よくお確かめください。" } }, "/apply")
                    .row("事業所名", "請求事業所A")
                    .row_with_change("通知先メールアドレス", "jigyousho@example.jp", "/apply#contact")
                    .row_with_change("請求先都道府県", "福島県", "/apply/prefecture"))
                (ButtonRow::forward("送信").back(Back::Link("/apply")))
            }))
        },
    )
}

fn done() -> Markup {
    page(
        "処理終了",
        5,
        false,
        html! {
            (notice(Mark::Success, "ログイン情報再発行申請を受け付けました", html! {
                p { "管理番号" }
                p.big-number { "U202601000001" }
                p { "通知先メールアドレスに「ログイン情報再発行申請受領通知」をお送りしました。" }
            }))
            h2 { "このあとの流れ" }
            (timeline(&[
                TimelineItem { reached: Reached::Done, title: "申請を受け付けました", when: "2026年1月6日 12時47分", detail: html! {} },
                TimelineItem { reached: Reached::Ahead, title: "国保連合会が審査します", when: "", detail: html! { p { "電話やメールでご連絡する場合があります。" } } },
                TimelineItem { reached: Reached::Ahead, title: "審査の結果をメールでお知らせします", when: "通常は数日から一週間程度", detail: html! {} },
                TimelineItem { reached: Reached::Ahead, title: "通知書が事業所に届きます", when: "", detail: html! { p { "事業所台帳の住所へ郵送します。" } } },
            ]))
            (notice(Mark::Warning, "", html! { p { "パスワードが漏れたおそれがあり、変更をお急ぎの場合は、国保連合会へお電話ください。" } }))
            (print_button("この画面を印刷する"))
            (ButtonRow::forward_link("終了", "/"))
        },
    )
}

fn status() -> Markup {
    page(
        "申請状況の確認",
        0,
        false,
        html! {
            (Facts::new().row("管理番号", html! { span.mono { "U202601000001" } }).row("現在の状態", badge("照会中", Tone::Waiting)))
            (timeline(&[
                TimelineItem { reached: Reached::Done, title: "受付済", when: "2026/01/06 12:47", detail: html! {} },
                TimelineItem { reached: Reached::Done, title: "審査中", when: "2026/01/07 09:12", detail: html! {} },
                TimelineItem { reached: Reached::Now, title: "照会中", when: "2026/01/07 10:30", detail: html! { p { "返信用封筒をお送りください(2026/01/20まで)。" } } },
                TimelineItem { reached: Reached::Ahead, title: "承認", when: "", detail: html! {} },
                TimelineItem { reached: Reached::Ahead, title: "発送済", when: "", detail: html! {} },
            ]))
            (post_button("/status/withdraw", "t", "申請を取り下げる", "danger", &[]))
            (ButtonRow::only_back("/"))
        },
    )
}
