//! `/demo/mail` and `/demo/codes`: what would lie in mailboxes and on telephones.

use maud::{Markup, html};
use poem::handler;
use poem::web::{Data, Path};

use super::offices;
use super::people::{self, STAFF};
use crate::kernel::{UserId, jst};
use crate::mail::transport::{Memory, OutgoingMail};
use crate::web::components::{ButtonRow, Column, DataTable, Facts, Mark, empty_state, notice};
use crate::web::layout::Shell;
use crate::web::{Answer, Fault, Visit, page};

/// Seconds for which a code of an authenticator app holds.
const STEP: i64 = 30;

/// All mails of this process, newest first.
#[handler]
pub fn mails(visit: Visit, kept: Data<&Memory>) -> Answer {
    let columns = [Column::Short("送信日時"), Column::Head("件名"), Column::Text("宛先")];
    let mut table = DataTable::new("届いたメール", &columns);
    for mail in kept.mails().iter().rev() {
        table.push(vec![
            html! { (jst::list_time(mail.date)) },
            html! { a href={ "/demo/mail/" (name(mail)) } { (mail.subject) } },
            html! { (mail.to) },
        ]);
    }
    page(visit.page("届いたメール", Shell::Visitor).render(html! {
        p.lead { "デモでは、メールは外へ送られず、ここに届きます。新しい順に並んでいます。" }
        @if table.is_empty() { (empty_state("メールはまだありません", html! { p { "送信されるまで数秒かかることがあります。" } })) }
        @else { (table) }
        (ButtonRow::only_back("/"))
    }))
}

/// One mail.
#[handler]
pub fn one_mail(visit: Visit, kept: Data<&Memory>, Path(id): Path<String>) -> Answer {
    let all = kept.mails();
    let mail = all.iter().find(|mail| name(mail) == id).ok_or(Fault::NotFound)?;
    let facts = Facts::new().row("差出人", &mail.from).row("宛先", &mail.to).row("送信日時", jst::list_time(mail.date));
    page(visit.page("届いたメール", Shell::Visitor).render(html! {
        h2 { (mail.subject) }
        (facts)
        div.mail-text { (linked(&mail.body)) }
        (ButtonRow::only_back("/demo/mail"))
    }))
}

/// The name of a mail in addresses: the part of its Message-ID before the @.
fn name(mail: &OutgoingMail) -> &str {
    mail.message_id.trim_start_matches('<').split('@').next().unwrap_or_default()
}

/// The text with addresses of this installation as links, as mail programs show them.
fn linked(text: &str) -> Markup {
    let is_end = |c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"');
    let mut parts: Vec<(bool, &str)> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("http://").into_iter().chain(rest.find("https://")).min() {
        let (before, from) = rest.split_at(start);
        let (link, after) = from.split_at(from.find(is_end).unwrap_or(from.len()));
        parts.extend([(false, before), (true, link)]);
        rest = after;
    }
    parts.push((false, rest));
    html! { @for (is_link, part) in parts { @if is_link { a href=(part) { (part) } } @else { (part) } } }
}

/// The codes that the authenticator apps of staff and of an office show now.
#[handler]
pub fn codes(visit: Visit) -> Answer {
    let columns = [Column::Head("職員名"), Column::Text("連合会"), Column::Text("役割"), Column::Short("認証コード")];
    let mut table = DataTable::new("職員の認証コード", &columns).id("codes");
    for one in &STAFF {
        let code = one.authenticator().code(visit.now);
        table.push(vec![
            html! { (one.name) },
            html! { (one.place_name()) },
            html! { (one.role.label()) },
            html! { span.mono { (code) } },
        ]);
    }
    let columns = [Column::Head("事業所"), Column::Text("ユーザID"), Column::Short("認証コード")];
    let mut offices = DataTable::new("事業所の認証コード", &columns).id("office-codes");
    let (place, serial) = offices::WITH_APP;
    offices.push(vec![
        html! { (offices::OFFICES.iter().find(|one| (one.place, one.serial) == (place, serial)).map_or("", offices::Sample::name)) },
        html! { span.mono { (UserId::of(offices::key(place, serial))) } },
        html! { span.mono { (people::office_authenticator().code(visit.now)) } },
    ]);
    let next = (visit.now.as_second().div_euclid(STEP) + 1) * STEP;
    page(visit.page("認証コード", Shell::Visitor).render(html! {
        p.lead { "認証アプリに、いま表示されているコードです。デモの時計に合わせて" (STEP) "秒ごとに変わります。" }
        div.stack #now data-hx-get="/demo/codes" data-hx-trigger={ "load delay:" (next - visit.now.as_second()) "s" }
            data-hx-select="#now" data-hx-swap="outerHTML" {
            (table)
            (offices)
        }
        (notice(Mark::Info, "", html! {
            p { "職員のパスワードは全員 " span.mono { (people::STAFF_PASSWORD) } " です。" }
            p { "コードは1回だけ使えます。続けて同じ職員や事業所でログインするときは、次のコードをお待ちください。" }
        }))
        (ButtonRow::only_back("/staff"))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_a_mail_are_links_and_nothing_else_is() {
        let shown = linked("次のURLです。\nhttp://localhost:8080/status <b>\n以上").into_string();
        assert!(
            shown.contains(r#"<a href="http://localhost:8080/status">http://localhost:8080/status</a> &lt;b&gt;"#),
            "{shown}"
        );
        assert_eq!(shown.matches("<a ").count(), 1);
    }
}
