//! Where somebody looks after their passkeys: the same screens in the frame of an office.

use maud::Markup;

use super::super::flow::{Acting, Holder};
use crate::app::App;
use crate::login::{self, Confirmed, LoginError, MenuPage, Office};
use crate::web::{Errors, Form, Visit};

/// The frame of one request.
#[derive(Clone)]
pub(super) enum Frame {
    /// Under ユーザ情報変更.
    Office(Visit, Office),
}

impl Frame {
    const fn visit(&self) -> &Visit {
        match self {
            Self::Office(visit, _) => visit,
        }
    }

    /// The list; the other screens lie below it.
    pub(super) const fn list(&self) -> &'static str {
        match self {
            Self::Office(..) => "/office/user/passkeys",
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
        }
    }

    /// Who acts.
    pub(super) fn acting(&self) -> Acting {
        let visit = self.visit();
        let (holder, session) = match self {
            Self::Office(_, office) => (Holder::Office(office.clone()), office.session_key),
        };
        Acting { holder, session, browser: visit.browser(), client: visit.client.to_string(), agent: visit.agent.clone() }
    }

    /// A whole page.
    pub(super) fn page(&self, title: &str, error: bool, body: impl FnOnce(&str) -> Markup) -> Markup {
        match self {
            Self::Office(visit, office) => office.screen(visit, title, MenuPage::User, None, error, body),
        }
    }

    /// The field 《現在のパスワード》, unless it was entered a moment ago.
    pub(super) fn password_again(&self, errors: &Errors) -> Markup {
        match self {
            Self::Office(visit, office) => login::password_again(office, visit.now, errors),
        }
    }

    /// Whether the password need not be asked.
    pub(super) fn is_fresh(&self) -> bool {
        match self {
            Self::Office(visit, office) => login::is_fresh(office, visit.now),
        }
    }

    /// Looks at the password, where it was asked.
    pub(super) async fn confirm(&self, app: &App, form: &Form) -> Result<Confirmed, LoginError> {
        match self {
            Self::Office(visit, office) => login::confirm(app, office, form, visit.now).await,
        }
    }

    /// Whether this installation can have passkeys at all.
    pub(super) fn relying(&self) -> Option<super::Relying> {
        super::Relying::of(&self.visit().front().public_url)
    }
}
