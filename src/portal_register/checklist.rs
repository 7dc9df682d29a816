//! The steps of S4 on the way to マイページ, and which of them an institution has done. Pure.

use crate::portal::{MOST_ADDITIONAL, Standing};

/// How far one step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Behind.
    Done,
    /// What is to be done now.
    Next,
    /// Later.
    Ahead,
    /// May be done or left.
    Optional,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its name in S4.
    pub(super) title: &'static str,
    pub(super) state: State,
    /// What is to be done, or how it stands.
    pub(super) what: String,
    /// Where: words and path.
    pub(super) links: Vec<(&'static str, &'static str)>,
}

/// Who looks at the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// An office that is logged in at the reception system, with or without a security address.
    Office { has_address: bool },
    /// A user of the portal, the main one or another.
    Portal { is_main: bool },
}

impl State {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Done => "完了",
            Self::Next => "次に行うこと",
            Self::Ahead => "これから",
            Self::Optional => "任意",
        }
    }
}

/// Whether マイページ has been opened by who is the main user now, and nothing keeps them from it.
pub(super) const fn is_ready(standing: &Standing) -> bool {
    standing.entered && standing.agreed && !standing.suspended
}

/// The five steps of a care office.
pub(super) fn of_office(standing: &Standing, side: Side) -> Vec<Item> {
    vec![
        item(
            "電子請求受付システムのID・パスワード確認",
            State::Done,
            "電子請求受付システムのユーザIDとパスワードは確認できています。",
            &[],
        ),
        authentication(standing, side),
        registration(standing, side),
        entering("ログイン・パスワード変更・利用規約同意", standing, side),
        adding(standing, side),
    ]
}

/// The four steps of a medical institution.
pub(super) fn of_medical(standing: &Standing, side: Side) -> Vec<Item> {
    let login = if standing.entered {
        item("ログイン・ワンタイムパスワード認証", State::Done, "主たる利用者がログインしています。", &[])
    } else {
        item("ログイン・ワンタイムパスワード認証", State::Next, "届いた初期パスワードでログインします。", &[LOGIN])
    };
    let mut first = entering("ログイン・ワンタイムパスワード認証・ユーザ登録", standing, side);
    if !standing.entered {
        // It comes after the login, which is next.
        first.state = State::Ahead;
    }
    vec![
        item("問い合わせフォームからID・パスワードの発行依頼", State::Done, "IDは発行されています。", &[]),
        login,
        first,
        adding(standing, side),
    ]
}

const REGISTER: (&str, &str) = ("初回利用登録を行う", "/portal/register");
const LOGIN: (&str, &str) = ("介護情報基盤ポータルへログインする", "/portal/login");

fn item(title: &'static str, state: State, what: impl Into<String>, links: &[(&'static str, &'static str)]) -> Item {
    Item { title, state, what: what.into(), links: links.to_vec() }
}

fn authentication(standing: &Standing, side: Side) -> Item {
    let title = "介護情報基盤ポータルログイン画面から初回利用登録（電子請求受付システムの認証）";
    if standing.main.is_some() {
        return item(title, State::Done, "認証は済んでいます。", &[]);
    }
    match side {
        // S4: first the address, then the registration.
        Side::Office { has_address: false } => item(
            title,
            State::Next,
            "初回利用登録の前に、セキュリティ用メールアドレスを登録してください。登録が終わったら、初回利用登録を行います。",
            &[("セキュリティ用メールアドレスを登録する", "/office/user/addresses"), REGISTER],
        ),
        _ => item(title, State::Next, "電子請求受付システムのユーザIDとパスワードで、事業所の認証を行います。", &[REGISTER]),
    }
}

fn registration(standing: &Standing, side: Side) -> Item {
    let title = "ワンタイムパスワード認証・ユーザ登録";
    match (&standing.main, side) {
        (Some(masked), _) => item(title, State::Done, format!("主たる利用者（{masked}）が登録されています。"), &[]),
        (None, Side::Office { has_address: false }) => item(
            title,
            State::Ahead,
            "ワンタイムパスワードを受け取るセキュリティ用メールアドレスが、まだ登録されていません。",
            &[],
        ),
        (None, _) => item(
            title,
            State::Ahead,
            "登録済みのセキュリティ用メールアドレスに届くワンタイムパスワードを入力し、主たる利用者を登録します。",
            &[],
        ),
    }
}

