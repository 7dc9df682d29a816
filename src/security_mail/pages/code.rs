//! U3 【ワンタイムパスワード入力】 and 【確認コード入力】.

use poem::handler;
use poem::web::Data;

use super::{acting, seen, steps, went};
use crate::app::App;
use crate::codes::{
    self, CHALLENGE, CodeScreen, FIELD, Resent, Sort, View, delivery_line, form_sentence, looks_like, resend_sentence, sentence,
};
use crate::kernel::{Id, MailAddress};
use crate::login::{MenuPage, Office};
use crate::security_mail::flow::{self, LIST, Went};
use crate::security_mail::model::{Act, Editing, Screen, Stage};
use crate::web::{Answer, Fault, Form, Visit, form_page, page, see_other};

const OTP_DELIVERY: &str = "/office/user/addresses/otp/delivery";
const CODE_DELIVERY: &str = "/office/user/addresses/code/delivery";
const OTP_WRONG: &str = "通知先のメールアドレスを受信できない場合は、【戻る】ボタンを2回押して一覧に戻り、先に通知先を変更してください。どのメールアドレスも受信できない場合は、国保連合会へお電話ください。";
const OVERTAKEN: &str = "この画面を開いた後に、操作がはじめからやり直されています。入力された数字は確認していません。画面のメールアドレスに間違いがないことをお確かめのうえ、いちばん新しいメールに記載された数字を入力してください。";
const CODE_WRONG: &str = "しばらく待っても届かないときは、メールアドレスに誤りがないかお確かめください。誤りがあれば【戻る】ボタンを押して入力し直してください。";

/// 【ワンタイムパスワード入力】
#[handler]
pub fn show_otp(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    show(&app, &visit, &office, Screen::Otp)
}

/// 【確認コード入力】
#[handler]
pub fn show_code(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    show(&app, &visit, &office, Screen::Code)
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
    delivery(&app, &visit, &office, Screen::Otp)
}

/// How far the mail to the new address is.
#[handler]
pub fn code_delivery(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    delivery(&app, &visit, &office, Screen::Code)
}

fn show(app: &App, visit: &Visit, office: &Office, screen: Screen) -> Answer {
    match waiting(app, visit, office, screen)? {
        Ok(waiting) => drawn(app, visit, office, &waiting, (None, None)),
        Err(elsewhere) => elsewhere,
    }
}

async fn enter(app: &App, visit: &Visit, office: &Office, form: &Form, screen: Screen) -> Answer {
    let before = match waiting(app, visit, office, screen)? {
        Ok(waiting) => waiting,
        Err(elsewhere) => return elsewhere,
    };
    let (typed, sort) = (form.secret(FIELD), before.sort());
    if !looks_like(typed.expose(), sort) {
        return drawn(app, visit, office, &before, (Some(form_sentence(typed.expose(), sort)), None));
    }
    let (here, shown) = (acting(app, visit, office), Id::parse(form.get(CHALLENGE)));
    let answer = app.store.write(move |tx| match screen {
        Screen::Otp => flow::answer_otp(tx, &here, shown, typed.expose()),
        _ => flow::answer_code(tx, &here, shown, typed.expose()),
    });
    match answer.await? {
        // As it is now: with the address that the code would let in.
        Went::Overtaken => match waiting(app, visit, office, screen)? {
            Ok(now) => drawn(app, visit, office, &now, (Some(OVERTAKEN.to_owned()), None)),
            Err(elsewhere) => elsewhere,
        },
        Went::Entered(entered) => {
            let error = sentence(entered, sort, &app.config.code);
            drawn(app, visit, office, &before, (error, None))
        }
        other => went(app, visit, office, &other),
    }
}

async fn resend(app: &App, visit: &Visit, office: &Office, screen: Screen) -> Answer {
    let here = acting(app, visit, office);
    match app.store.write(move |tx| flow::resend(tx, &here, screen)).await? {
        Err(elsewhere) => went(app, visit, office, &elsewhere),
        Ok(Resent::Sent | Resent::Ended) => see_other(screen.path()),
        Ok(other) => match waiting(app, visit, office, screen)? {
            Ok(waiting) => drawn(app, visit, office, &waiting, (None, resend_sentence(other, waiting.sort()))),
            Err(elsewhere) => elsewhere,
        },
    }
}

