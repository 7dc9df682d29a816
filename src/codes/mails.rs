//! M-1 確認コード発行通知, M-2 ワンタイムパスワード発行通知 and M-14, both of these for users of 介護情報基盤ポータル. The code is derived when the mail is composed, the same on every
//! delivery retry; the outbox holds only the challenge's id and the number of the issue.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::flow::derive;
use super::model::Challenge;
use super::purpose::{Purpose, Sort};
use super::store;
use crate::config::{self, Config};
use crate::kernel::{Id, Secret, jst};
use crate::mail::words::Words;
use crate::mail::{ComposeContext, Composed, Mail};
use crate::security::KeyId;
use crate::store::StoreError;

/// The kinds that [`compose`] knows.
pub const KINDS: [&str; 3] = ["M-1", "M-2", "M-14"];

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Params {
    challenge: Id,
    issue: u32,
}

/// The outbox row of the newest code.
pub(super) fn mail(id: Id, challenge: &Challenge<KeyId>, rules: &config::Code) -> Mail {
    let of_portal = challenge.purpose.is_of_portal_user();
    Mail {
        kind: match challenge.purpose.sort() {
            _ if of_portal => "M-14",
            Sort::Confirmation => "M-1",
            Sort::OneTime => "M-2",
        },
        to: challenge.address.clone(),
        // Clerks look after the mails of their federation; those of the portal's users are the operators' affair.
        prefecture: challenge.prefecture.filter(|_| !of_portal),
        about: challenge.account.clone(),
        params: serde_json::json!(Params { challenge: id, issue: challenge.issue }),
        useless_after: Some(challenge.valid_until(rules)),
    }
}

/// Composes M-1, M-2 or M-14 at the moment of sending. A code that has ended meanwhile is not sent any more.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn compose(params: &Value, ctx: &ComposeContext<'_>) -> Result<Composed, StoreError> {
    let drop = |reason: &str| Ok(Composed::Drop(reason.to_owned()));
    let Ok(Params { challenge: id, issue }) = serde_json::from_value(params.clone()) else {
        return drop("unreadable parameters");
    };
    let rules = &ctx.config.code;
    let Some(challenge) = store::find(ctx.read, id)?.filter(|challenge| challenge.deliverable(issue, rules, ctx.now)) else {
        return drop("コードが使用済み、無効、または期限切れのため送信していません");
    };
    let Some(code) = derive(ctx.keys, &challenge, id, issue) else {
        return drop("the key of the code is gone");
    };
    let (subject, body) = text(&challenge, &Secret::new(code), ctx.config);
    Ok(Composed::Send { subject: subject.to_owned(), body })
}

/// What a purpose's mail says of the screen that waits for the code.
struct Place {
    /// What is being done, as an object of 〜のため.
    doing: &'static str,
    /// The screen's title.
    screen: &'static str,
    /// Where to start again after breaking off.
    again: &'static str,
    /// What to do for somebody who did not ask.
    unasked: &'static str,
    /// What the address is that [`Challenge::regards`] names.
    regards: &'static str,
}

