//! Arbitrary input at every edge: no panic, nothing unbounded, and what is written is read back.

use std::net::IpAddr;

use poem::endpoint::Endpoint as _;
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Body, Request};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uketsuke::kernel::{ControlNumber, Id, MailAddress, OfficeNumber, Prefecture, UserId, text};
use uketsuke::letters::{LetterNumber, Posting, Serial};

use crate::support::TestApp;
use crate::support::browser::FORM;

const OFFICE_NUMBER: &str = "(0[1-9]|[1-3][0-9]|4[0-7])[0-9A-HJ-NPR-Z][0-9]{7}";

/// Any text, rich in what the edges look at: digits of all widths, hyphens, spaces, invisible and combining characters.
fn typed() -> impl Strategy<Value = String> {
    let rich =
        "[0-9０-９A-Za-zＡ-Ｚ@＠.．,<>\"' \\-−ー‐　\u{0}\u{7f}\r\n\t\u{200b}\u{202e}\u{feff}\u{301}\u{3099}か゛ﷺ㍿①]{0,40}";
    prop_oneof![any::<String>(), rich.prop_map(String::from)]
}

/// The same characters as somebody may type them: full width, hyphens and blanks between, invisible ones around.
fn sloppy(exact: &str, how: &[u8]) -> String {
    let mut out = String::new();
    for (place, c) in exact.chars().enumerate() {
        let how = how.get(place).copied().unwrap_or_default();
        out.push_str(["", "-", " ", "　", "ー", "\u{200B}", "\u{202A}", "−"][usize::from(how % 8)]);
        let wide = char::from_u32(u32::from(c) + 0xFEE0).filter(|_| c.is_ascii_graphic() && how >= 128);
        out.push(wide.unwrap_or(if how % 3 == 0 { c.to_ascii_lowercase() } else { c }));
    }
    out
}

proptest! {
    #![proptest_config(Config::with_cases(1_000))]

    #[test]
    fn normalised_text_stays_as_it_is(typed in typed()) {
        for normal in [text::line, text::code, text::capital_code, text::paragraph] {
            let once = normal(&typed);
            prop_assert_eq!(normal(&once), once);
        }
        prop_assert!(!text::code(&typed).chars().any(|c| c.is_whitespace() || text::is_invisible(c)));
        prop_assert!(!text::line(&typed).chars().any(text::is_invisible));
        // What Unicode writes longest is 18 characters of one.
        prop_assert!(text::search_form(&typed).chars().count() <= typed.chars().count() * 60);
    }

    #[test]
    fn no_text_makes_a_parser_panic_and_what_is_accepted_reads_back(typed in typed()) {
        if let Ok(number) = OfficeNumber::parse(&typed) {
            prop_assert_eq!(OfficeNumber::parse(number.as_str()), Ok(number));
            prop_assert_eq!(number.as_str().len(), 10);
            let _ = number.check_digit_fits();
        }
        if let Some(id) = UserId::parse(&typed) {
            prop_assert_eq!(UserId::parse(&id.to_string()), Some(id));
        }
        if let Some(number) = ControlNumber::parse(&typed) {
            prop_assert_eq!(ControlNumber::parse(&number.to_string()), Some(number));
        }
        if let Some(number) = LetterNumber::parse(&typed) {
            prop_assert_eq!(LetterNumber::parse(&number.to_string()), Some(number));
        }
        if let Some(prefecture) = Prefecture::parse(&typed) {
            prop_assert_eq!(Prefecture::parse(&prefecture.to_string()), Some(prefecture));
        }
        if let Some(id) = Id::parse(&typed) {
            prop_assert_eq!(Id::parse(&id.to_string()), Some(id));
        }
        prop_assert!(Posting::parse_lines(&typed, 20).len() <= typed.lines().count().min(20));
    }

    #[test]
    fn numbers_are_read_as_people_type_them(number in OFFICE_NUMBER, how in proptest::collection::vec(any::<u8>(), 14), p in 1_u8..=47) {
        let read = OfficeNumber::parse(&sloppy(&number, &how)).map(|n| n.to_string());
        prop_assert_eq!(read.as_deref(), Ok(number.as_str()));
        let id = format!("KJ{p:02}{number}");
        prop_assert_eq!(UserId::parse(&sloppy(&id, &how)).map(|id| id.to_string()), Some(id));
    }

    #[test]
    fn control_and_letter_numbers_are_read_as_people_type_them(
        (year, month, sequence, branch) in (2000_u32..=9999, 1_u32..=12, 1_u32..=999_999, 0_u8..=99),
        how in proptest::collection::vec(any::<u8>(), 17),
    ) {
        let number = ControlNumber::new(year * 100 + month, sequence).expect("in range");
        prop_assert_eq!(ControlNumber::parse(&sloppy(&number.to_string(), &how)), Some(number));
        let letter = LetterNumber { serial: Serial { month: year * 100 + month, sequence }, branch };
        prop_assert_eq!(LetterNumber::parse(&sloppy(&letter.to_string(), &how)), Some(letter));
    }

    #[test]
    fn whatever_becomes_a_mail_address_is_one_safe_address(typed in typed(), local in "[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}", domain in "[a-z0-9]{1,20}(\\.[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?){0,3}") {
        let good = format!("{local}@{domain}");
        prop_assert_eq!(MailAddress::parse(&format!(" {good}\u{200B}")).map(|a| a.to_string()), Ok(good));
        if let Ok(address) = MailAddress::parse(&typed) {
            let written = address.as_str();
            prop_assert!(written.is_ascii() && written.len() <= 254 && !written.bytes().any(|b| b <= b' ' || b == 0x7f));
            prop_assert!(!written.contains([',', ';', '<', '>', '"', '(', ')', '\\']), "{written}");
            prop_assert_eq!(MailAddress::parse(written).map(|again| again.key()), Ok(address.key()));
            let masked = address.masked();
            prop_assert!(masked.split("***@").next().is_some_and(|shown| shown.chars().count() <= 3), "{masked}");
        }
    }

}

