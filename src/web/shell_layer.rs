//! The layer around every route: begins the visit, turns faults and panics into pages, adds the headers, writes the log line.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt as _, stream};
use maud::html;
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Body, Endpoint, IntoResponse as _, Request, Response};
use tracing::Instrument as _;

use super::cookies::{self, Cookie};
use super::fault::Fault;
use super::front::Front;
use super::layout::Shell;
use super::visit::realm;
use super::{Visit, answer};

/// Nothing but our own files, no inline script or style, no framing, no foreign form target (quality bar 36).
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                   form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/// What every answer carries unless its handler said otherwise. Made when the program is built: each answer only points here.
static HEADERS: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // `same-origin` and not `no-referrer`: with the latter browsers send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static("camera=(), geolocation=(), microphone=()")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];
static STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Of a large page so many bytes at once.
const PIECE: usize = 64 * 1024;

/// Wraps all routes.
pub struct Layer<E> {
    front: Front,
    inner: E,
}

impl<E: Endpoint> Layer<E> {
    /// The layer around `inner`.
    pub fn new(front: Front, inner: E) -> Self {
        Self { front, inner }
    }
}

impl<E: Endpoint> Endpoint for Layer<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let (visit, begun) = Visit::begin(&self.front, &request);
        request.extensions_mut().insert(visit.clone());
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        // Of the highest level, so that lines carry the operation id also where only failures are logged.
        let span = tracing::error_span!("request", op = %visit.op, %method, path = %path);
        let called = match begun {
            Ok(()) => AssertUnwindSafe(self.inner.call(request)).catch_unwind().instrument(span.clone()).await,
            Err(error) => Ok(Err(Fault::from(error).into())),
        };
        let entered = span.enter();
        let mut response = match called {
            Ok(Ok(output)) => output.into_response(),
            Ok(Err(error)) => match into_fault(error) {
                Fault::Elsewhere(place) => answer::see_other(&place).unwrap_or_else(|fault| fault_page(&visit, &path, &fault)),
                fault => fault_page(&visit, &path, &fault),
            },
            Err(_) => fault_page(&visit, &path, &Fault::internal("a handler panicked")),
        };
        let millis = u64::try_from(self.front.clock.now().duration_since(visit.now).as_millis()).unwrap_or(0);
        tracing::info!(status = response.status().as_u16(), millis, "answered");
        add_headers(&self.front, &mut response);
        if let Some(value) = visit.new_browser() {
            cookies::set(&mut response, Cookie::Browser, value, visit.secure());
        }
        if method == Method::HEAD {
            response.set_body(());
        }
        drop(entered);
        if visit.holds_large() {
            response = in_pieces(visit, response).await;
        }
        Ok(response)
    }
}

/// The page that shows a large form again may be larger still: its place is free when the browser has taken it, or has gone.
async fn in_pieces(visit: Visit, mut response: Response) -> Response {
    let Ok(page) = response.take_body().into_bytes().await else { return response };
    let pieces = (0..page.len()).step_by(PIECE).map(move |at| {
        let _held_until_the_last = &visit;
        Ok::<_, std::io::Error>(page.slice(at..page.len().min(at + PIECE)))
    });
    response.set_body(Body::from_bytes_stream(stream::iter(pieces)));
    response
}

fn into_fault(error: poem::Error) -> Fault {
    let status = error.status();
    error.downcast::<Fault>().unwrap_or_else(|other| match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Fault::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge,
        status if status.is_client_error() => Fault::BadRequest("refused by the framework"),
        _ => Fault::internal(other),
    })
}