const fn place(purpose: Purpose) -> Place {
    match purpose {
        Purpose::ReissueContact => Place {
            doing: "ログイン情報再発行申請の通知先メールアドレスの確認",
            screen: "確認コード入力",
            again: "ログイン情報再発行申請",
            unasked: "このメールは破棄してください。どなたかがメールアドレスを誤って入力した可能性があります。確認コードを入力しないかぎり、申請は行われません。",
            regards: "",
        },
        Purpose::ReissueWithdraw => Place {
            doing: "ログイン情報再発行申請の取下げ",
            screen: "ワンタイムパスワード入力",
            again: "申請状況の確認",
            unasked: "このメールは破棄してください。ワンタイムパスワードを入力しないかぎり、申請が取り下げられることはありません。気になることがあるときは、下記の連合会へお電話ください。",
            regards: "",
        },
        Purpose::FirstAddress => Place {
            doing: "セキュリティ用メールアドレスの登録",
            screen: "確認コード入力",
            again: "セキュリティ用メールアドレス設定",
            unasked: TYPED_WRONG,
            regards: "",
        },
        Purpose::NewAddress => Place {
            doing: "セキュリティ用メールアドレスの登録・変更",
            screen: "確認コード入力",
            again: "セキュリティ用メールアドレス一覧",
            unasked: TYPED_WRONG,
            regards: "",
        },
        Purpose::AddAddress => {
            Place {
                doing: "セキュリティ用メールアドレスの追加", regards: "追加するメールアドレス", ..OF_THE_LIST
            }
        }
        Purpose::ChangeAddress => {
            Place {
                doing: "セキュリティ用メールアドレスの変更", regards: "変更後のメールアドレス", ..OF_THE_LIST
            }
        }
        Purpose::DeleteAddress => {
            Place {
                doing: "セキュリティ用メールアドレスの削除", regards: "削除するメールアドレス", ..OF_THE_LIST
            }
        }
        Purpose::Reset => Place {
            doing: "ログイン情報再設定",
            screen: "ワンタイムパスワード入力",
            again: "ログイン情報再設定認証",
            unasked: "ワンタイムパスワードを入力しないかぎり、パスワードが変更されることはありません。どなたかが、事業所番号とこのメールアドレスを使って再設定しようとした可能性があります。同じメールが続くときは、下記の連合会へお電話ください。",
            regards: "",
        },
        Purpose::NewDevice => Place {
            doing: "初めて使う端末の確認",
            screen: "ワンタイムパスワード入力",
            again: "端末の確認",
            unasked: "ワンタイムパスワードを入力しないかぎり、新しい端末からログインできるようになることはありません。同じメールが続くときは、下記の連合会へお電話ください。",
            regards: "",
        },
        Purpose::PortalRegister => Place {
            doing: "介護情報基盤ポータルの初回利用登録",
            screen: "ワンタイムパスワード入力",
            again: "初回利用登録",
            unasked: "どなたかが、この事業所のユーザIDとパスワードを使って登録しようとしたおそれがあります。ワンタイムパスワードは入力せず、だれにも知らせないで、すぐに下記へお電話ください。",
            regards: "",
        },
        Purpose::PortalLogin => Place {
            doing: "介護情報基盤ポータルへのログイン",
            screen: "ワンタイムパスワード入力",
            again: "ログイン",
            unasked: "どなたかが、あなたのパスワードを使ってログインしようとしたおそれがあります。ワンタイムパスワードは入力せず、だれにも知らせないで、すぐにパスワードを変更し、下記へお電話ください。",
            regards: "",
        },
        Purpose::PortalLost => Place {
            doing: "介護情報基盤ポータルのパスワード再設定",
            screen: "ワンタイムパスワード入力",
            again: "パスワードを忘れた方",
            unasked: "このメールは破棄してください。ワンタイムパスワードを入力しないかぎり、パスワードが変更されることはありません。同じメールが続くときは、下記へお電話ください。",
            regards: "",
        },
        Purpose::PortalMail => Place {
            doing: "介護情報基盤ポータルのメールアドレス変更",
            screen: "ワンタイムパスワード入力",
            again: "メールアドレス変更",
            unasked: "第三者がログインしているおそれがあります。ワンタイムパスワードは入力せず、だれにも知らせないで、すぐに下記へお電話ください。",
            regards: "変更後のメールアドレス",
        },
        Purpose::PortalNewMail => Place {
            doing: "介護情報基盤ポータルのメールアドレス変更",
            screen: "確認コード入力",
            again: "メールアドレス変更",
            unasked: "このメールは破棄してください。どなたかがメールアドレスを誤って入力した可能性があります。確認コードを入力しないかぎり、メールアドレスが変更されることはありません。",
            regards: "",
        },
    }
}

const TYPED_WRONG: &str = "このメールは破棄してください。どなたかがメールアドレスを誤って入力した可能性があります。確認コードを入力しないかぎり、メールアドレスが登録されることはありません。";

/// Somebody who is logged in changes the list of addresses.
const OF_THE_LIST: Place = Place {
    doing: "",
    screen: "ワンタイムパスワード入力",
    again: "セキュリティ用メールアドレス一覧",
    unasked: "第三者がログインしているおそれがあります。ワンタイムパスワードは入力せず、だれにも知らせないで、すぐに下記の連合会へお電話ください。",
    regards: "",
};

