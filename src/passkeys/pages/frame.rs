//! Where somebody looks after their passkeys: the same screens in the frame of an office, in that of staff and in that of the portal.

use maud::{Markup, html};

use super::super::flow::{Acting, Holder};
use crate::app::App;
use crate::login::{self, Confirmed, MenuPage, Office};
use crate::portal::{self, Bearer, PortalMenu};
use crate::staff::{self, Desk, Nav};
use crate::web::{Errors, Fault, Form, Visit};

/// The frame of one request.
#[derive(Clone)]
pub(super) enum Frame {
    /// Under ユーザ情報変更.
    Office(Visit, Office),
    /// Linked beside the member's name.
    Staff(Visit, Desk),
    /// Linked on マイページ.
    Portal(Visit, Bearer),
}

impl Frame {
    const fn visit(&self) -> &Visit {
        match self {
            Self::Office(visit, _) | Self::Staff(visit, _) | Self::Portal(visit, _) => visit,
        }
    }

    /// The list; the other screens lie below it.
    pub(super) const fn list(&self) -> &'static str {
        match self {
            Self::Office(..) => "/office/user/passkeys",
            Self::Staff(..) => "/staff/passkeys",
            Self::Portal(..) => "/portal/my/passkeys",
        }
    }

    /// A screen below the list.
    pub(super) fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.list())
    }

    /// Where the list is reached from.
    pub(super) const fn back(&self) -> &'static str {
        match self {
            Self::Office(..) => "/office/user",
            Self::Staff(..) => "/staff",
            Self::Portal(..) => portal::HOME,
        }
    }

    /// Who acts.
    pub(super) fn acting(&self) -> Acting {
        let visit = self.visit();
        let (holder, session) = match self {
            Self::Office(_, office) => (Holder::Office(office.clone()), office.session_key),
            // The guard has let nobody in without one.
            Self::Staff(visit, desk) => (Holder::Staff(desk.clone()), visit.session_key.unwrap_or_default()),
            Self::Portal(_, bearer) => (Holder::Portal(bearer.clone()), bearer.session_key),
        };
        Acting { holder, session, browser: visit.browser(), client: visit.client.to_string(), agent: visit.agent.clone() }
    }

    /// A whole page.
    pub(super) fn page(&self, title: &str, error: bool, body: impl FnOnce(&str) -> Markup) -> Markup {
        match self {
            Self::Office(visit, office) => office.screen(visit, title, MenuPage::User, None, error, body),
            Self::Staff(visit, desk) => {
                let card = html! { div.card.stack { (body(&visit.csrf())) } };
                staff::screen(desk, visit, title, Nav::Own).refused(error).render(card)
            }
            Self::Portal(visit, bearer) => bearer.screen(visit, title, PortalMenu::My, None, error, body),
        }
    }

    /// The field 《現在のパスワード》, unless it was entered a moment ago.
    pub(super) fn password_again(&self, errors: &Errors) -> Markup {
        match self {
            Self::Office(visit, office) => login::password_again(office, visit.now, errors),
            Self::Staff(visit, desk) => staff::password_again(visit, desk, errors),
            Self::Portal(visit, bearer) => portal::password_again(bearer, visit.now, errors),
        }
    }

    /// The same field, however fresh the password is.
    pub(super) fn password_anew(&self, errors: &Errors) -> Markup {
        match self {
            Self::Office(_, office) => login::password_anew(office, errors),
            Self::Staff(_, desk) => staff::password_anew(desk, errors),
            Self::Portal(_, bearer) => portal::password_anew(bearer, errors),
        }
    }

    /// Whether the password need not be asked.
    pub(super) fn is_fresh(&self) -> bool {
        match self {
            Self::Office(visit, office) => login::is_fresh(office, visit.now),
            Self::Staff(visit, _) => staff::is_fresh(visit),
            Self::Portal(visit, bearer) => portal::is_fresh(bearer, visit.now),
        }
    }

    /// Looks at the password before one is added: a passkey is a key for good, so it is asked however fresh it is.
    pub(super) async fn confirm_anew(&self, app: &App, form: &Form) -> Result<Confirmed, Fault> {
        match self {
            Self::Office(visit, office) => Ok(login::confirm_anew(app, office, form, visit.now).await?),
            Self::Staff(visit, desk) => Ok(staff::confirm_anew(app, visit, desk, form).await?),
            Self::Portal(visit, bearer) => portal::confirm_always(app, bearer, form, visit.now).await,
        }
    }

    /// Looks at the password before one is removed, where it was asked: who gets rid of a passkey that somebody else has registered must not
    /// wait until the account may be changed again.
    pub(super) async fn confirm_to_end(&self, app: &App, form: &Form) -> Result<Confirmed, Fault> {
        match self {
            Self::Office(visit, office) => Ok(login::confirm_to_end(app, office, form, visit.now).await?),
            Self::Staff(visit, desk) => Ok(staff::confirm(app, visit, desk, form).await?),
            Self::Portal(visit, bearer) => portal::confirm(app, bearer, form, visit.now).await,
        }
    }

    /// What else need not be entered with a passkey.
    pub(super) const fn besides(&self) -> &'static str {
        match self {
            Self::Office(..) => "セキュリティコード",
            Self::Staff(..) => "認証コード",
            Self::Portal(..) => "ワンタイムパスワード",
        }
    }

    /// Whether this installation can have passkeys at all.
    pub(super) fn relying(&self) -> Option<super::Relying> {
        super::Relying::of(&self.visit().front().public_url)
    }
}
