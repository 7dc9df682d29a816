//! U3 【ワンタイムパスワード入力】 and 【確認コード入力】.

use std::borrow::Cow;

use maud::Markup;
use poem::handler;
use poem::web::Data;

use super::{acting, seen, steps, went};
use crate::app::App;
use crate::codes::{self, Around, CHALLENGE, Told, Waiting, Words};
use crate::kernel::{Id, MailAddress};
use crate::login::{MenuPage, Office};
use crate::security_mail::flow::{self, LIST, Went};
use crate::security_mail::model::{Act, Editing, Screen, Stage};
use crate::web::{Answer, Form, Visit, see_other};

const OTP_DELIVERY: &str = "/office/user/addresses/otp/delivery";
const CODE_DELIVERY: &str = "/office/user/addresses/code/delivery";
const OTP_WRONG: &str = "通知先のメールアドレスを受信できない場合は、【戻る】ボタンを2回押して一覧に戻り、先に通知先を変更してください。どのメールアドレスも受信できない場合は、国保連合会へお電話ください。";
const OVERTAKEN: &str = "この画面を開いた後に、操作がはじめからやり直されています。入力された数字は確認していません。画面のメールアドレスに間違いがないことをお確かめのうえ、いちばん新しいメールに記載された数字を入力してください。";
const CODE_WRONG: &str = "しばらく待っても届かないときは、メールアドレスに誤りがないかお確かめください。誤りがあれば【戻る】ボタンを押して入力し直してください。";

/// 【ワンタイムパスワード入力】
#[handler]
pub fn show_otp(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    At { app: &app, visit: &visit, office: &office, screen: Screen::Otp }.show()
}

/// 【確認コード入力】
#[handler]
pub fn show_code(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    At { app: &app, visit: &visit, office: &office, screen: Screen::Code }.show()
}

/// \[次へ\] on 【ワンタイムパスワード入力】
#[handler]
pub async fn enter_otp(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    enter(&app, &visit, &office, &form, Screen::Otp).await
}

/// \[次へ\] on 【確認コード入力】
#[handler]
pub async fn enter_code(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    enter(&app, &visit, &office, &form, Screen::Code).await
}

/// \[再送\] on 【ワンタイムパスワード入力】
#[handler]
pub async fn resend_otp(app: Data<&App>, visit: Visit, office: Office, _form: Form) -> Answer {
    resend(&app, &visit, &office, Screen::Otp).await
}

/// \[再送\] on 【確認コード入力】
#[handler]
pub async fn resend_code(app: Data<&App>, visit: Visit, office: Office, _form: Form) -> Answer {
    resend(&app, &visit, &office, Screen::Code).await
}

/// How far the mail to the 通知先 is: a fragment, asked for again while it waits.
#[handler]
pub fn otp_delivery(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    At { app: &app, visit: &visit, office: &office, screen: Screen::Otp }.delivery()
}

/// How far the mail to the new address is.
#[handler]
pub fn code_delivery(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    At { app: &app, visit: &visit, office: &office, screen: Screen::Code }.delivery()
}

async fn enter(app: &App, visit: &Visit, office: &Office, form: &Form, screen: Screen) -> Answer {
    let at = At { app, visit, office, screen };
    let typed = match at.typed(form)? {
        Ok(typed) => typed,
        Err(answer) => return answer,
    };
    let (here, shown) = (acting(app, visit, office), Id::parse(form.get(CHALLENGE)));
    let answer = app.store.write(move |tx| match screen {
        Screen::Otp => flow::answer_otp(tx, &here, shown, typed.expose()),
        _ => flow::answer_code(tx, &here, shown, typed.expose()),
    });
    match answer.await? {
        // As it is now: with the address that the code would let in.
        Went::Overtaken => at.refuse(Told::Error(OVERTAKEN.to_owned())),
        Went::Entered(entered) => at.refuse(Told::Entered(entered)),
        other => went(app, visit, office, &other),
    }
}

async fn resend(app: &App, visit: &Visit, office: &Office, screen: Screen) -> Answer {
    let here = acting(app, visit, office);
    match app.store.write(move |tx| flow::resend(tx, &here, screen)).await? {
        Err(elsewhere) => went(app, visit, office, &elsewhere),
        Ok(resent) => At { app, visit, office, screen }.resent(resent),
    }
}

/// One of the two screens in one request. Its place is the flow, with the challenge.
struct At<'a> {
    app: &'a App,
    visit: &'a Visit,
    office: &'a Office,
    screen: Screen,
}

impl Around for At<'_> {
    type Place = (Editing, Id);

    fn waiting(&self) -> Waiting<(Editing, Id)> {
        let flow = match seen(self.app, self.visit, self.office, self.screen)? {
            Ok(flow) => flow,
            Err(elsewhere) => return Ok(Err(elsewhere)),
        };
        let Some(challenge) = flow.stage.challenge() else { return Ok(Err(see_other(LIST))) };
        let view = self.app.store.read(|r| codes::view(r, &self.app.config.code, challenge, self.visit.now))?;
        Ok(view.map(|view| (view, (flow, challenge))).ok_or_else(|| see_other(LIST)))
    }

    fn at(&self) -> codes::Here<'_> {
        (
            &self.app.config,
            self.visit,
            self.screen.path(),
            Some(if self.screen == Screen::Otp { OTP_DELIVERY } else { CODE_DELIVERY }),
        )
    }

    fn words(&self, (flow, challenge): &(Editing, Id)) -> Words {
        let otp = self.screen == Screen::Otp;
        Words {
            resend: if otp { "/office/user/addresses/otp/resend" } else { "/office/user/addresses/code/resend" },
            back: Screen::Edit.path(),
            again: again(&flow.act),
            why: why(flow),
            tied: Some(*challenge),
            address_wrong: if otp { OTP_WRONG } else { CODE_WRONG },
            forward: "次へ",
            ..Words::default()
        }
    }

    fn frame(&self, (flow, _): &(Editing, Id), title: &'static str, refused: bool, body: Markup) -> Markup {
        let at = Some(steps(&flow.act, self.screen));
        self.office.screen(self.visit, title, MenuPage::User, at, refused, |_| body)
    }
}

/// Before 〜ワンタイムパスワードを…送信しました. What the code lets happen is named as in the mail, and whole: an address can be had that is
/// masked like another.
fn why(flow: &Editing) -> Cow<'static, str> {
    let Stage::Asking { new, .. } = &flow.stage else {
        return "入力されたメールアドレスに誤りがないことを確認するため、".into();
    };
    let address = flow.act.regards(new.as_ref()).map(MailAddress::to_string).unwrap_or_default();
    let what = match flow.act {
        Act::Add => format!("セキュリティ用メールアドレス {address} を追加します"),
        Act::Change { .. } => format!("セキュリティ用メールアドレスを {address} に変更します"),
        Act::Delete { .. } => format!("セキュリティ用メールアドレス {address} を削除します"),
    };
    format!("{what}。ユーザの本人確認を行うため、").into()
}

const fn again(act: &Act) -> &'static str {
    match act {
        Act::Add => "セキュリティ用メールアドレスの追加",
        Act::Change { .. } => "セキュリティ用メールアドレスの変更",
        Act::Delete { .. } => "セキュリティ用メールアドレスの削除",
    }
}