fn add_headers(front: &Front, response: &mut Response) {
    let headers = response.headers_mut();
    headers.reserve(HEADERS.len() + 4);
    for (name, value) in &HEADERS {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    if front.public_url.is_https() {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert_with(|| STRICT_TRANSPORT.clone());
    }
}

/// As the sentences below name the way back; elsewhere than at the reception system it has another name.
const TOP_MENU: &str = "トップメニュー";

fn fault_page(visit: &Visit, path: &str, fault: &Fault) -> Response {
    let status = fault.code();
    if status.is_server_error() {
        // As a string, which the log quotes: whatever stands in it remains one line.
        tracing::error!(error = fault.to_string(), "request failed");
    } else {
        tracing::info!(reason = fault.to_string(), "request refused");
    }
    let (home, home_name, shell) = match realm(path) {
        Cookie::Staff => ("/staff", "ダッシュボード", Shell::Bare),
        Cookie::Portal => ("/portal", "ポータルのトップ", Shell::PortalVisitor),
        _ => ("/", TOP_MENU, Shell::Bare),
    };
    let (title, lead, next) = words(fault, visit.session_ended);
    let next = next.replace(TOP_MENU, home_name);
    let body = html! {
        p { (lead) }
        p { (next) }
        p { "お問い合わせの際は、次の受付番号を下記の連絡先へお知らせください。" }
        p { strong.operation-id { (visit.op) } }
        p { a href=(home) { (home_name) "へ" } }
    };
    let mut response = answer::html(status, visit.page(title, shell).error(true).render(body));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    }
    if let Fault::WrongMethod(allowed) = fault {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    }
    response
}

fn words(fault: &Fault, session_ended: bool) -> (&'static str, &'static str, &'static str) {
    match fault {
        Fault::NotFound => (
            "ページが見つかりません",
            "お探しのページはありません。アドレスが変わったか、入力に誤りがある可能性があります。",
            "トップメニューから、もう一度お進みください。",
        ),
        Fault::WrongMethod(_) => (
            "この画面は直接開けません",
            "このアドレスは、画面のボタンを押したときにだけ使います。",
            "トップメニューから、もう一度お進みください。",
        ),
        Fault::Forbidden => {
            ("この操作はできません", "この操作を行う権限がありません。", "必要な場合は、管理者にご相談ください。")
        }
        Fault::StaleForm if session_ended => (
            "ログインの有効時間が過ぎました",
            "ログアウトした、または一定時間操作がなかったため、送信された内容は登録されていません。",
            "お手数ですが、もう一度ログインして入力してください。",
        ),
        Fault::StaleForm => (
            "画面の有効期限が切れました",
            "この画面からは送信できませんでした。内容は登録されていません。",
            "前の画面に戻り、画面を読み込み直してから、もう一度入力してください。ブラウザのCookieを無効にしている場合は、有効にしてください。",
        ),
        Fault::BadRequest(_) => (
            "送信内容を読み取れません",
            "送信された内容を読み取れませんでした。内容は登録されていません。",
            "前の画面に戻り、もう一度入力してください。",
        ),
        Fault::TooLarge => (
            "送信内容が大きすぎます",
            "送信された内容が大きすぎるため、受け付けられませんでした。内容は登録されていません。",
            "前の画面に戻ると、入力した内容が残っています。文字の量を減らしてから、もう一度送信してください。",
        ),
        Fault::Store(crate::store::StoreError::DiskFull { .. } | crate::store::StoreError::Moved(_)) => (
            "ただいま受け付けできません",
            "システムの都合により、登録や変更を一時的に止めています。送信された内容は登録されていません。",
            "しばらく待ってから、もう一度操作してください。お急ぎの場合は、下記へお電話ください。",
        ),
        Fault::Busy => (
            "ただいま混み合っています",
            "ただいまアクセスが集中しているため、処理できませんでした。内容は登録されていません。",
            "しばらく待ってから、もう一度操作してください。",
        ),
        Fault::Store(_) | Fault::Internal(_) | Fault::Elsewhere(_) => (
            "システムエラー",
            "申し訳ございません。システムの内部で問題が起きたため、処理できませんでした。",
            "しばらく待ってから、もう一度操作してください。繰り返し表示される場合は、下記へお電話ください。",
        ),
    }
}
