//! Somebody who is logged in at the portal, as handlers see them, and the guard that lets them in.

use std::sync::Arc;

use jiff::Timestamp;
use maud::Markup;
use poem::{FromRequest, Request, RequestBody};

use super::model::{Institution, Member, User};
use super::next::{Next, Why, next};
use super::standing::name_of;
use super::{TERMS, store};
use crate::audit::{Actor, Event};
use crate::kernel::{Id, Prefecture};
use crate::security::sessions::{self, Session, Subject};
use crate::store::{Reads, StoreError};
use crate::terms;
use crate::web::layout::{Logout, NavItem, SessionEnd, Shell};
use crate::web::{Answer, Cookie, Fault, Visit, cookies, see_other};

/// Where a portal user lands.
pub const HOME: &str = "/portal/my";
/// The first step that is not done.
pub const FIRST: &str = "/portal/first";
/// Where a session is opened that [`admit`] does not find.
const LOGIN: &str = "/portal/login";

/// Which rows of the route table a session opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// マイページ and all below it.
    Page,
    /// The steps that come before it; nothing else opens before they are done.
    Step,
    /// Both.
    Any,
}

/// What the guard says.
pub enum Admission {
    /// The handler runs for this user.
    In(Bearer),
    /// The browser is sent there instead.
    Elsewhere(&'static str),
}

/// The user behind a request, at the institution they work at. Cheap to clone.
#[derive(Clone)]
pub struct Bearer(Arc<Inner>);

/// The parts of a [`Bearer`], as they were when the request came.
pub struct Inner {
    /// Who.
    pub user: User,
    /// What they are at the institution; `None` before one is chosen.
    pub member: Option<Member>,
    /// Where they work; `None` before it is chosen.
    pub institution: Option<Institution>,
    /// The institution's name, that of an office as the ledger has it. Empty before it is chosen.
    pub name: String,
    /// The session.
    pub session: Session,
    /// Its key.
    pub session_key: [u8; 32],
    /// What the guard found to be due.
    pub next: Next,
    /// At how many institutions they may work.
    pub places: usize,
    /// The client's address.
    pub client: String,
    home: Prefecture,
    ends: Timestamp,
}

impl std::ops::Deref for Bearer {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Why {
    /// Where somebody is told of it whom nothing opens to any more.
    const fn path(self) -> &'static str {
        match self {
            Self::Ended => "/portal/login?notice=ended",
            Self::Initial => "/portal/login?notice=initial",
            Self::Suspended => "/portal/login?notice=suspended",
        }
    }
}

/// Decides whether this visit may open pages behind `door`. `posting` is whether a form was sent: its sender is told that it was not taken.
/// Everything is looked up anew at each request, so that a suspension works at the next click.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn admit(r: &impl Reads, visit: &Visit, door: Door, posting: bool) -> Result<Admission, StoreError> {
    let login = if posting {
        "/portal/login?notice=form"
    } else if visit.session_ended {
        "/portal/login?notice=ended"
    } else {
        LOGIN
    };
    let (Some(session), Some(session_key)) = (&visit.session, visit.session_key) else { return Ok(Admission::Elsewhere(login)) };
    let Subject::Portal(id) = session.subject else { return Ok(Admission::Elsewhere(login)) };
    let (user, members) = (store::user(r, id)?, store::memberships(r, id)?);
    let newest = terms::newest_version(r, TERMS)?;
    let next = next(user.as_ref(), &members, session.limited, session.place, newest, visit.now);
    match (door, next) {
        (_, Next::Closed(why)) => return Ok(Admission::Elsewhere(why.path())),
        (Door::Page, Next::Step(_)) => return Ok(Admission::Elsewhere(FIRST)),
        (Door::Step, Next::Free) => return Ok(Admission::Elsewhere(HOME)),
        _ => {}
    }
    // Without user and institution nothing is open, as decided above.
    let Some(user) = user else { return Ok(Admission::Elsewhere(Why::Ended.path())) };
    let member = members.iter().find(|one| one.is_usable() && Some(one.id) == session.place).cloned();
    let known_by = member.as_ref().or(members.first()).map(|one| store::institution(r, one.institution)).transpose()?.flatten();
    let Some(known_by) = known_by else { return Ok(Admission::Elsewhere(Why::Ended.path())) };
    let home = known_by.home;
    let institution = member.as_ref().map(|_| known_by);
    let name = institution.as_ref().map_or_else(|| Ok(String::new()), |one| name_of(r, one))?;
    let places = members.iter().filter(|one| one.is_usable()).count();
    let front = visit.front();
    let idle_end = session.last_seen.saturating_add(front.idle).unwrap_or(Timestamp::MAX);
    let ends = session.created.saturating_add(front.absolute).unwrap_or(Timestamp::MAX).min(idle_end);
    let (session, client) = (session.clone(), visit.client.to_string());
    let inner = Inner { user, member, institution, name, session, session_key, next, places, client, home, ends };
    Ok(Admission::In(Bearer(Arc::new(inner))))
}

