//! M-9, M-14i and M-14c (spec 4): initial passwords, invitations, changes. All name the federation to call and belong to no clerk's list.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::initial::initial_password;
use super::model::{INITIAL_DAYS, Institution, Member, User};
use super::standing::{about, name_of};
use super::store;
use crate::config::Config;
use crate::kernel::{Id, MailAddress, Moment, Prefecture, Secret, jst};
use crate::mail::words::Words;
use crate::mail::{self, ComposeContext, Composed, Mail, outbox};
use crate::store::{StoreError, Tx};

/// The kinds that [`compose`] knows: to a main user, to an additional one, of a change.
pub const KINDS: [&str; 3] = [INITIAL, INVITED, CHANGED];
const INITIAL: &str = "M-9";
const INVITED: &str = "M-14i";
const CHANGED: &str = "M-14c";

/// What changed for a user. Addresses are masked: the mail goes to both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Another person is the main user now.
    Replaced,
    /// The main role was handed over to them.
    MadeMain,
    /// They handed the main role over.
    NoLongerMain,
    /// Removed from an institution.
    Removed,
    /// Suspended at an institution.
    Suspended,
    /// Released again.
    Released,
    /// A new password was set.
    Password,
    /// Another address is the ID.
    MailChanged {
        /// The one before, masked.
        masked_old: String,
        /// The new one, masked.
        masked_new: String,
    },
    /// A passkey was registered.
    PasskeyAdded,
    /// A passkey was taken away.
    PasskeyRemoved,
    /// A device was logged out and is a stranger now.
    DeviceForgotten,
    /// パスワードを忘れた方 was done.
    Lost,
}

impl Change {
    fn what(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Replaced => {
                "主たる利用者が交代しました。これまでの主たる利用者の方は、この事業所・医療機関の画面を使えなくなりました。"
            }
            Self::MadeMain => "主たる利用者になりました。利用者の追加と管理を行えます。",
            Self::NoLongerMain => {
                "主たる利用者の役割を、ほかの利用者に引き継ぎました。これからは追加の利用者として、引き続きご利用いただけます。"
            }
            Self::Removed => "利用者の登録が削除されました。",
            Self::Suspended => "利用が停止されました。",
            Self::Released => "利用が再開されました。",
            Self::Password => "パスワードが変更されました。",
            Self::MailChanged { masked_old, masked_new } => {
                return format!("ID（メールアドレス）が、{masked_old} から {masked_new} に変更されました。").into();
            }
            Self::PasskeyAdded => "ログインに使うパスキーが登録されました。",
            Self::PasskeyRemoved => "ログインに使うパスキーが削除されました。",
            Self::DeviceForgotten => {
                "【ログイン中の端末】の操作により、端末がログアウトされました。次にその端末からログインするときは、初めて使う端末として扱われます。"
            }
            Self::Lost => {
                "【パスワードを忘れた方】により、新しいパスワードが設定されました。ログイン中の端末はすべてログアウトし、パスキーと記憶した端末は解除されました。"
            }
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Invited {
    home: Prefecture,
    member: Id,
    /// The initial password that it holds; `None` for who has a password.
    grant: Option<Id>,
    /// The member who asked for an additional user.
    by: Option<Id>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Changed {
    home: Prefecture,
    /// Where, if it is of one institution only.
    institution: Option<Id>,
    change: Change,
    at: Timestamp,
}

/// What staff call a mail of this room.
#[must_use]
pub fn mail_title(kind: &str) -> Option<&'static str> {
    Some(match kind {
        INITIAL => "介護情報基盤ポータル 初期パスワードのお知らせ",
        INVITED => "介護情報基盤ポータル ユーザ登録のご案内",
        CHANGED => "介護情報基盤ポータル 登録変更のお知らせ",
        _ => return None,
    })
}

/// The federation whose operators see a mail of this room that could not be sent. `None` for other mails and those that have gone.
#[must_use]
pub fn mail_home(row: &outbox::Row) -> Option<Prefecture> {
    #[derive(Deserialize)]
    struct Home {
        home: Prefecture,
    }
    mail_title(&row.kind)?;
    serde_json::from_str::<Home>(&row.params).ok().map(|params| params.home)
}

/// Posts M-9 or M-14i.
pub(super) fn invite(
    tx: &mut Tx<'_>,
    moment: &Moment,
    user: &User,
    member: &Member,
    home: Prefecture,
    by: Option<&Member>,
) -> Result<Id, StoreError> {
    let grant = user.initial.map(|initial| initial.grant);
    let params = serde_json::json!(Invited { home, member: member.id, grant, by: by.map(|by| by.id) });
    let kind = if member.main { INITIAL } else { INVITED };
    mail::post(
        tx,
        moment,
        Mail { kind, to: user.mail.clone(), prefecture: None, about: about(member.id), params, useless_after: None },
    )
}

/// Tells a user of a change of what opens their account (M-14c), and `also` these addresses, each once.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn tell(
    tx: &mut Tx<'_>,
    moment: &Moment,
    user: &User,
    home: Prefecture,
    change: Change,
    also: &[MailAddress],
) -> Result<(), StoreError> {
    tell_at(tx, moment, user, home, None, change, also)
}

/// As [`tell`], of a change at one institution.
pub(super) fn tell_at(
    tx: &mut Tx<'_>,
    moment: &Moment,
    user: &User,
    home: Prefecture,
    institution: Option<Id>,
    change: Change,
    also: &[MailAddress],
) -> Result<(), StoreError> {
    // Two changes in one use case are two mails.
    let moment = moment.part(&format!("portal {change:?} {institution:?}"));
    let params = serde_json::json!(Changed { home, institution, change, at: moment.now });
    let mut told: Vec<&MailAddress> = Vec::new();
    for to in std::iter::once(&user.mail).chain(also) {
        if told.contains(&to) {
            continue;
        }
        told.push(to);
        let about = format!("portal {}", user.id);
        let mail = Mail { kind: CHANGED, to: to.clone(), prefecture: None, about, params: params.clone(), useless_after: None };
        mail::post(tx, &moment, mail)?;
    }
    Ok(())
}

/// Writes the text when the mail is sent. An initial password that has ended meanwhile is not sent any more.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn compose(params: &Value, ctx: &ComposeContext<'_>) -> Result<Composed, StoreError> {
    if let Ok(params) = serde_json::from_value::<Changed>(params.clone()) {
        let place = params.institution.map_or(Ok(None), |id| store::institution(ctx.read, id))?;
        let place = place.map(|one| name_of(ctx.read, &one)).transpose()?;
        let subject = mail_title(CHANGED).unwrap_or_default().to_owned();
        return Ok(Composed::Send { subject, body: changed_text(&params, place.as_deref(), ctx.config) });
    }
    let drop = |reason: &str| Ok(Composed::Drop(reason.to_owned()));
    let Ok(params) = serde_json::from_value::<Invited>(params.clone()) else { return drop("unreadable parameters") };
    let Some(member) = store::member(ctx.read, params.member)? else {
        return drop("利用者が登録されていないため送信していません");
    };
    let (Some(user), Some(institution)) =
        (store::user(ctx.read, member.user)?, store::institution(ctx.read, member.institution)?)
    else {
        return drop("利用者が登録されていないため送信していません");
    };
    let secret = match params.grant {
        None => None,
        Some(grant) => {
            let live = user.initial.filter(|initial| initial.grant == grant && initial.is_live(ctx.now));
            let Some(initial) = live else {
                return drop("初期パスワードが使用済み、無効、または期限切れのため送信していません");
            };
            let Some(password) = initial_password(ctx.keys, user.id, &initial) else {
                return drop("the key of the password is gone");
            };
            Some((password, initial.expires))
        }
    };
    let by = match params.by {
        Some(by) => store::member(ctx.read, by)?,
        None => None,
    };
    let by = by.map(|by| by.person.name);
    let kind = if member.main { INITIAL } else { INVITED };
    let invitation = Invitation { institution: &name_of(ctx.read, &institution)?, to: ctx.to, main: member.main, by, secret };
    let subject = mail_title(kind).unwrap_or_default().to_owned();
    Ok(Composed::Send { subject, body: invitation.text(&institution, ctx.config) })
}