fn delivery(app: &App, visit: &Visit, office: &Office, screen: Screen) -> Answer {
    match waiting(app, visit, office, screen)? {
        Ok(waiting) => page(delivery_line(&waiting.view.delivery, Some(waiting.poll()))),
        Err(_) => Err(Fault::NotFound),
    }
}

/// What a screen shows: the flow and its open challenge.
struct Waiting {
    flow: Editing,
    screen: Screen,
    challenge: Id,
    view: View,
}

impl Waiting {
    const fn sort(&self) -> Sort {
        self.view.purpose.sort()
    }

    const fn poll(&self) -> &'static str {
        if matches!(self.screen, Screen::Otp) { OTP_DELIVERY } else { CODE_DELIVERY }
    }

    /// Before 〜ワンタイムパスワードを…送信しました. What the code lets happen is named as in the mail.
    fn why(&self) -> String {
        let regarded = match &self.flow.stage {
            Stage::Asking { new, .. } => self.flow.act.regards(new.as_ref()),
            _ => return "入力されたメールアドレスに誤りがないことを確認するため、".to_owned(),
        };
        let what = match self.flow.act {
            Act::Add => "を追加します",
            Act::Change { .. } => "に変更します",
            Act::Delete { .. } => "を削除します",
        };
        let masked = regarded.map(MailAddress::masked).unwrap_or_default();
        format!("セキュリティ用メールアドレス {masked} {what}。ユーザの本人確認を行うため、")
    }

    const fn again(&self) -> &'static str {
        match self.flow.act {
            Act::Add => "セキュリティ用メールアドレスの追加",
            Act::Change { .. } => "セキュリティ用メールアドレスの変更",
            Act::Delete { .. } => "セキュリティ用メールアドレスの削除",
        }
    }
}

/// The challenge that this session is to answer on this screen, or where it belongs instead.
fn waiting(app: &App, visit: &Visit, office: &Office, screen: Screen) -> Result<Result<Waiting, Answer>, Fault> {
    let flow = match seen(app, visit, office, screen)? {
        Ok(flow) => flow,
        Err(elsewhere) => return Ok(Err(elsewhere)),
    };
    let Some(challenge) = flow.stage.challenge() else { return Ok(Err(see_other(LIST))) };
    let view = app.store.read(|r| codes::view(r, &app.config.code, challenge, visit.now))?;
    Ok(view.map(|view| Waiting { flow, screen, challenge, view }).ok_or_else(|| see_other(LIST)))
}

/// The screen; the first of `told` is what is wrong with the code, the second why none was sent again.
fn drawn(app: &App, visit: &Visit, office: &Office, waiting: &Waiting, told: (Option<String>, Option<String>)) -> Answer {
    let (error, not_resent) = told;
    let refused = error.is_some() || not_resent.is_some();
    let over = waiting.view.end.is_some();
    let csrf = visit.csrf();
    let otp = waiting.screen == Screen::Otp;
    let why = waiting.why();
    let drawn = CodeScreen {
        view: &waiting.view,
        config: &app.config,
        now: &visit.time,
        csrf: &csrf,
        action: waiting.screen.path(),
        resend: if otp { "/office/user/addresses/otp/resend" } else { "/office/user/addresses/code/resend" },
        back: Screen::Edit.path(),
        again: waiting.again(),
        why: &why,
        tied: Some(waiting.challenge),
        delivery: Some(waiting.poll()),
        notes: &[],
        address_wrong: if otp { OTP_WRONG } else { CODE_WRONG },
        forward: "次へ",
        error,
        not_resent,
    };
    let at = Some(steps(&waiting.flow.act, waiting.screen));
    let markup = office.screen(visit, drawn.title(), MenuPage::User, at, refused || over, |_| drawn.body());
    form_page(refused, markup)
}