/// Sends the browser elsewhere. On the way to the login page the cookie of a session that opens nothing is dropped: its end is told
/// only once. Not where a form was sent: it may be the second of two clicks, whose first has put another session in the place of this one.
///
/// # Errors
/// Never; the type is what handlers return.
pub fn turn_away(visit: &Visit, path: &str, posting: bool) -> Answer {
    let mut response = see_other(path)?;
    if !posting && path.starts_with(LOGIN) && visit.cookie(Cookie::Portal).is_some() {
        cookies::clear(&mut response, Cookie::Portal, visit.secure());
    }
    Ok(response)
}

/// What entries of the log about an institution stand under.
#[must_use]
pub fn audit_subject(institution: Id) -> String {
    format!("portal {institution}")
}

/// The entry of the menu that a page stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalMenu {
    /// No menu: only ログアウト shows while a step is due.
    Step,
    /// マイページ
    My,
    /// ユーザ新規登録
    Users,
}

impl Bearer {
    /// The three as they are now: asked in the transaction that changes something, before anything else. `None` if this session has been
    /// ended since the guard let it in, or its place is theirs no more, suspended or gone.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn present(&self, r: &impl Reads) -> Result<Option<(User, Member, Institution)>, StoreError> {
        let Some(user) = self.present_user(r)? else { return Ok(None) };
        let Some(place) = self.session.place else { return Ok(None) };
        let member = store::member(r, place)?.filter(|one| one.user == user.id && one.is_usable());
        let Some(member) = member else { return Ok(None) };
        let institution = store::institution(r, member.institution)?;
        Ok(institution.map(|institution| (user, member, institution)))
    }

    /// The user as they are now, also before they have chosen where to work: for the steps that come before マイページ. `None` if this session
    /// has been ended since the guard let it in, or the password that opened it opens no more.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn present_user(&self, r: &impl Reads) -> Result<Option<User>, StoreError> {
        if !sessions::is_there(r, &self.session_key)? {
            return Ok(None);
        }
        let opens = |user: &User| if self.session.limited { user.initial.is_some() } else { user.opens_by_password() };
        Ok(store::user(r, self.user.id)?.filter(opens))
    }

    /// Whose sessions and passkeys are theirs.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject::Portal(self.user.id)
    }

    /// An entry of the log about what they do where they work.
    #[must_use]
    pub fn event(&self, action: &'static str) -> Event {
        // Before the institution is chosen: about themselves.
        let about = self.institution.as_ref().map_or(self.user.id, |institution| institution.id);
        let event = Event::new(Actor::Portal { id: self.user.id }, action);
        event.subject(audit_subject(about)).client(&self.client)
    }

    /// Whether they are the main user where they work.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.member.as_ref().is_some_and(|member| member.main)
    }

    /// The federation that helps them: that of the institution, or of the first of theirs before one is chosen.
    #[must_use]
    pub fn home(&self) -> Prefecture {
        self.home
    }

    /// When the session ends if nothing more is done, in milliseconds since the epoch.
    #[must_use]
    pub fn session_ends_ms(&self) -> i64 {
        self.ends.as_millisecond()
    }

    /// A whole page of this user. `steps` are the steps of a flow with the current one (from 1).
    #[must_use]
    pub fn screen(
        &self,
        visit: &Visit,
        title: &str,
        menu: PortalMenu,
        steps: Option<(&[&str], usize)>,
        error: bool,
        body: impl FnOnce(&str) -> Markup,
    ) -> Markup {
        let csrf = visit.csrf();
        let entries = if menu == PortalMenu::Step { Vec::new() } else { self.menu(menu) };
        let logout = Logout { action: "/portal/logout", csrf: &csrf };
        // Before the institution is chosen there is no name typed for it either.
        let person = self.member.as_ref().map_or(self.user.mail.as_str(), |member| member.person.name.as_str());
        let shell = Shell::Portal { institution: &self.name, person, menu: &entries, logout };
        let end = SessionEnd { epoch_ms: self.session_ends_ms(), extend: "/portal/session/extend", csrf: &csrf };
        let page = visit.page(title, shell).help_of(self.home).error(error).session(end);
        let page = match steps {
            Some((labels, current)) => page.steps(labels, current),
            None => page,
        };
        page.render(body(&csrf))
    }

    /// In the order of spec 3. What only the main user may do shows to nobody else.
    fn menu(&self, current: PortalMenu) -> Vec<NavItem<'static>> {
        let item = |label, href, page| NavItem { label, href, current: page == Some(current), count: None };
        let mut entries = vec![item("マイページ", HOME, Some(PortalMenu::My))];
        if self.is_main() {
            entries.push(item("ユーザ新規登録", "/portal/my/users/new", Some(PortalMenu::Users)));
        }
        entries.push(item("お問い合わせ", "/portal/contact", None));
        entries
    }
}

impl<'a> FromRequest<'a> for Bearer {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let bearer = request.extensions().get::<Self>().cloned();
        Ok(bearer.ok_or_else(|| Fault::internal("a page of a portal user without its guard"))?)
    }
}
