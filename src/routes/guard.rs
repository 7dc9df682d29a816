//! What stands before every handler: the method, the size of the body, and who may come.

use poem::endpoint::BoxEndpoint;
use poem::error::MethodNotAllowedError;
use poem::http::Method;
use poem::{Endpoint, Request, Response, RouteMethod};

use super::Who;
use crate::app::App;
use crate::login::{self, Admission, Door};
use crate::portal;
use crate::staff::{self, Role};
use crate::web::{BodyLimit, Fault, ShownAt, Visit, kept};

/// One path with its methods. Others are answered with those that there are.
pub(super) struct Place {
    allowed: &'static str,
    methods: RouteMethod,
}

impl Place {
    pub(super) fn new(rows: Vec<(Method, Guarded)>) -> Self {
        let has = |method: Method| rows.iter().any(|(one, _)| *one == method);
        let allowed = match (has(Method::GET), has(Method::POST)) {
            (true, true) => "GET, HEAD, POST",
            (true, false) => "GET, HEAD",
            (false, _) => "POST",
        };
        let methods = rows.into_iter().fold(RouteMethod::new(), |all, (method, row)| all.method(method, row));
        Self { allowed, methods }
    }
}

impl Endpoint for Place {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        self.methods.call(request).await.map_err(|error| match error.is::<MethodNotAllowedError>() {
            true => Fault::WrongMethod(self.allowed).into(),
            false => error,
        })
    }
}

/// Admits or turns away before the handler sees the request.
pub(super) struct Guarded {
    pub app: App,
    pub who: Who,
    pub limit: usize,
    pub shown_at: Option<&'static str>,
    pub inner: BoxEndpoint<'static, Response>,
}

impl Endpoint for Guarded {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if self.limit == 0 {
            let body = request.take_body();
            if !body.is_empty() {
                return Err(Fault::TooLarge.into());
            }
        }
        request.extensions_mut().insert(BodyLimit(self.limit));
        if let Some(pattern) = self.shown_at {
            let shown_at = ShownAt::of(pattern, request.uri().path());
            request.extensions_mut().insert(shown_at);
        }
        if let Some(turned_away) = admit(&self.app, self.who, &mut request)? {
            kept::keep(&mut request).await;
            return Ok(turned_away);
        }
        self.inner.call(request).await
    }
}

/// Puts into the request whom the handler will ask for, or answers in its place. One arm for each [`Who`].
fn admit(app: &App, who: Who, request: &mut Request) -> poem::Result<Option<Response>> {
    match who {
        Who::Public | Who::Machine => Ok(None),
        Who::Office => office(app, Door::Office, request),
        Who::FirstLogin => office(app, Door::FirstLogin, request),
        Who::AnyOffice => office(app, Door::Any, request),
        Who::Staff(role) => staff_member(app, Some(role), request),
        Who::AnyStaff => staff_member(app, None, request),
        Who::Portal => portal_user(app, portal::Door::Page, request),
        Who::PortalStep => portal_user(app, portal::Door::Step, request),
        Who::AnyPortal => portal_user(app, portal::Door::Any, request),
    }
}

fn office(app: &App, door: Door, request: &mut Request) -> poem::Result<Option<Response>> {
    let visit = visit(request)?;
    let posting = *request.method() == Method::POST;
    match app.store.read(|r| login::admit(r, &app.config, &visit, door, posting)).map_err(Fault::from)? {
        Admission::In(office) => {
            request.extensions_mut().insert(office);
            Ok(None)
        }
        Admission::Elsewhere(path) => Ok(Some(login::turn_away(&visit, path, posting)?)),
    }
}

fn staff_member(app: &App, role: Option<Role>, request: &mut Request) -> poem::Result<Option<Response>> {
    let visit = visit(request)?;
    match staff::admit(app, &visit, role, request.method())? {
        staff::Admission::In(desk) => {
            request.extensions_mut().insert(desk);
            Ok(None)
        }
        staff::Admission::Elsewhere(path) => Ok(Some(staff::turn_away(&visit, path)?)),
    }
}

fn portal_user(app: &App, door: portal::Door, request: &mut Request) -> poem::Result<Option<Response>> {
    let visit = visit(request)?;
    let posting = *request.method() == Method::POST;
    match app.store.read(|r| portal::admit(r, &visit, door, posting)).map_err(Fault::from)? {
        portal::Admission::In(bearer) => {
            request.extensions_mut().insert(bearer);
            Ok(None)
        }
        portal::Admission::Elsewhere(path) => Ok(Some(portal::turn_away(&visit, path, posting)?)),
    }
}

fn visit(request: &Request) -> Result<Visit, Fault> {
    request.extensions().get::<Visit>().cloned().ok_or_else(|| Fault::internal("a route without the shell's layer"))
}