fn entering(title: &'static str, standing: &Standing, side: Side) -> Item {
    if standing.main.is_none() {
        let what = "メールで届く初期パスワードでログインし、パスワードを変更して、利用規約に同意します。";
        return item(title, State::Ahead, what, &[]);
    }
    if standing.suspended {
        let what = "主たる利用者の利用が停止されています。国保連合会へお電話ください。";
        return item(title, State::Next, what, &[]);
    }
    if is_ready(standing) {
        return item(title, State::Done, "主たる利用者が【マイページ】を利用できます。", &[]);
    }
    if standing.initial_expired {
        let what = "初期パスワードの有効期限が過ぎています。ログイン画面の【パスワードを忘れた方】から新しいパスワードを設定してください。";
        let lost = ("パスワードを忘れた方", "/portal/lost");
        return match side {
            Side::Office { .. } => {
                let what = format!("{what}もう一度初回利用登録を行っても、新しい初期パスワードが届きます。");
                item(title, State::Next, what, &[lost, REGISTER])
            }
            Side::Portal { .. } => item(title, State::Next, what, &[lost]),
        };
    }
    let what = if standing.entered {
        "利用規約が新しくなりました。主たる利用者がログインし、ご確認のうえ同意します。"
    } else {
        "メールで届いた初期パスワードでログインし、パスワードを変更して、利用規約に同意します。"
    };
    item(title, State::Next, what, &[LOGIN])
}

fn adding(standing: &Standing, side: Side) -> Item {
    let title = "ユーザ新規登録(マイページ作成)";
    let most = format!("最大で{MOST_ADDITIONAL}名追加できます。");
    if !is_ready(standing) {
        return item(title, State::Ahead, most, &[]);
    }
    let count = standing.additional;
    if count >= MOST_ADDITIONAL {
        return item(title, State::Done, format!("{count}名を追加しています。"), &[]);
    }
    let what = format!("マイページの「ユーザ新規登録」から追加します。いまは{count}名です。{most}");
    match side {
        Side::Office { .. } => item(title, State::Optional, what, &[LOGIN]),
        Side::Portal { is_main: true } => item(title, State::Optional, what, &[("ユーザ新規登録", "/portal/my/users/new")]),
        Side::Portal { is_main: false } => item(title, State::Optional, format!("{what}主たる利用者が行います。"), &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::State::{Ahead, Done, Next, Optional};
    use super::*;

    fn registered() -> Standing {
        Standing { main: Some("s***@example.jp".to_owned()), ..Standing::default() }
    }

    fn ready() -> Standing {
        Standing { entered: true, agreed: true, ..registered() }
    }

    fn paths(item: &Item) -> Vec<&str> {
        item.links.iter().map(|(_, path)| *path).collect()
    }

    #[test]
    fn the_checklist_shows_where_an_office_stands() {
        let office = Side::Office { has_address: true };
        let bare = Side::Office { has_address: false };
        let (main, other) = (Side::Portal { is_main: true }, Side::Portal { is_main: false });
        let expired = Standing { initial_expired: true, ..registered() };
        let suspended = Standing { suspended: true, ..ready() };
        let newer_terms = Standing { agreed: false, ..ready() };
        let full = Standing { additional: 4, ..ready() };
        let some = Standing { additional: 2, ..ready() };
        for (name, standing, side, states, next) in [
            ("nothing yet", Standing::default(), office, [Done, Next, Ahead, Ahead, Ahead], vec!["/portal/register"]),
            (
                "without an address",
                Standing::default(),
                bare,
                [Done, Next, Ahead, Ahead, Ahead],
                vec!["/office/user/addresses", "/portal/register"],
            ),
            ("registered", registered(), office, [Done, Done, Done, Next, Ahead], vec!["/portal/login"]),
            ("too late", expired.clone(), office, [Done, Done, Done, Next, Ahead], vec!["/portal/lost", "/portal/register"]),
            ("too late, seen from the portal", expired, other, [Done, Done, Done, Next, Ahead], vec!["/portal/lost"]),
            ("suspended", suspended, office, [Done, Done, Done, Next, Ahead], vec![]),
            ("newer terms", newer_terms, other, [Done, Done, Done, Next, Ahead], vec!["/portal/login"]),
            ("ready", ready(), main, [Done, Done, Done, Done, Optional], vec![]),
            ("two more", some, other, [Done, Done, Done, Done, Optional], vec![]),
            ("full", full, office, [Done; 5], vec![]),
        ] {
            let items = of_office(&standing, side);
            assert_eq!(items.iter().map(|item| item.state).collect::<Vec<_>>(), states, "{name}");
            let now = items.iter().find(|item| item.state == Next);
            assert_eq!(now.map(paths).unwrap_or_default(), next, "{name}");
        }
        assert_eq!(paths(&of_office(&ready(), main)[4]), ["/portal/my/users/new"]);
        assert_eq!(paths(&of_office(&ready(), other)[4]), [""; 0], "only the main user adds others");
        assert!(of_office(&registered(), office)[2].what.contains("s***@example.jp"));
    }

    #[test]
    fn a_medical_institution_has_four_steps() {
        let side = Side::Portal { is_main: true };
        let states = |standing: &Standing| of_medical(standing, side).into_iter().map(|item| item.state).collect::<Vec<_>>();
        assert_eq!(states(&registered()), [Done, Next, Ahead, Ahead]);
        assert_eq!(states(&ready()), [Done, Done, Done, Optional]);
        assert_eq!(of_medical(&ready(), side)[0].title, "問い合わせフォームからID・パスワードの発行依頼");
    }
}
