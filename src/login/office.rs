//! An office that is logged in, as handlers see it, and the guard that lets it in.

use std::sync::Arc;

use jiff::Timestamp;
use maud::Markup;
use poem::{FromRequest, Request, RequestBody};

use crate::accounts::{self, Account};
use crate::config::Config;
use crate::first_login::{self, Next};
use crate::ledger;
use crate::security::sessions::{self, Session, Subject};
use crate::store::{Reads, StoreError};
use crate::web::layout::{Logout, NavItem, SessionEnd, Shell};
use crate::web::{Answer, Cookie, Fault, Visit, cookies, see_other};

/// Which rows of the route table a session opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The pages of an office.
    Office,
    /// The steps of the first login; nothing else opens before they are done.
    FirstLogin,
    /// Both.
    Any,
}

/// What the guard says.
pub enum Admission {
    /// The handler runs with this office.
    In(Office),
    /// The browser is sent there instead.
    Elsewhere(&'static str),
}

/// The office behind a request. Cheap to clone.
#[derive(Clone)]
pub struct Office(Arc<Inner>);

/// The parts of an [`Office`].
pub struct Inner {
    /// The account as it was when the request came.
    pub account: Account,
    /// 事業所名 in the ledger; the number where the ledger has lost it.
    pub name: String,
    /// The session.
    pub session: Session,
    /// Its key.
    pub session_key: [u8; 32],
    /// What the guard found to be due.
    pub next: Next,
    ends: Timestamp,
}

impl std::ops::Deref for Office {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Decides whether this visit may open pages behind `door`. `posting` is whether a form was sent: its sender is told that it was not taken.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn admit(r: &impl Reads, config: &Config, visit: &Visit, door: Door, posting: bool) -> Result<Admission, StoreError> {
    let login = if posting {
        "/login?notice=form"
    } else if visit.session_ended {
        "/login?notice=ended"
    } else {
        "/login"
    };
    let (Some(session), Some(session_key)) = (&visit.session, visit.session_key) else { return Ok(Admission::Elsewhere(login)) };
    let Subject::Office(user_id) = session.subject else { return Ok(Admission::Elsewhere(login)) };
    let Some(account) = accounts::find(r, user_id)?.filter(Account::opens) else {
        return Ok(Admission::Elsewhere(login));
    };
    let next = first_login::next_for(r, config, &account, session, visit.now)?;
    match (door, next) {
        (_, Next::Closed) => return Ok(Admission::Elsewhere(next.path())),
        (Door::Office, Next::Step(_)) => return Ok(Admission::Elsewhere("/first-login")),
        (Door::FirstLogin, Next::Free) => return Ok(Admission::Elsewhere(next.path())),
        _ => {}
    }
    let name = ledger::find(r, user_id.office())?.map_or_else(|| user_id.office().number.to_string(), |entry| entry.name);
    let front = visit.front();
    let idle_end = session.last_seen.saturating_add(front.idle).unwrap_or(Timestamp::MAX);
    let ends = session.created.saturating_add(front.absolute).unwrap_or(Timestamp::MAX).min(idle_end);
    Ok(Admission::In(Office(Arc::new(Inner { account, name, session: session.clone(), session_key, next, ends }))))
}

/// Sends the browser elsewhere. On the way to the login page the cookie of a session that opens nothing is dropped: its end is told
/// only once, and the login page does not send its bearer back. Not where a form was sent: it may be the second of two clicks, whose first
/// has put another session in the place of this one, and the browser has its cookie already.
///
/// # Errors
/// Never; the type is what handlers return.
pub fn turn_away(visit: &Visit, path: &str, posting: bool) -> Answer {
    let mut response = see_other(path)?;
    if !posting && path.starts_with("/login") && visit.cookie(Cookie::Office).is_some() {
        cookies::clear(&mut response, Cookie::Office, visit.secure());
    }
    Ok(response)
}

/// The entry of the menu that a page stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MenuPage {
    /// No menu: only ログアウト shows while a wizard is open.
    Wizard,
    /// お知らせ
    Notices,
    /// 照会一覧
    Inquiries,
    /// ユーザ情報変更
    User,
}

/// The menu of the seeds, in their order, as far as its pages exist.
const MENU: &[(MenuPage, &str, &str)] = &[
    (MenuPage::Notices, "お知らせ", "/office"),
    (MenuPage::Inquiries, "照会一覧", "/office/inquiries"),
    (MenuPage::User, "ユーザ情報変更", "/office/user"),
];

/// Told on top of a form whose account was changed elsewhere meanwhile.
pub const MOVED: &str = "ほかの画面で登録情報が変更されました。いまの内容をお確かめのうえ、もう一度操作してください。";

impl Office {
    /// The account as it is now: asked in the transaction that changes it. `None` if it opens no more, or if this session has been ended
    /// since the guard let it in.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn present(&self, r: &impl Reads) -> Result<Option<Account>, StoreError> {
        if !sessions::is_there(r, &self.session_key)? {
            return Ok(None);
        }
        Ok(accounts::find(r, self.account.user_id)?.filter(Account::opens))
    }

    /// When the session ends if nothing more is done, in milliseconds since the epoch.
    #[must_use]
    pub fn session_ends_ms(&self) -> i64 {
        self.ends.as_millisecond()
    }

    /// A whole page of this office. `steps` are the steps of a flow with the current one (from 1).
    #[must_use]
    pub fn screen(
        &self,
        visit: &Visit,
        title: &str,
        menu: MenuPage,
        steps: Option<(&[&str], usize)>,
        error: bool,
        body: impl FnOnce(&str) -> Markup,
    ) -> Markup {
        let csrf = visit.csrf();
        let user_id = self.account.user_id.to_string();
        let entries: Vec<NavItem<'_>> = if menu == MenuPage::Wizard {
            Vec::new()
        } else {
            let item = |&(page, label, href): &(MenuPage, &'static str, &'static str)| NavItem {
                label,
                href,
                current: page == menu,
                count: None,
            };
            MENU.iter().map(item).collect()
        };
        let logout = Logout { action: "/logout", csrf: &csrf };
        let shell = Shell::Office { office_name: &self.name, user_id: &user_id, menu: &entries, logout };
        let end = SessionEnd { epoch_ms: self.session_ends_ms(), extend: "/session/extend", csrf: &csrf };
        let page = visit.page(title, shell).error(error).session(end);
        let page = match steps {
            Some((labels, current)) => page.steps(labels, current),
            None => page,
        };
        page.render(body(&csrf))
    }
}

impl<'a> FromRequest<'a> for Office {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(request.extensions().get::<Self>().cloned().ok_or_else(|| Fault::internal("a page of an office without its guard"))?)
    }
}
