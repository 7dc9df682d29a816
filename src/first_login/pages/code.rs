//! 【確認コード入力】

use maud::Markup;
use poem::handler;
use poem::web::Data;

use super::super::flow;
use super::super::model::{Done, Next, Step};
use super::{CODE, elsewhere, of_row, other_step};
use crate::app::App;
use crate::codes::{self, Around, Entered, Told, Waiting, Words};
use crate::login::Office;
use crate::web::{Answer, Form, Visit, see_other};

const DELIVERY: &str = "/first-login/address/code/delivery";
const ADDRESS_WRONG: &str = "しばらく待っても届かないときは、メールアドレスに誤りがないかお確かめください。誤りがあれば【戻る】ボタンを押して、もう一度セキュリティ用メールアドレスを設定してください。";

/// 【確認コード入力】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    At(&app, &visit, &office).show()
}

/// \[送信\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let here = At(&app, &visit, &office);
    let typed = match here.typed(&form)? {
        Ok(typed) => typed,
        Err(answer) => return answer,
    };
    match flow::prove(&app, &office, typed).await {
        Ok(Entered::Right) => see_other(Step::Done(Done::SecurityMail).path()),
        Ok(other) => here.refuse(Told::Entered(other)),
        Err(error) => other_step(&visit, error),
    }
}

/// \[再送\]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, office: Office, _form: Form) -> Answer {
    match flow::resend(&app, &office, visit.network.to_string()).await {
        Ok(resent) => At(&app, &visit, &office).resent(resent),
        Err(error) => other_step(&visit, error),
    }
}

/// How far the mail is.
#[handler]
pub fn delivery(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    At(&app, &visit, &office).delivery()
}

/// The screen in one request.
struct At<'a>(&'a App, &'a Visit, &'a Office);

impl Around for At<'_> {
    type Place = ();

    fn waiting(&self) -> Waiting<()> {
        let Self(app, visit, office) = self;
        let view = app.store.read(|r| flow::waiting(r, &app.config, office, visit.now))?;
        Ok(view.map(|view| (view, ())).ok_or_else(|| elsewhere(visit, office.next)))
    }

    fn at(&self) -> codes::Here<'_> {
        (&self.0.config, self.1, CODE, Some(DELIVERY))
    }

    fn words(&self, (): &()) -> Words {
        Words {
            resend: "/first-login/address/code/resend",
            back: Step::SecurityMail.path(),
            again: "セキュリティ用メールアドレス設定",
            why: "入力されたメールアドレスに誤りがないことを確認するため、".into(),
            address_wrong: ADDRESS_WRONG,
            forward: "送信",
            ..Words::default()
        }
    }

    fn frame(&self, (): &(), title: &'static str, refused: bool, body: Markup) -> Markup {
        let step = if self.2.next == Next::Step(Step::Addresses) { Step::Addresses } else { Step::SecurityMail };
        of_row(self.1, self.2, title, (step, true), refused, |_| body)
    }
}
