//! 【ユーザ新規登録】, 【登録内容の確認】, 【処理終了】 (S4 12).

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{acting, delivery, only_main};
use crate::app::App;
use crate::kernel::jst;
use crate::login::{self, Confirmed};
use crate::portal::{self, AddFault, Bearer, Draft, HOME, INITIAL_DAYS, MOST_ADDITIONAL, Person, PortalMenu};
use crate::portal_page::flow::too_many_changes;
use crate::portal_page::flow::users::{self, CHECK, EDIT, Went};
use crate::portal_page::model::{AddStage, Adding, invited_until};
use crate::store::StoreError;
use crate::web::components::{Back, ButtonRow, Facts, Mark, error_summary, form, notice, print_button};
use crate::web::{Answer, Errors, Form, Visit, page, page_422, see_other};

const STEPS: [&str; 3] = ["ユーザ新規登録", "登録内容の確認", "終了"];
/// The name of \[戻る\], which sends what was typed.
const BACK: &str = "back";

/// 【ユーザ新規登録】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    if !bearer.is_main() {
        return only_main(&visit, &bearer, PortalMenu::My);
    }
    let draft = current(&app, &visit, &bearer)?.map(|flow| flow.draft).unwrap_or_default();
    page(edit(&app, &visit, &bearer, &draft, &Errors::default())?)
}

/// \[次へ\]
#[handler]
pub async fn propose(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    if !bearer.is_main() {
        return only_main(&visit, &bearer, PortalMenu::My);
    }
    let (draft, here) = (portal::typed(&form), acting(&app, &visit, &bearer));
    if form.has(BACK) {
        let kept = draft.clone();
        let answer = app.store.write(move |tx| users::keep(tx, &here, &kept)).await?;
        return went(&app, &visit, &bearer, &draft, answer);
    }
    let mut errors = Errors::default();
    let Some((_, mail)) = portal::read_user(&draft, &mut errors) else {
        if !portal::is_fresh(&bearer, visit.now) {
            login::note_missing(&mut errors, &form);
        }
        return page_422(edit(&app, &visit, &bearer, &draft, &errors)?);
    };
    if !confirmed(&app, &visit, &bearer, &form, &mut errors).await? {
        return page_422(edit(&app, &visit, &bearer, &draft, &errors)?);
    }
    let kept = draft.clone();
    let answer = app.store.write(move |tx| users::propose(tx, &here, &kept, &mail)).await?;
    went(&app, &visit, &bearer, &draft, answer)
}

/// Whether the password is fresh or was right, and there were not too many changes; else the sentence stands in the form.
pub(super) async fn confirmed(
    app: &App,
    visit: &Visit,
    bearer: &Bearer,
    form: &Form,
    errors: &mut Errors,
) -> Result<bool, crate::web::Fault> {
    if let Some(again_at) = app.store.read(|r| too_many_changes(r, visit.now, bearer.user.id))? {
        return Ok(login::confirmed(errors, &Confirmed::TooManyChanges { again_at }));
    }
    let confirmed = portal::confirm(app, bearer, form, visit.now).await?;
    Ok(login::confirmed(errors, &confirmed))
}

/// 【登録内容の確認】
#[handler]
pub fn check(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    if !bearer.is_main() {
        return only_main(&visit, &bearer, PortalMenu::My);
    }
    let Some(flow) = current(&app, &visit, &bearer)? else { return see_other(EDIT) };
    if matches!(flow.stage, AddStage::Done { .. }) {
        return see_other(users::DONE);
    }
    let Some(person) = Person::read(&flow.draft).ok().filter(|_| flow.may_be_sent(visit.now)) else { return see_other(EDIT) };
    page(bearer.screen(&visit, STEPS[1], PortalMenu::Users, Some((&STEPS, 2)), false, |csrf| {
        html! {
            p.lead { "次の内容で利用者を登録します。よろしければ、【登録】ボタンを押してください。" }
            (Facts::new()
                .row("事業所・医療機関", &bearer.name)
                .row_with_change("氏名", &person.name, EDIT)
                .row_with_change("氏名カナ", &person.kana, EDIT)
                .row_with_change("メールアドレス", html! { span.address { (flow.draft.mail.address) } }, EDIT)
                .row_with_change("電話番号", &person.telephone, EDIT)
                .row_with_change("部署", &person.department, EDIT)
                .row_with_change("職種", if person.occupation.is_empty() { "―" } else { person.occupation.as_str() }, EDIT))
            p.note { "登録すると、このメールアドレスへ、ログインの方法をお知らせするメールを送信します。" }
            (form(CHECK, csrf, html! { (ButtonRow::forward("登録").back(Back::Link(EDIT))) }))
        }
    }))
}

