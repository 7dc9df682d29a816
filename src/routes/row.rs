//! One line of the table of routes.

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::{Endpoint, EndpointExt as _, IntoResponse, Response};

use crate::staff::Role;
use crate::web::{DEFAULT_LIMIT, SMALL};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Public,
    /// An office that is logged in and has no step of its first login to do.
    Office,
    /// An office at the steps of its first login.
    FirstLogin,
    /// An office that is logged in, whatever step it is at.
    AnyOffice,
    /// A member of staff whose role covers this one.
    Staff(Role),
    /// A member of staff, whatever their role.
    AnyStaff,
    /// A user of the portal who has nothing left to do before マイページ.
    Portal,
    /// A user of the portal at the steps before it: new password, institution, terms.
    PortalStep,
    /// A user of the portal who is logged in, whatever step they are at.
    AnyPortal,
    /// Machines that watch the process; nothing personal is shown.
    Machine,
}

/// The largest body in bytes of a form in which nothing can be typed: room for a token and a few choices.
const BUTTON_LIMIT: usize = 16 * 1024;

/// One line of the table.
pub struct Row {
    /// GET or POST.
    pub method: Method,
    /// The path, with `:name` for parts that vary.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
    /// The largest body in bytes; 0: none at all.
    pub limit: usize,
    /// The screen that shows a form of this row again, filled in, when it came after a time-out or a logout elsewhere. For forms in
    /// which something is typed that is no secret.
    pub shown_at: Option<&'static str>,
    pub(super) handler: BoxEndpoint<'static, Response>,
}

impl Row {
    fn new<E>(method: Method, path: &'static str, who: Who, limit: usize, handler: E) -> Self
    where
        E: Endpoint + 'static,
        E::Output: IntoResponse,
    {
        Self { method, path, who, limit, shown_at: None, handler: handler.map_to_response().boxed() }
    }

    /// A page. Whoever asks for one has nothing to send.
    pub fn get<E>(path: &'static str, who: Who, handler: E) -> Self
    where
        E: Endpoint + 'static,
        E::Output: IntoResponse,
    {
        Self::new(Method::GET, path, who, 0, handler)
    }

    /// A change.
    pub fn post<E>(path: &'static str, who: Who, handler: E) -> Self
    where
        E: Endpoint + 'static,
        E::Output: IntoResponse,
    {
        Self::new(Method::POST, path, who, DEFAULT_LIMIT, handler)
    }

    /// See [`Row::shown_at`].
    pub(super) fn shown_at(mut self, pattern: &'static str) -> Self {
        self.shown_at = Some(pattern);
        self
    }

    /// A change of which a part is not typed by people but sent by the page, or chosen from a list.
    pub(super) fn small(mut self) -> Self {
        self.limit = SMALL;
        self
    }

    /// A change that is made by buttons and choices: there is nothing to type.
    pub(super) fn button<E>(path: &'static str, who: Who, handler: E) -> Self
    where
        E: Endpoint + 'static,
        E::Output: IntoResponse,
    {
        Self::new(Method::POST, path, who, BUTTON_LIMIT, handler)
    }
}
