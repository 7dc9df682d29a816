//! The application beside the ledger, the telephone number, and what is known of the office's login.

use maud::{Markup, html};

use super::super::flow::desk::dossier::Dossier;
use super::super::model::{Slip, Source};
use super::source_title;
use crate::accounts::Account;
use crate::kernel::{UserId, jst, text};
use crate::ledger::{Entry, Status};
use crate::web::components::{CompareRow, Facts, comparison, copy_button};

/// 申請内容と事業所台帳の照合.
pub(super) fn compared(dossier: &Dossier) -> Markup {
    let one = &dossier.one;
    let entry = dossier.entry.as_ref();
    let blank = Slip::default();
    let slip = match &one.source {
        Source::Desk { slip, .. } => slip,
        Source::Visitor => &blank,
    };
    let (number, prefecture) = (one.office.number.to_string(), one.office.prefecture.name());
    let in_ledger = |value: &'static str| Some(if entry.is_some() { value } else { "" });
    let contact = one.contact.as_ref().map_or_else(|| "（なし）".to_owned(), ToString::to_string);
    let mut rows = vec![
        CompareRow { label: "事業所番号", left: &number, right: Some(entry.map_or("", |_| number.as_str())) },
        CompareRow { label: "請求先都道府県", left: prefecture, right: in_ledger(prefecture) },
    ];
    let (mut name, mut telephone) = (String::new(), String::new());
    if let Some(entry) = entry {
        (name, telephone) = (alike_name(&slip.name, entry), alike_telephone(&slip.telephone, entry));
    }
    if !slip.name.is_empty() {
        rows.push(CompareRow { label: "事業所名", left: &name, right: Some(entry.map_or("", |entry| &entry.name)) });
    }
    if !slip.telephone.is_empty() {
        rows.push(CompareRow {
            label: "電話番号", left: &telephone, right: Some(entry.map_or("", |entry| &entry.telephone))
        });
    }
    rows.push(CompareRow { label: "通知先メールアドレス", left: &contact, right: None });
    html! {
        (comparison("申請内容と事業所台帳", "申請内容", "事業所台帳", &rows))
        (contact_note(dossier))
        @if !slip.note.is_empty() { (Facts::new().row("受付時のメモ", html! { p.pre { (slip.note) } })) }
    }
}

/// What was written, or the ledger's spelling where only widths and spaces differ.
fn alike_name(written: &str, entry: &Entry) -> String {
    let bare = |name: &str| text::line(name).split_whitespace().collect::<String>();
    if bare(written) == bare(&entry.name) { entry.name.clone() } else { written.to_owned() }
}

fn alike_telephone(written: &str, entry: &Entry) -> String {
    if digits(written) == digits(&entry.telephone) { entry.telephone.clone() } else { written.to_owned() }
}

fn digits(telephone: &str) -> String {
    text::code(telephone).chars().filter(char::is_ascii_digit).collect()
}

/// Whether the address is one that the office has registered: the one thing about it that can be checked here.
fn contact_note(dossier: &Dossier) -> Markup {
    let Some(contact) = &dossier.one.contact else {
        return html! { p.note { "通知先メールアドレスがないため、この申請についてのメールは送られません。" } };
    };
    let registered = dossier.account.as_ref().map(Account::told_addresses).unwrap_or_default();
    html! {
        p.note {
            @if registered.contains(contact) {
                "通知先メールアドレスは、この事業所が" strong { "登録済みのアドレスと一致" } "しています。"
            } @else if registered.is_empty() {
                "この事業所には登録済みのメールアドレスがないため、通知先の持ち主は台帳の電話番号などでお確かめください。"
            } @else {
                "通知先メールアドレスは、この事業所が登録済みのアドレス（" (registered.len()) "件）のどれとも一致しません。"
            }
        }
    }
}

/// 事業所名, with its kana where the ledger has it.
pub(super) fn office_title(name: &str, entry: Option<&Entry>) -> Markup {
    let kana = entry.map_or("", |entry| entry.kana.as_str());
    html! {
        div {
            p.office-title { (name) }
            @if !kana.is_empty() { p.under { (kana) } }
        }
    }
}

/// The number to call, large.
pub(super) fn call(entry: Option<&Entry>) -> Markup {
    let telephone = entry.map_or("", |entry| entry.telephone.as_str());
    html! {
        div.call {
            p.call-label { "台帳の電話番号" }
            @if telephone.is_empty() {
                p.call-none { "登録がありません" }
            } @else {
                p.call-number {
                    a href={ "tel:" (digits(telephone)) } { (telephone) }
                    (copy_button(telephone, "コピー"))
                }
            }
        }
    }
}

/// What the ledger says of the office.
pub(super) fn ledger_facts(entry: &Entry) -> Markup {
    let or_none = |value: &str| html! { @if value.is_empty() { span.none { "登録なし" } } @else { (value) } };
    let address = html! {
        @if entry.postal_code.is_empty() { p.none { "郵便番号なし" } } @else { p { "〒" (entry.postal_code) } }
        p { (or_none(&entry.address)) }
        @if !entry.building.is_empty() { p { (entry.building) } }
    };
    let status = html! { @if entry.status == Status::Active { (entry.status.name()) } @else { strong.different { (entry.status.name()) } } };
    let mut facts = Facts::new().row("送付先の住所", address).row("台帳の状態", status);
    if !entry.corporation.is_empty() {
        facts = facts.row("法人名", &entry.corporation);
    }
    if !entry.fax.is_empty() {
        facts = facts.row("FAX番号", &entry.fax);
    }
    if !entry.claim_method.name().is_empty() {
        facts = facts.row("請求方法", entry.claim_method.name());
    }
    html! {
        (facts)
        p { a href={ "/staff/ledger/" (entry.key.number) } { "台帳の画面で見る" } }
    }
}

/// What is known of the office's login, and how the application came in.
pub(super) fn login_facts(dossier: &Dossier) -> Markup {
    let one = &dossier.one;
    let user = UserId::of(one.office).to_string();
    let facts = Facts::new().row("受付方法", html! { p { (source_title(one)) } p.muted { (jst::list_time(one.received)) } });
    let facts = match &dossier.account {
        None => {
            facts.row("ユーザID", html! { p.mono { (user) } p.muted { "まだ発行されていません。承認すると新しく発行します。" } })
        }
        Some(account) => {
            let facts = facts.row(
                "ユーザID",
                html! {
                    p.mono { (user) }
                    @if account.suspended { p { strong.different { "利用停止中" } } }
                },
            );
            let last = account.last_login.as_ref().map_or_else(|| "記録なし".to_owned(), |login| jst::list_time(login.at));
            facts.row("最終ログイン", last)
        }
    };
    html! { (facts) }
}
