//! 【介護情報基盤ポータル】, the front page: who begins where (S4).

use maud::html;
use poem::handler;

use super::TITLE;
use crate::web::components::{door, help_details};
use crate::web::layout::Shell;
use crate::web::{Answer, Visit, page};

/// The front page. Nothing is written and no cookie is set.
#[handler]
pub fn show(visit: Visit) -> Answer {
    let inside = visit.session.is_some();
    page(visit.page("介護情報基盤ポータル", Shell::PortalVisitor).render(html! {
        p.lead { "介護情報基盤ポータルをお使いになる介護事業所・医療機関の方の、入り口の画面です。ご利用になる手続きを選んでください。" }
        ul.doors {
            @if inside { (door("/portal/my", true, "マイページ", "ログイン中です。")) }
            @else { (door("/portal/login", true, "ログイン", "登録したメールアドレスとパスワードをお持ちの方")) }
            (door("/portal/register", false, TITLE, "介護事業所・みなし介護事業所の方"))
            (door("/portal/contact", false, "お問い合わせ", "医療機関の方（介護情報基盤ポータルのID発行申請）"))
        }
        (help_details("みなし介護事業所とは", html! {
            p { "介護保険法による指定を別に受けなくても、健康保険法などほかの法令による指定を受けていることで、介護保険のサービスを行えるとされている医療機関や薬局のことです。" }
            p { "電子請求受付システムのユーザID（KJから始まる14桁）をお持ちのときは、医療機関や薬局の方も【初回利用登録】からお手続きください。" }
        }))
        section.stack {
            h2 { "はじめてお使いになる前に" }
            ul {
                li { "介護事業所の方は、電子請求受付システムのユーザIDとパスワード、登録済みのセキュリティ用メールアドレスを使って、主たる利用者を登録します。" }
                li { "医療機関の方は、お問い合わせ区分（大カテゴリー）で「その他」、（中カテゴリー）で「介護情報基盤ポータルのID発行申請」を選んでお申し込みください。" }
                li { "主たる利用者のほかに、最大で4名の利用者を追加できます。" }
            }
        }
    }))
}