/// The product's own endpoint, driven from a test without tasks of its own.
struct House {
    runtime: tokio::runtime::Runtime,
    app: TestApp,
    endpoint: poem::endpoint::BoxEndpoint<'static, poem::Response>,
}

impl House {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // All of it comes from one network.
        let many = |config: &mut uketsuke::config::Config| config.limits.login_tries_per_network_5min = 1_000_000;
        let app = runtime.block_on(async { TestApp::with(many) });
        let endpoint = poem::EndpointExt::boxed(app.app.endpoint());
        Self { runtime, app, endpoint }
    }

    fn ask(&self, method: &Method, path: &str, headers: &[(&str, &[u8])], body: Vec<u8>) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::builder().method(method.clone()).uri_str(path);
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                request = request.header(*name, value);
            }
        }
        self.runtime.block_on(async {
            let mut response = self.endpoint.get_response(request.body(Body::from(body))).await;
            let headers = response.headers().clone();
            let body = response.take_body().into_string().await.unwrap_or_default();
            (response.status(), headers, body)
        })
    }
}

fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner.run(strategy, test).unwrap();
}

fn cookie_line() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        Just("browser"),
        Just("office"),
        Just("staff"),
        Just("device"),
        Just("flow"),
        Just("enrolment"),
        Just("__Host-staff"),
        Just("")
    ];
    let value = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300),
        "[A-Za-z0-9_.=-]{0,120}".prop_map(String::into_bytes),
        "[A-Za-z0-9_-]{22}".prop_map(String::into_bytes),
        "[A-Za-z0-9_-]{43}".prop_map(String::into_bytes),
    ];
    let pair = (name, value).prop_map(|(name, value)| [name.as_bytes(), b"=", &value, b"; "].concat());
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..600),
        proptest::collection::vec(pair, 0..12).prop_map(|all| all.concat())
    ]
}

#[test]
fn no_cookie_line_opens_anything_or_makes_a_request_fail() {
    let house = House::new();
    check(500, &cookie_line(), |line| {
        let before = house.app.app.store.counts().written;
        for (path, open) in
            [("/login", 200), ("/staff", 303), ("/office", 303), ("/staff/enrol", 404), ("/status/application", 303)]
        {
            let (status, ..) = house.ask(&Method::GET, path, &[("cookie", &line)], Vec::new());
            prop_assert_eq!(status.as_u16(), open, "{}", path);
        }
        prop_assert_eq!(house.app.app.store.counts().written, before);
        Ok(())
    });
}