/// What M-9 and M-14i say.
struct Invitation<'a> {
    institution: &'a str,
    to: &'a MailAddress,
    main: bool,
    by: Option<String>,
    /// The initial password and its end.
    secret: Option<(Secret<String>, Timestamp)>,
}

impl Invitation<'_> {
    fn text(&self, institution: &Institution, config: &Config) -> String {
        let place = self.institution;
        let first = match (self.main, &self.by) {
            (true, _) => format!("「{place}」の主たる利用者として、介護情報基盤ポータルに登録しました。"),
            (false, Some(by)) => {
                format!("「{place}」の主たる利用者（{by} 様）の操作により、介護情報基盤ポータルの利用者として登録しました。")
            }
            (false, None) => format!("「{place}」の利用者として、介護情報基盤ポータルに登録しました。"),
        };
        let mut words =
            Words::from_portal().paragraph(&first).fact("事業所・医療機関", place).fact("ID（メールアドレス）", self.to.as_str());
        words = match &self.secret {
            Some((password, expires)) => words
                .fact("初期パスワード", &grouped(password.expose()))
                .fact("初期パスワードの有効期限", &format!("{}（登録から{INITIAL_DAYS}日間）", jst::sentence_time(*expires)))
                .heading("はじめてのログイン")
                .numbered(&[
                    "次の画面を開き、IDと初期パスワードを入力します（4文字ごとの空白は、入力してもしなくてもかまいません）。",
                    "届いたワンタイムパスワードを入力します。",
                    "【パスワード変更】で、ご自身で決めたパスワードを設定します。",
                    "【利用規約】をご確認のうえ同意すると、【マイページ】が開きます。",
                ]),
            None => words.heading("ログイン").paragraph(
                "このIDには、すでにパスワードが設定されています。次の画面で、お使いのパスワードでログインしてください。",
            ),
        };
        words
            .paragraph(&config.server.public_url.join("/portal/login"))
            .not_asked(
                "このメールは破棄してください。どなたかがメールアドレスを誤って入力した可能性があります。気になることがあるときは、下記までお電話ください。",
            )
            .closing(config, Some(institution.home))
    }
}

/// In groups of four, as people read it off.
fn grouped(password: &str) -> String {
    let mut out = String::with_capacity(password.len() + 3);
    for (at, c) in password.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

fn changed_text(params: &Changed, place: Option<&str>, config: &Config) -> String {
    let telephone = config.federation_of(params.home).map_or("", |federation| &federation.telephone);
    let mut words = Words::from_portal().paragraph("登録が変更されたため、ご本人へお知らせしています。");
    if let Some(place) = place {
        words = words.fact("事業所・医療機関", place);
    }
    words
        .fact("変更の内容", &params.change.what())
        .fact("日時", &jst::sentence_time(params.at))
        .not_asked(&format!(
            "ご自身、または事業所・医療機関の主たる利用者が行った操作でない場合は、すぐに連合会（電話 {telephone}）へご連絡ください。"
        ))
        .closing(config, Some(params.home))
}

#[cfg(test)]
#[path = "mails_tests.rs"]
mod tests;
