//! The screen that waits for a code: the same for every purpose (spec 3, R3 and A3).

use std::borrow::Cow;

use maud::{Markup, html};

use super::flow::{Delivery, Resent, View};
use super::model::{End, Entered};
use super::purpose::Sort;
use crate::config::{self, Config};
use crate::kernel::{Id, jst};
use crate::web::components::{
    Back, ButtonRow, Mark, code_field, copy_button, error_summary, form, help_details, hidden, notice, resend_form,
};
use crate::web::layout::ServerTime;

/// The name of the field.
pub(super) const FIELD: &str = "code";
/// The name of the field that names the challenge, where `Words::tied` says it.
pub const CHALLENGE: &str = "challenge";

/// What a room says on its screen. What it does not say is empty.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Where 再送 goes.
    pub(crate) resend: &'static str,
    /// Where 戻る leads; also the way to start again.
    pub(crate) back: &'static str,
    /// What is to be done again when the code cannot be used, e.g. ログイン情報再発行申請.
    pub(crate) again: &'static str,
    /// Why the code is asked for, before 〜を … 宛に送信しました.
    pub(crate) why: Cow<'static, str>,
    /// The challenge, where its form names it: a screen drawn for another one enters nothing then. `None` where one challenge does as well
    /// as another.
    pub(crate) tied: Option<Id>,
    /// Lines of the screen's own, before the causes why a mail does not come.
    pub(crate) notes: &'static [&'static str],
    /// What to do when no mail comes because of the address: it is retyped, or it cannot be.
    pub(crate) address_wrong: &'static str,
    /// The forward button: 次へ, or what happens at once.
    pub(crate) forward: &'static str,
    /// The address as the screen names it, where whoever looks at it need not know it whole: masked.
    pub(crate) shown: Option<String>,
    /// Something of the screen's own between the field and the buttons.
    pub(crate) below: Option<Markup>,
}

/// What the screen is made of.
pub(super) struct CodeScreen<'a> {
    pub(super) words: Words,
    pub(super) view: &'a View,
    pub(super) config: &'a Config,
    pub(super) now: &'a ServerTime,
    pub(super) csrf: &'a str,
    /// Where the code goes.
    pub(super) action: &'a str,
    /// An address that answers GET with the state of delivery; `None` where that must not be told.
    pub(super) delivery: Option<&'a str>,
    pub(super) told: Told,
}

/// What a screen says was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Nothing,
    /// This is wrong with what was typed.
    Error(String),
    /// The code was looked at, and is not right.
    Entered(Entered),
    /// The last 再送 was refused; no fault of what was typed.
    Resent(Resent),
}