fn text(challenge: &Challenge<KeyId>, code: &Secret<String>, config: &Config) -> (&'static str, String) {
    let sort = challenge.purpose.sort();
    let (name, place) = (sort.title(), place(challenge.purpose));
    let of_portal = challenge.purpose.is_of_portal_user();
    let subject = match (of_portal, sort) {
        (false, Sort::Confirmation) => "確認コード発行通知(介護保険)",
        (false, Sort::OneTime) => "ワンタイムパスワード発行通知(介護保険)",
        (true, Sort::Confirmation) => "介護情報基盤ポータル 確認コード",
        (true, Sort::OneTime) => "介護情報基盤ポータル ワンタイムパスワード",
    };
    let greeting = if of_portal { Words::from_portal() } else { Words::from_federation(config, challenge.prefecture) };
    let until = jst::hm(challenge.valid_until(&config.code));
    let body = greeting.paragraph(&format!("{}のため、{name}を発行しました。", place.doing)).fact(name, code.expose());
    let body = challenge.regards.iter().fold(body, |body, address| body.fact(place.regards, address));
    let body = body
        .paragraph(&format!(
            "{name}の有効期間は{}分です（{until}まで）。\n【{}】画面に{}桁の数字を入力し、画面の案内に従って進めてください。",
            config.code.valid_minutes,
            place.screen,
            sort.digits()
        ))
        .paragraph(&format!(
            "途中で画面を閉じるなどして操作を中断したときは、お手数ですが、もう一度【{}】からやり直してください。",
            place.again
        ))
        .paragraph(&format!("{name}は、だれにも知らせないでください。連合会やヘルプデスクからおたずねすることはありません。"))
        .not_asked(place.unasked)
        .closing(config, challenge.prefecture);
    (subject, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{MailAddress, Prefecture};

    #[test]
    fn m1_m2_and_m14_carry_code_time_screen_and_what_to_do() {
        for (name, purpose, code) in [
            ("mail_m1_code", Purpose::ReissueContact, "0427"),
            ("mail_m1_first_address", Purpose::FirstAddress, "0427"),
            ("mail_m2_withdraw", Purpose::ReissueWithdraw, "004271"),
            ("mail_m2_reset", Purpose::Reset, "004271"),
            ("mail_m1_new_address", Purpose::NewAddress, "0427"),
            ("mail_m2_add_address", Purpose::AddAddress, "004271"),
            ("mail_m2_change_address", Purpose::ChangeAddress, "004271"),
            ("mail_m2_delete_address", Purpose::DeleteAddress, "004271"),
            ("mail_m2_new_device", Purpose::NewDevice, "004271"),
            ("mail_m2_portal_register", Purpose::PortalRegister, "004271"),
            ("mail_m14_login", Purpose::PortalLogin, "004271"),
            ("mail_m14_lost", Purpose::PortalLost, "004271"),
            ("mail_m14_mail", Purpose::PortalMail, "004271"),
            ("mail_m14_new_mail", Purpose::PortalNewMail, "0427"),
        ] {
            let at = "2026-01-20T05:02:00Z".parse().unwrap();
            let challenge = Challenge {
                purpose,
                browser: [0; 32],
                address: MailAddress::parse("jigyousho@example.jp").unwrap(),
                account: "1311111111".into(),
                prefecture: Prefecture::new(13),
                sends: true,
                issue: 1,
                key: KeyId(1),
                opened: at,
                requested: at,
                tries_left: 5,
                end: None,
                mail: None,
                regards: (!place(purpose).regards.is_empty()).then(|| "shisetsu@example.jp".to_owned()),
            };
            let (subject, body) = text(&challenge, &Secret::new(code.to_owned()), &Config::demo());
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots"));
            settings.set_prepend_module_to_snapshot(false);
            settings.bind(|| insta::assert_snapshot!(name, format!("件名: {subject}\n\n{body}")));
        }
    }
    #[test]
    fn every_purpose_says_what_for_where_and_what_to_do_if_nobody_asked() {
        for purpose in Purpose::ALL {
            let place = place(purpose);
            let texts = [place.doing, place.screen, place.again, place.unasked];
            assert!(texts.iter().all(|text| !text.is_empty()), "{purpose:?}");
            assert!(place.screen.starts_with(purpose.sort().title()), "{purpose:?}");
        }
    }
}
