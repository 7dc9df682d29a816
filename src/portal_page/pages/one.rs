//! 【利用者の管理】: one user of the institution, and what may be done.

use maud::{Markup, html};
use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Path};

use super::{Arrival, acting, delivery, only_main};
use crate::app::App;
use crate::kernel::{Id, jst};
use crate::login;
use crate::mail::outbox;
use crate::portal::{self, Bearer, HOME, Member, PortalMenu, User};
use crate::portal_page::flow::manage::{self, Order, Went};
use crate::portal_page::flow::too_many_changes;
use crate::portal_page::model::{Act, Why, state_words};
use crate::store::StoreError;
use crate::web::components::{ButtonRow, Facts, Mark, checkbox, error_summary, form, hidden, notice};
use crate::web::{Answer, Cookie, Errors, Fault, Form, Query, Visit, cookies, html as answer, page, page_422, see_other};

const TITLE: &str = "利用者の管理";
const ACT: &str = "act";
const SHOWN: &str = "shown";
const NOT_SURE: &str = "よろしければ、確認欄にチェックを入れてください。";

/// The user that the page is about, as they are now.
struct Found {
    member: Member,
    user: User,
    /// The newest invitation.
    invitation: Option<outbox::Row>,
}

/// How the page is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    /// Another screen was faster.
    Overtaken,
    Done(Act),
}

/// 【利用者の管理】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, bearer: Bearer, Path(id): Path<String>, Query(arrival): Query<Arrival>) -> Answer {
    let found = found(&app, &bearer, &id)?;
    if !may_look(&bearer, &found.member) {
        return only_main(&visit, &bearer, PortalMenu::My);
    }
    let told = Act::from_word(&arrival.notice).map_or(Told::Nothing, Told::Done);
    page(screen(&visit, &bearer, &found, &Errors::default(), told))
}

/// A button of it.
#[handler]
pub async fn carry(app: Data<&App>, visit: Visit, bearer: Bearer, Path(id): Path<String>, form: Form) -> Answer {
    let found = found(&app, &bearer, &id)?;
    let act = Act::from_word(form.get(ACT)).ok_or(Fault::BadRequest("no such act"))?;
    if !may_look(&bearer, &found.member) {
        return only_main(&visit, &bearer, PortalMenu::My);
    }
    let mut errors = Errors::default();
    if let Some(field) = act.sure().filter(|field| !form.has(field)) {
        // In the order of the form: the password stands above all acts.
        if !portal::is_fresh(&bearer, visit.now) {
            login::note_missing(&mut errors, &form);
        }
        errors.add(field, NOT_SURE);
        return page_422(screen(&visit, &bearer, &found, &errors, Told::Nothing));
    }
    let again_at = app.store.read(|r| too_many_changes(r, visit.now, bearer.user.id))?;
    if let Some(again_at) = again_at.filter(|_| act.is_counted()) {
        errors.add("", Why::TooManyChanges { again_at });
        return page_422(screen(&visit, &bearer, &found, &errors, Told::Nothing));
    }
    let confirmed = portal::confirm(&app, &bearer, &form, visit.now).await?;
    if !login::confirmed(&mut errors, &confirmed) {
        return page_422(screen(&visit, &bearer, &found, &errors, Told::Nothing));
    }
    let order = Order { target: found.member.id, act, shown: form.get(SHOWN).to_owned() };
    let here = acting(&app, &visit, &bearer);
    let went = app.store.write(move |tx| manage::carry_out(tx, &here, &order)).await?;
    match went {
        Went::Done => done(&visit, found.member.id, act),
        Went::Ended => see_other(HOME),
        Went::NotHere => Err(Fault::NotFound),
        Went::Refused(Why::NotMain) => only_main(&visit, &bearer, PortalMenu::My),
        Went::Overtaken => {
            let found = self::found(&app, &bearer, &id)?;
            Ok(answer(StatusCode::CONFLICT, screen(&visit, &bearer, &found, &errors, Told::Overtaken)))
        }
        Went::Refused(why) => {
            errors.add("", why);
            page_422(screen(&visit, &bearer, &self::found(&app, &bearer, &id)?, &errors, Told::Nothing))
        }
    }
}

fn done(visit: &Visit, member: Id, act: Act) -> Answer {
    match act {
        Act::Remove => see_other("/portal/my?notice=removed"),
        Act::Leave => {
            let mut response = see_other("/portal/login?notice=left")?;
            cookies::clear(&mut response, Cookie::Portal, visit.secure());
            Ok(response)
        }
        // Whoever has handed over sees the other's page no more.
        Act::HandOver => see_other("/portal/my?notice=handed_over"),
        _ => see_other(&format!("{}?notice={}", path(member), act.word())),
    }
}

fn path(member: Id) -> String {
    format!("{HOME}/users/{member}")
}

/// The main user looks at everybody's, the others at their own.
fn may_look(bearer: &Bearer, member: &Member) -> bool {
    bearer.is_main() || bearer.member.as_ref().is_some_and(|me| me.id == member.id)
}

/// Of the institution of this session; those of another do not exist.
fn found(app: &App, bearer: &Bearer, id: &str) -> Result<Found, Fault> {
    let id = Id::parse(id).ok_or(Fault::NotFound)?;
    let here = bearer.institution.as_ref().map(|institution| institution.id);
    let found = app.store.read(|r| {
        let Some(member) = portal::member(r, id)?.filter(|member| Some(member.institution) == here) else { return Ok(None) };
        let Some(user) = portal::user(r, member.user)? else { return Ok(None) };
        let invitation = portal::invitation(r, &member)?.map(|(_, row)| row);
        Ok::<_, StoreError>(Some(Found { member, user, invitation }))
    })?;
    found.ok_or(Fault::NotFound)
}

