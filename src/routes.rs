//! ROUTES: every path, who may call it, its handler. The table of contents of the product.

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::middleware::AddData;
use poem::{Endpoint, EndpointExt as _, IntoResponse, Request, Response, Route, RouteMethod};

use crate::app::App;
use crate::web::{BodyLimit, Visit, assets, health};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Public,
    /// Machines that watch the process; nothing personal is shown.
    Machine,
}

/// One line of the table.
pub struct Row {
    /// GET or POST.
    pub method: Method,
    /// The path, with `:name` for parts that vary.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
    /// The largest body in bytes, where it is not the usual one.
    pub limit: Option<usize>,
    handler: BoxEndpoint<'static, Response>,
}

impl Row {
    fn new<E>(method: Method, path: &'static str, who: Who, handler: E) -> Self
    where
        E: Endpoint + 'static,
        E::Output: IntoResponse,
    {
        Self { method, path, who, limit: None, handler: handler.map_to_response().boxed() }
    }

    /// A page.
    pub fn get<E>(path: &'static str, who: Who, handler: E) -> Self
    where
        E: Endpoint + 'static,
        E::Output: IntoResponse,
    {
        Self::new(Method::GET, path, who, handler)
    }

    /// A change.
    pub fn post<E>(path: &'static str, who: Who, handler: E) -> Self
    where
        E: Endpoint + 'static,
        E::Output: IntoResponse,
    {
        Self::new(Method::POST, path, who, handler)
    }

    /// Allows a body of another size.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = Some(bytes);
        self
    }
}

/// The table.
#[must_use]
pub fn rows() -> Vec<Row> {
    vec![
        Row::get("/healthz", Who::Machine, health::healthz),
        Row::get("/readyz", Who::Machine, health::readyz),
        Row::get("/assets/*path", Who::Public, assets::asset_file),
    ]
}

/// The table as poem takes it, each handler behind its guard.
pub(crate) fn route(app: &App) -> impl Endpoint + use<> {
    let mut paths: Vec<(&'static str, RouteMethod)> = Vec::new();
    for row in rows() {
        let guarded = Guarded { app: app.clone(), who: row.who, limit: row.limit, inner: row.handler };
        let place = match paths.iter().position(|(path, _)| *path == row.path) {
            Some(place) => place,
            None => {
                paths.push((row.path, RouteMethod::new()));
                paths.len() - 1
            }
        };
        let methods = std::mem::take(&mut paths[place].1);
        paths[place].1 = methods.method(row.method, guarded);
    }
    paths.into_iter().fold(Route::new(), |route, (path, methods)| route.at(path, methods)).with(AddData::new(app.clone()))
}

/// Admits or turns away before the handler sees the request.
struct Guarded {
    app: App,
    who: Who,
    limit: Option<usize>,
    inner: BoxEndpoint<'static, Response>,
}

impl Endpoint for Guarded {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if let Some(limit) = self.limit {
            request.extensions_mut().insert(BodyLimit(limit));
        }
        if let Some(turned_away) = admit(&self.app, self.who, &mut request)? {
            return Ok(turned_away);
        }
        self.inner.call(request).await
    }
}

/// Puts into the request whom the handler will ask for, or answers in its place. One arm for each [`Who`].
fn admit(_app: &App, who: Who, request: &mut Request) -> poem::Result<Option<Response>> {
    let _visit = request.extensions().get::<Visit>().cloned();
    match who {
        Who::Public | Who::Machine => Ok(None),
    }
}