impl CodeScreen<'_> {
    pub(super) fn title(&self) -> &'static str {
        match self.sort() {
            Sort::Confirmation => "確認コード入力",
            Sort::OneTime => "ワンタイムパスワード入力",
        }
    }

    /// Whether something was not taken, now or for good.
    pub(super) fn refused(&self) -> bool {
        self.told != Told::Nothing || self.view.end.is_some()
    }

    const fn sort(&self) -> Sort {
        self.view.purpose.sort()
    }

    fn address(&self) -> &str {
        self.words.shown.as_deref().unwrap_or_else(|| self.view.address.as_str())
    }

    fn error(&self) -> Option<String> {
        match &self.told {
            Told::Error(sentence) => Some(sentence.clone()),
            Told::Entered(entered) => sentence(*entered, self.sort(), &self.config.code),
            Told::Nothing | Told::Resent(_) => None,
        }
    }

    fn not_resent(&self) -> Option<String> {
        match self.told {
            Told::Resent(refused) => resend_sentence(refused, self.sort()),
            _ => None,
        }
    }

    pub(super) fn body(&self) -> Markup {
        let (name, digits) = (self.sort().title(), self.sort().digits());
        if let Some(end) = self.view.end {
            return self.over(end);
        }
        let sentence = self.error();
        let error = sentence.as_deref();
        let errors: Vec<_> = error.map(|sentence| (FIELD, sentence)).into_iter().collect();
        html! {
            (error_summary(&errors))
            @if let Some(sentence) = self.not_resent() {
                (notice(Mark::Warning, &format!("{name}を再送していません"), html! { p { (sentence) } }))
            } @else if self.view.issue > 1 && error.is_none() {
                (notice(Mark::Success, "", html! {
                    p { "新しい" (name) "を" (jst::hm(self.view.requested)) "に送信しました。前に届いた" (name) "は使えません。" }
                }))
            }
            p.lead {
                (self.words.why) (name) "を " strong.address { (self.address()) } " 宛に送信しました。メール本文に記載された" (digits)
                "桁の数字を入力し、【" (self.words.forward) "】ボタンを押してください。"
            }
            (form(self.action, self.csrf, html! {
                @if let Some(id) = self.words.tied { (hidden(CHALLENGE, &id.to_string())) }
                (code_field(FIELD, name).required().error(error).support(&format!(
                    "有効期間は{}分です（{}まで）。{}",
                    self.config.code.valid_minutes,
                    jst::hm(self.view.valid_until),
                    tries_in_words(&self.config.code)
                )))
                @if let Some(below) = &self.words.below { (below) }
                (ButtonRow::forward(self.words.forward).back(Back::Link(self.words.back)))
            }))
            section.stack {
                h2 { "メールが届かないとき" }
                @if let Some(url) = self.delivery { (delivery_line(&self.view.delivery, Some(url))) }
                p.note { "メールが届くまで数分程度かかる場合があります。" }
                p { (self.words.address_wrong) }
                (resend_form(self.words.resend, self.csrf, &format!("{name}を再送"), self.now, self.view.resend_from.as_millisecond()))
                @for note in self.words.notes { p.note { (note) } }
                p {
                    // A one-time password goes to an address that is registered, or to none.
                    @match self.sort() {
                        Sort::Confirmation => "メールアドレスに誤りがないときは、次の原因が考えられます。",
                        Sort::OneTime => "それでもメールが届かないときは、次の原因が考えられます。",
                    }
                }
                ul {
                    li { "受信制限の設定をしている。" }
                    li { "迷惑メールフォルダ等に移動している。" }
                    li { "メールの受信フォルダ・メールボックス等が容量オーバーになっている。" }
                    li { "プロバイダの通信状況で受信が遅れている。" }
                }
                (self.help())
            }
        }
    }

    /// No more entries: what happened, and the way back to the start.
    fn over(&self, end: End) -> Markup {
        let sentence = match end {
            End::Spent => sentence(Entered::Ended, self.sort(), &self.config.code),
            End::Used | End::Replaced => sentence(Entered::Used, self.sort(), &self.config.code),
        };
        html! {
            (notice(Mark::Error, &format!("この{}は使えません", self.sort().title()), html! {
                p { (sentence.unwrap_or_default()) }
                p { "【戻る】ボタンを押して、もう一度" (self.words.again) "を行ってください。新しい" (self.sort().title()) "をお送りします。" }
            }))
            (ButtonRow::only_back(self.words.back))
        }
    }

    fn help(&self) -> Markup {
        let sender = self.config.mail.from.as_ref().map(|sender| sender.address.as_str()).unwrap_or_default();
        let domain = sender.rsplit_once('@').map_or("", |(_, domain)| domain);
        help_details(
            "メールが届かない場合について",
            html! {
                h3 { "① 受信制限の設定をしている" }
                p { "お使いのメールで受信制限をしていないか確認してください。制限しているときは、次のドメインまたはメールアドレスからの受信を許可してから、再送してください。" }
                @if !domain.is_empty() {
                    div.stack {
                        p { "ドメイン " code { (domain) } " " (copy_button(domain, "ドメインをコピー")) }
                        p { "メールアドレス " code { (sender) } " " (copy_button(sender, "アドレスをコピー")) }
                    }
                }
                h3 { "② 迷惑メールフォルダ等に移動している" }
                p { "迷惑メールとして振り分けられていることがあります。迷惑メールフォルダなどに届いていないか確認してください。" }
                h3 { "③ メールの受信フォルダ・メールボックス等が容量オーバーになっている" }
                p { "メールボックスがいっぱいになっていないか確認してください。保存できる容量は、お使いのメールの提供元へお問い合わせください。いっぱいのときは、不要なメールを削除してから再送してください。" }
                h3 { "④ プロバイダの通信状況で受信が遅れている" }
                p { "お使いのプロバイダのお知らせで、障害や遅れがないか確認してください。復旧してしばらくたっても届かないときは、再送してください。" }
            },
        )
    }
}

