//! The frame of all screens under `/staff`: header, menu, title, clock, the warning before the session ends.

use maud::{Markup, html};
use poem::{FromRequest, Request, RequestBody};

use super::{Desk, Role};
use crate::passkeys::Relying;
use crate::web::layout::{Logout, NavItem, SessionEnd, Shell};
use crate::web::{Answer, Fault, Visit, form_page, kept};

/// Rows of the menu at the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    /// ダッシュボード.
    Dashboard,
    /// 申請一覧.
    Applications,
    /// 窓口受付.
    Counter,
    /// 通知書.
    Letters,
    /// 事業所台帳.
    Ledger,
    /// 問い合わせ of the portal.
    Inquiries,
    /// ポータルの利用者.
    PortalUsers,
    /// None: what the member looks after for themselves, linked beside their name.
    Own,
}

impl Nav {
    /// The menu, in its order: the row, its words, where it leads, who sees it. A room adds its row with its screens.
    const MENU: &'static [(Self, &'static str, &'static str, Role)] = &[
        (Self::Dashboard, "ダッシュボード", "/staff", Role::Clerk),
        (Self::Dashboard, "ダッシュボード", "/staff", Role::Operator),
        (Self::Applications, "再発行申請", "/staff/applications", Role::Clerk),
        (Self::Counter, "窓口受付", "/staff/applications/new", Role::Clerk),
        (Self::Letters, "通知書", "/staff/letters", Role::Clerk),
        (Self::Ledger, "事業所台帳", "/staff/ledger", Role::Clerk),
        (Self::Inquiries, "問い合わせ", "/staff/portal", Role::Operator),
        (Self::PortalUsers, "ポータルの利用者", "/staff/portal/institutions", Role::Operator),
    ];
}

/// Where the session is ended, and where it is prolonged.
const LOGOUT: &str = "/staff/logout";
const EXTEND: &str = "/staff/session";
/// What a member looks after for themselves.
const PASSKEYS: &str = "/staff/passkeys";

/// One staff screen: header, menu, title, clock, warning before the session ends. Build with [`screen`].
#[derive(Clone)]
pub struct Screen<'a> {
    desk: &'a Desk,
    visit: &'a Visit,
    nav: Nav,
    title: &'a str,
    beside: Option<Markup>,
    refused: bool,
}

/// A staff screen titled `title` (without 【】) under the menu's row `nav`.
#[must_use]
pub fn screen<'a>(desk: &'a Desk, visit: &'a Visit, title: &'a str, nav: Nav) -> Screen<'a> {
    Screen { desk, visit, nav, title, beside: None, refused: false }
}

/// A whole staff screen at once.
///
/// # Errors
/// Never; the type is what handlers return.
pub fn page(desk: &Desk, visit: &Visit, title: &str, nav: Nav, body: Markup) -> Answer {
    screen(desk, visit, title, nav).answer(body)
}

impl<'a> Screen<'a> {
    /// Something beside the title: a state, a number.
    #[must_use]
    pub fn beside(mut self, markup: Markup) -> Self {
        self.beside = Some(markup);
        self
    }

    /// The screen answers a form that was refused: status 422, and the title says so.
    #[must_use]
    pub fn refused(mut self, refused: bool) -> Self {
        self.refused = refused;
        self
    }

    /// The whole document.
    #[must_use]
    pub fn render(self, body: Markup) -> Markup {
        let (desk, visit) = (self.desk, self.visit);
        let csrf = visit.csrf();
        let menu: Vec<NavItem<'_>> = Nav::MENU
            .iter()
            .filter(|(.., role)| desk.may(*role))
            .map(|(nav, label, href, _)| NavItem { label, href, current: *nav == self.nav, count: None })
            .collect();
        let own = Relying::of(&visit.front().public_url).is_some();
        let shell = Shell::Staff {
            name: &desk.name,
            role: desk.role.label(),
            federation: &desk.federation,
            own: own.then_some(("パスキー", PASSKEYS)),
            menu: &menu,
            logout: Logout { action: LOGOUT, csrf: &csrf },
        };
        let mut page = visit.page(self.title, shell).help_of(desk.prefecture()).error(self.refused);
        if let Some(markup) = self.beside {
            page = page.beside_title(markup);
        }
        if let Some(epoch_ms) = ends(visit) {
            page = page.session(SessionEnd { epoch_ms, extend: EXTEND, csrf: &csrf });
        }
        page.render(html! { (kept::told(visit)) (body) })
    }

    /// The answer with this document.
    ///
    /// # Errors
    /// Never; the type is what handlers return.
    pub fn answer(self, body: Markup) -> Answer {
        form_page(self.refused, self.render(body))
    }
}

/// When the session of this visit ends by itself if nothing more is done, in milliseconds since 1970.
pub(super) fn ends(visit: &Visit) -> Option<i64> {
    let session = visit.session.as_ref()?;
    let (idle, absolute) = (visit.front().idle, visit.front().absolute);
    let end = visit.now.saturating_add(idle).ok()?.min(session.created.saturating_add(absolute).ok()?);
    Some(end.as_millisecond())
}

/// Handlers of staff rows take the desk that the guard has put into the request.
impl<'a> FromRequest<'a> for Desk {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let desk = request.extensions().get::<Self>().cloned();
        Ok(desk.ok_or_else(|| Fault::internal("a staff handler on a row without staff guard"))?)
    }
}
