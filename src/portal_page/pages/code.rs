//! 【ワンタイムパスワード入力】 and 【確認コード入力】 of メールアドレス変更.

use std::borrow::Cow;

use maud::Markup;
use poem::handler;
use poem::web::Data;

use super::acting;
use super::mail::{seen, steps, went};
use crate::app::App;
use crate::codes::{self, Around, CHALLENGE, Told, Waiting, Words};
use crate::kernel::Id;
use crate::portal::{Bearer, PortalMenu};
use crate::portal_page::flow::mail::{self, Went};
use crate::portal_page::model::{MoveStage, Moving, Screen};
use crate::web::{Answer, Form, Visit, see_other};

const OTP_DELIVERY: &str = "/portal/my/mail/otp/delivery";
const CODE_DELIVERY: &str = "/portal/my/mail/code/delivery";
const OTP_WRONG: &str = "現在のメールアドレスを受信できない場合は、この画面では変更できません。追加の利用者の方は、主たる利用者に、登録の削除と新しいメールアドレスでの登録を依頼してください。主たる利用者の方は、国保連合会へお電話ください。";
const CODE_WRONG: &str = "しばらく待っても届かないときは、メールアドレスに誤りがないかお確かめください。誤りがあれば【戻る】ボタンを押して入力し直してください。";
const OVERTAKEN: &str = "この画面を開いた後に、操作がはじめからやり直されています。入力された数字は確認していません。画面のメールアドレスに間違いがないことをお確かめのうえ、いちばん新しいメールに記載された数字を入力してください。";

/// 【ワンタイムパスワード入力】
#[handler]
pub fn show_otp(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    At { app: &app, visit: &visit, bearer: &bearer, screen: Screen::Otp }.show()
}

/// 【確認コード入力】
#[handler]
pub fn show_code(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    At { app: &app, visit: &visit, bearer: &bearer, screen: Screen::Code }.show()
}

/// \[次へ\] on 【ワンタイムパスワード入力】
#[handler]
pub async fn enter_otp(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    enter(&app, &visit, &bearer, &form, Screen::Otp).await
}

/// \[変更\] on 【確認コード入力】
#[handler]
pub async fn enter_code(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    enter(&app, &visit, &bearer, &form, Screen::Code).await
}

/// \[再送\] on 【ワンタイムパスワード入力】
#[handler]
pub async fn resend_otp(app: Data<&App>, visit: Visit, bearer: Bearer, _form: Form) -> Answer {
    resend(&app, &visit, &bearer, Screen::Otp).await
}

/// \[再送\] on 【確認コード入力】
#[handler]
pub async fn resend_code(app: Data<&App>, visit: Visit, bearer: Bearer, _form: Form) -> Answer {
    resend(&app, &visit, &bearer, Screen::Code).await
}

/// How far the mail to the present address is: a fragment, asked for again while it waits.
#[handler]
pub fn otp_delivery(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    At { app: &app, visit: &visit, bearer: &bearer, screen: Screen::Otp }.delivery()
}

/// How far the mail to the new address is.
#[handler]
pub fn code_delivery(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    At { app: &app, visit: &visit, bearer: &bearer, screen: Screen::Code }.delivery()
}

async fn enter(app: &App, visit: &Visit, bearer: &Bearer, form: &Form, screen: Screen) -> Answer {
    let at = At { app, visit, bearer, screen };
    let typed = match at.typed(form)? {
        Ok(typed) => typed,
        Err(answer) => return answer,
    };
    let (here, shown) = (acting(app, visit, bearer), Id::parse(form.get(CHALLENGE)));
    let answer = app.store.write(move |tx| match screen {
        Screen::Otp => mail::answer_otp(tx, &here, shown, typed.expose()),
        _ => mail::answer_code(tx, &here, shown, typed.expose()),
    });
    match answer.await? {
        // As it is now: with the address that the code would let in.
        Went::Overtaken => at.refuse(Told::Error(OVERTAKEN.to_owned())),
        Went::Entered(entered) => at.refuse(Told::Entered(entered)),
        other => went(app, visit, bearer, &other),
    }
}

async fn resend(app: &App, visit: &Visit, bearer: &Bearer, screen: Screen) -> Answer {
    let here = acting(app, visit, bearer);
    match app.store.write(move |tx| mail::resend(tx, &here, screen)).await? {
        Err(elsewhere) => went(app, visit, bearer, &elsewhere),
        Ok(resent) => At { app, visit, bearer, screen }.resent(resent),
    }
}

/// One of the two screens in one request. Its place is the flow, with the challenge.
struct At<'a> {
    app: &'a App,
    visit: &'a Visit,
    bearer: &'a Bearer,
    screen: Screen,
}

impl Around for At<'_> {
    type Place = (Moving, Id);

    fn waiting(&self) -> Waiting<(Moving, Id)> {
        let flow = match seen(self.app, self.visit, self.bearer, self.screen)? {
            Ok(flow) => flow,
            Err(elsewhere) => return Ok(Err(elsewhere)),
        };
        let Some(challenge) = flow.stage.challenge() else { return Ok(Err(see_other(Screen::Edit.path()))) };
        let view = self.app.store.read(|r| codes::view(r, &self.app.config.code, challenge, self.visit.now))?;
        Ok(view.map(|view| (view, (flow, challenge))).ok_or_else(|| see_other(Screen::Edit.path())))
    }

    fn at(&self) -> codes::Here<'_> {
        let delivery = if self.screen == Screen::Otp { OTP_DELIVERY } else { CODE_DELIVERY };
        (&self.app.config, self.visit, self.screen.path(), Some(delivery))
    }

    fn words(&self, (flow, challenge): &(Moving, Id)) -> Words {
        let otp = self.screen == Screen::Otp;
        Words {
            resend: if otp { "/portal/my/mail/otp/resend" } else { "/portal/my/mail/code/resend" },
            back: Screen::Edit.path(),
            again: "メールアドレスの変更",
            why: why(&flow.stage),
            tied: Some(*challenge),
            address_wrong: if otp { OTP_WRONG } else { CODE_WRONG },
            forward: if otp { "次へ" } else { "変更" },
            ..Words::default()
        }
    }

    fn frame(&self, _: &(Moving, Id), title: &'static str, refused: bool, body: Markup) -> Markup {
        self.bearer.screen(self.visit, title, PortalMenu::My, Some(steps(self.screen)), refused, |_| body)
    }
}

/// Before 〜ワンタイムパスワードを…送信しました. What the code lets happen is named as in the mail, and whole: an address can be had that is
/// masked like another.
fn why(stage: &MoveStage) -> Cow<'static, str> {
    match stage {
        MoveStage::Asking { new, .. } => format!("ID（メールアドレス）を {new} に変更します。ご本人の確認を行うため、").into(),
        _ => "入力されたメールアドレスに誤りがないことを確認するため、".into(),
    }
}