/// Whether the mail has left, asked again every few seconds where the script runs and `poll` gives the address.
pub(super) fn delivery_line(delivery: &Delivery, poll: Option<&str>) -> Markup {
    let waiting = matches!(delivery, Delivery::Waiting | Delivery::Delayed);
    let poll = poll.filter(|_| waiting);
    html! {
        p #delivery .delivery role="status" data-hx-get=[poll] data-hx-trigger=[poll.map(|_| "every 4s")]
            data-hx-swap=[poll.map(|_| "outerHTML")] {
            @match delivery {
                Delivery::Waiting => "メールを送信しています。",
                Delivery::Delayed => "メールサーバーの都合で、まだ送信できていません。自動で送り直していますので、このまましばらくお待ちください。時間がかかるときは、あらためてお手続きいただくか、国保連合会へお電話ください。",
                Delivery::Sent(at) => { (jst::hm(*at)) "に、メールサーバーがこのメールを受け取りました。" }
                Delivery::GivenUp => "メールサーバーの都合で、有効期間内に送信できませんでした。再送のボタンを押して、もう一度お受け取りください。",
                Delivery::Failed => "メールサーバーがこの宛先へのメールを受け付けませんでした。メールアドレスに誤りがないかお確かめください。",
            }
        }
    }
}

fn tries_in_words(rules: &config::Code) -> String {
    format!("誤った入力が、再送の前後を合わせて{}回になると使えなくなります。", rules.tries)
}

/// What an entry that is not right is answered with. `None` for the right one.
fn sentence(entered: Entered, sort: Sort, rules: &config::Code) -> Option<String> {
    let (name, digits) = (sort.title(), sort.digits());
    Some(match entered {
        Entered::Right => return None,
        Entered::Wrong { left } => {
            format!("{name}が違います。メールに記載された{digits}桁の数字をお確かめください。あと{left}回入力できます。")
        }
        Entered::Old { left } => format!(
            "入力されたのは、再送する前の古い{name}です。いちばん新しいメールに記載された{name}を入力してください。あと{left}回入力できます。"
        ),
        Entered::Expired => format!(
            "{name}の有効期間（{}分）が過ぎました。再送のボタンを押して、新しい{name}を受け取ってください。",
            rules.valid_minutes
        ),
        Entered::Ended => format!("{}回誤って入力されたため、この{name}は使えなくなりました。", rules.tries),
        Entered::Used => format!("この{name}はすでに使われています。同じ{name}を二度使うことはできません。"),
    })
}

/// What something that cannot be a code is answered with; it costs no try.
pub(super) fn form_sentence(typed: &str, sort: Sort) -> String {
    let name = sort.title();
    if typed.trim().is_empty() {
        format!("{name}を入力してください。")
    } else {
        format!("{name}は{}桁の数字で入力してください。", sort.digits())
    }
}

/// What a refused 再送 is answered with. `None` if it was sent or the challenge is over (the screen itself says so then).
fn resend_sentence(resent: Resent, sort: Sort) -> Option<String> {
    match resent {
        Resent::Sent | Resent::Ended => None,
        Resent::TooSoon { from } => {
            Some(format!("前の送信から少し時間をおいてお試しください。{}以降に再送できます。", jst::hms(from)))
        }
        Resent::TooMany { again_at } => Some(too_many(sort, again_at)),
    }
}

/// What somebody is told who has asked for too many codes.
#[must_use]
pub fn too_many(sort: Sort, again_at: jiff::Timestamp) -> String {
    format!("{}の送信回数が上限に達しました。{}以降に、もう一度お試しください。", sort.title(), jst::sentence_time(again_at))
}