#[test]
fn no_bytes_of_a_form_make_a_request_fail() {
    let house = House::new();
    let (_, headers, page) = house.ask(&Method::GET, "/reissue", &[], Vec::new());
    let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let csrf = page.split("name=\"_csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let hostile = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..400),
        "([a-z_]{0,12}=[%0-9A-Fa-f+&=;]{0,30}&?){0,20}".prop_map(String::into_bytes),
    ];
    check(1_000, &(hostile, any::<bool>()), |(bytes, ours)| {
        let before = house.app.app.store.counts().written;
        let body = if ours { [format!("_csrf={csrf}&").as_bytes(), &bytes].concat() } else { bytes };
        for path in [
            "/reissue",
            "/reissue/number",
            "/reset",
            "/reset/number",
            "/login/device",
            "/lost",
            "/status",
            "/login/code",
            "/login/passkey",
            "/staff/login",
            "/staff/login/passkey",
            "/portal/register",
            "/portal/register/security-code",
            "/portal/register/otp",
            "/portal/register/user",
            "/portal/register/check",
            "/portal/login",
            "/portal/login/otp",
            "/portal/lost",
            "/portal/lost/otp",
            "/portal/lost/password",
        ] {
            let sent = [("cookie", cookie.as_bytes()), ("content-type", FORM.as_bytes())];
            let (status, ..) = house.ask(&Method::POST, path, &sent, body.clone());
            let expected: &[u16] = if ours { &[200, 303, 422] } else { &[403] };
            prop_assert!(expected.contains(&status.as_u16()), "{} {}", path, status);
        }
        prop_assert_eq!(house.app.app.store.counts().written, before);
        Ok(())
    });
}

#[test]
fn no_path_or_query_makes_a_request_fail() {
    let house = House::new();
    let part = prop_oneof!["[a-zA-Z0-9%._~:@!$&'()*+,;=-]{0,60}", "(%[0-9A-F]{2}){0,20}"];
    check(500, &(part.clone(), part), |(place, query)| {
        for before in ["/notices/", "/assets/", "/", "/staff/letters/", "/office/notices/", "/office/inquiries/"] {
            let path = format!("{before}{place}?{query}");
            if path.parse::<poem::http::Uri>().is_err() {
                continue;
            }
            let (status, ..) = house.ask(&Method::GET, &path, &[], Vec::new());
            prop_assert!(!status.is_server_error(), "{} {}", path, status);
        }
        Ok(())
    });
}

#[test]
fn q23_whatever_a_client_writes_before_the_proxys_word_changes_nothing() {
    let house = House::new();
    let proxied = {
        let _inside = house.runtime.enter();
        TestApp::with(|config| config.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()])
    };
    let proxy: IpAddr = "10.1.2.3".parse().unwrap();
    let real = any::<u32>().prop_map(|n| IpAddr::from(std::net::Ipv4Addr::from(n)));
    let hostile = prop_oneof!["[0-9a-f.:, \\[\\]\"]{0,60}", "\\PC{0,60}"];
    check(1_000, &(hostile, real, 0_usize..3), |(hostile, real, hops)| {
        let mut headers = HeaderMap::new();
        let trusted = |address: &IpAddr| matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 10);
        let line = format!("{hostile},{real}{}", ", 10.9.9.9".repeat(hops));
        let Ok(value) = HeaderValue::from_str(&line) else { return Ok(()) };
        headers.insert("x-forwarded-for", value);
        if let Ok(earlier) = HeaderValue::from_bytes(hostile.as_bytes()) {
            headers.insert("x-forwarded-for", earlier);
            headers.append("x-forwarded-for", HeaderValue::from_str(&line).expect("as above"));
        }
        prop_assume!(!trusted(&real));
        prop_assert_eq!(proxied.app.front.client(proxy, &headers), real);
        prop_assert_eq!(house.app.app.front.client(proxy, &headers), proxy, "without trusted proxies nobody is believed");
        let stranger: IpAddr = "192.0.2.7".parse().unwrap();
        prop_assert_eq!(proxied.app.front.client(stranger, &headers), stranger, "nor is a stranger");
        Ok(())
    });
}