fn screen(visit: &Visit, bearer: &Bearer, found: &Found, errors: &Errors, told: Told) -> Markup {
    let refused = !errors.is_empty() || told == Told::Overtaken;
    let (member, me) = (&found.member, bearer.member.as_ref());
    let may = |act: Act| me.is_some_and(|me| act.may(me, member).is_ok());
    let offered: Vec<Act> = Act::ALL.into_iter().filter(|act| may(*act)).collect();
    bearer.screen(visit, TITLE, PortalMenu::My, None, refused, |csrf| {
        html! {
            (error_summary(&errors.list()))
            (told_box(told))
            (facts(visit, found))
            @if offered.is_empty() { (nothing_offered(bearer, member)) }
            @else {
                h2 { "操作" }
                (form(&path(member.id), csrf, html! {
                    // The first button of a form is what the Enter key presses: none of the acts.
                    button type="submit" disabled hidden {}
                    (hidden(SHOWN, member.state_word()))
                    (portal::password_again(bearer, visit.now, errors))
                    @for act in &offered { (one_act(*act, member, bearer, errors)) }
                }))
            }
            (ButtonRow::only_back(HOME))
        }
    })
}

fn told_box(told: Told) -> Markup {
    let sentence = match told {
        Told::Nothing => return html! {},
        Told::Overtaken => {
            return html! {
                div role="alert" {
                    (notice(Mark::Warning, "先に別の操作が行われたため、今回の操作は行っていません", html! {
                        p { "この画面を開いた後に、この利用者または主たる利用者の状態が変わりました。いまの状態を確認して、必要なときはもう一度操作してください。" }
                    }))
                }
            };
        }
        Told::Done(Act::Suspend) => "利用を停止しました",
        Told::Done(Act::Release) => "利用を再開しました",
        Told::Done(Act::Invite) => "案内を再送します",
        // They lead to other pages.
        Told::Done(Act::HandOver | Act::Remove | Act::Leave) => return html! {},
    };
    notice(Mark::Success, sentence, html! { p { "ご本人へメールでお知らせします。" } })
}

fn facts(visit: &Visit, found: &Found) -> Markup {
    let Found { member, user, invitation } = found;
    let person = &member.person;
    let mut facts = Facts::new()
        .row("氏名", &person.name)
        .row("氏名カナ", &person.kana)
        .row("役割", if member.main { "主たる利用者" } else { "追加の利用者" })
        .row("ID（メールアドレス）", html! { span.address { (user.mail.masked()) } })
        .row("電話番号", &person.telephone)
        .row("部署", &person.department)
        .row("職種", if person.occupation.is_empty() { "―" } else { person.occupation.as_str() })
        .row("登録日時", jst::sentence_time(member.since))
        .row("状態", state_words(member, visit.now));
    if member.entered.is_none() {
        facts = facts.row("案内のメール", delivery(invitation.as_ref()));
    }
    html! { (facts) }
}

fn nothing_offered(bearer: &Bearer, member: &Member) -> Markup {
    let own = bearer.member.as_ref().is_some_and(|me| me.id == member.id);
    html! {
        @if own {
            p.note { (Why::MainStays) }
        } @else if member.is_suspended_by_staff() {
            (notice(Mark::Warning, "ポータル運営が利用を停止しています", html! { p { (Why::Staff) } }))
        } @else {
            p.note { (Why::State) }
        }
    }
}

fn one_act(act: Act, member: &Member, bearer: &Bearer, errors: &Errors) -> Markup {
    let name = &member.person.name;
    let (label, tone, text) = match act {
        Act::Suspend => (
            "利用を停止する",
            "",
            "この方は、次の操作のときからこの事業所・医療機関の画面を使えなくなります。登録は残り、いつでも再開できます。",
        ),
        Act::Release => ("利用を再開する", "", "この方は、もう一度この事業所・医療機関の画面を使えるようになります。"),
        Act::Invite => (
            "案内を再送する",
            "",
            "ログインの方法をお知らせするメールを、もう一度送信します。初期パスワードをお送りしていたときは、前のものは使えなくなります。",
        ),
        Act::HandOver => (
            "主たる利用者を引き継ぐ",
            "",
            "この方が主たる利用者になり、利用者の追加と管理を行います。ご自身は追加の利用者になります。",
        ),
        Act::Remove => ("利用者を削除する", "danger", "この方の登録を、この事業所・医療機関から削除します。元に戻せません。"),
        Act::Leave => (
            "この事業所の利用をやめる",
            "danger",
            "ご自身の登録を、この事業所・医療機関から削除します。元に戻せません。ほかの事業所・医療機関に登録がなければ、IDもなくなります。",
        ),
    };
    let sure = match act {
        Act::Remove => format!("{name}さんの登録が削除されることを確認しました"),
        Act::HandOver => format!("{name}さんに主たる利用者を引き継ぐことを確認しました"),
        _ => format!("「{}」の利用をやめることを確認しました", bearer.name),
    };
    html! {
        section.card.act {
            h3 { (label) }
            p { (text) }
            @if let Some(field) = act.sure() { (checkbox(field, &sure, false).error(errors.of(field))) }
            p {
                button class={ "button " (tone) } type="submit" name=(ACT) value=(act.word()) {
                    @if act != Act::Leave { span.vh { (name) "さん: " } } (label)
                }
            }
        }
    }
}