/// \[登録\]
#[handler]
pub async fn add(app: Data<&App>, visit: Visit, bearer: Bearer, _form: Form) -> Answer {
    if !bearer.is_main() {
        return only_main(&visit, &bearer, PortalMenu::My);
    }
    let here = acting(&app, &visit, &bearer);
    let answer = app.store.write(move |tx| users::add(tx, &here)).await?;
    let draft = match &answer {
        Went::Refused(_) | Went::NotNow(_) => current(&app, &visit, &bearer)?.map(|flow| flow.draft).unwrap_or_default(),
        _ => Draft::default(),
    };
    went(&app, &visit, &bearer, &draft, answer)
}

/// 【処理終了】. It says the same whoever was added: whether the address had an account before is nobody's to know.
#[handler]
pub fn done(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    let Some(AddStage::Done { member, mail }) = current(&app, &visit, &bearer)?.map(|flow| flow.stage) else {
        return see_other(HOME);
    };
    let (member, row) = app.store.read(|r| {
        let member = portal::member(r, member)?;
        let row = member.as_ref().map_or(Ok(None), |member| portal::invitation(r, member))?;
        Ok::<_, StoreError>((member, row.map(|(_, row)| row)))
    })?;
    page(bearer.screen(&visit, "処理終了", PortalMenu::Users, Some((&STEPS, 3)), false, |_| {
        html! {
            (notice(Mark::Success, "利用者を登録しました", html! {
                p { "ログインの方法をお知らせするメールを、" strong.address { (mail) } " 宛にお送りします。" }
                p { (delivery(row.as_ref())) }
            }))
            @if let Some(member) = &member {
                p { "案内の有効期限は" (jst::sentence_time(invited_until(member))) "（登録から" (INITIAL_DAYS) "日間）です。それまでに、登録された方ご本人がログインしてください。過ぎたときは、【利用者の管理】から案内を再送できます。" }
                p { "メールアドレスに誤りがあったときは、" a href={ (HOME) "/users/" (member.id) } { "利用者の管理" } "で削除し、もう一度登録してください。" }
            }
            (print_button("この画面を印刷する"))
            (ButtonRow::forward_link("マイページへ", HOME))
        }
    }))
}

fn current(app: &App, visit: &Visit, bearer: &Bearer) -> Result<Option<Adding>, StoreError> {
    app.store.read(|r| users::current(r, app, &bearer.session_key, visit.now))
}

/// The answer to a step.
fn went(app: &App, visit: &Visit, bearer: &Bearer, draft: &Draft, went: Went) -> Answer {
    let mut errors = Errors::default();
    match went {
        Went::To(path) => return see_other(path),
        Went::Ended => return see_other(HOME),
        Went::NotMain => return only_main(visit, bearer, PortalMenu::My),
        Went::Refused(fault @ AddFault::Taken) => errors.add("mail_address", fault),
        Went::Refused(fault @ AddFault::Full) => errors.add("", fault),
        Went::NotNow(why) => errors.add("", why),
    }
    page_422(edit(app, visit, bearer, draft, &errors)?)
}

fn edit(app: &App, visit: &Visit, bearer: &Bearer, draft: &Draft, errors: &Errors) -> Result<Markup, StoreError> {
    let left = match &bearer.member {
        Some(member) => app.store.read(|r| users::places_left(r, member))?,
        None => 0,
    };
    Ok(bearer.screen(visit, STEPS[0], PortalMenu::Users, Some((&STEPS, 1)), !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            @if left == 0 {
                (notice(Mark::Info, "これ以上は追加できません", html! {
                    p { "追加できる利用者は最大" (MOST_ADDITIONAL) "名です。使わなくなった利用者を削除すると、追加できるようになります。" }
                }))
                (ButtonRow::only_back(HOME))
            } @else {
                p.lead { "「" (bearer.name) "」の利用者を追加します。登録する方の情報を入力し、【次へ】ボタンを押してください。" }
                p.note { "最大で" (MOST_ADDITIONAL) "名追加できます。あと" (left) "名です。" }
                (form(EDIT, csrf, html! {
                    (portal::user_fields(draft, errors))
                    (portal::password_again(bearer, visit.now, errors))
                    (ButtonRow::forward("次へ").back(Back::Submit { name: BACK, value: "my" }))
                }))
            }
        }
    }))
}
