//! P4 【パスワード等を紛失した方】.

use maud::{Markup, html};
use poem::handler;

use crate::web::components::{Back, ButtonRow, Choice, error_summary, form, radio_cards};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, Form, Query, Visit, form_page, page, see_other};

/// The screen's name, which is also the first step of both ways.
pub const TITLE: &str = "パスワード等を紛失した方";

/// The way chosen before, for who comes back by \[戻る\].
#[derive(Debug, Default, serde::Deserialize)]
pub struct Return {
    #[serde(default)]
    way: String,
}

/// P4
#[handler]
pub fn show(visit: Visit, Query(back): Query<Return>) -> Answer {
    page(screen(&visit, &back.way, &Errors::default()))
}

/// \[次へ\]
#[handler]
pub fn choose(visit: Visit, form: Form) -> Answer {
    match form.get("way") {
        "registered" => see_other("/reset"),
        "letter" => see_other("/reissue"),
        other => {
            let mut errors = Errors::default();
            errors.add("way", "メニューを選択してください。");
            form_page(true, screen(&visit, other, &errors))
        }
    }
}

fn screen(visit: &Visit, chosen: &str, errors: &Errors) -> Markup {
    let choices = [
        Choice::new("registered", "セキュリティ用メールアドレスを登録済みの場合はこちら").detail(html! {
            p { "ユーザIDの確認、パスワードの再設定及びセキュリティコードの初期化を行います。" }
            p.note { "操作は数分で完了します。" }
        }),
        Choice::new("letter", "セキュリティ用メールアドレスが不明または未登録の場合はこちら").detail(html! {
            p { "国保連合会から、ユーザIDや仮パスワードを記載した書類を郵送します。" }
            p.note { "書類が届くまで、通常は数日から一週間程度かかります。" }
            p.note { "申請が集中した場合、数週間お待ちいただく場合があります。" }
            p.note { "紙または媒体で請求している事業所が、新たにユーザIDとパスワードを取得する場合も、こちらからお申し込みください。" }
        }),
    ];
    visit.page(TITLE, Shell::Visitor).steps(&[TITLE], 1).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "ユーザIDやパスワードなどのログイン情報がわからなくなった介護事業所の方は、こちらからお手続きできます。メニューを選択し、【次へ】ボタンを押してください。" }
        (form("/lost", &visit.csrf(), html! {
            (radio_cards("way", "メニュー", &choices).chosen(chosen).required().error(errors.of("way")))
            p.note { "パスワードが第三者に知られたおそれがあり、至急変更が必要な場合は、国保連合会へお電話ください。" }
            (ButtonRow::forward("次へ").back(Back::Link("/login")))
        }))
    })
}
