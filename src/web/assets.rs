//! Stylesheet, scripts and icons, built into the binary by `assets/build.rs` under names that carry a hash of their content.
//!
//! A name never changes its content, so browsers keep it for a year. Each file lies there three times: plain, brotli, gzip;
//! nothing is compressed while serving.

use std::borrow::Cow;

use poem::http::{StatusCode, header};
use poem::web::Path;
use poem::{Body, Request, Response, handler};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web/"]
struct Files;

/// Plain name and address of each file, sorted by plain name.
const NAMES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/assets_map.rs"));

/// Where browsers fetch a file, by its plain name below `assets/`: `css/app.css` → `/assets/css/app.0123456789ab.css`.
///
/// A name that is not built in gives an address that answers 404; a test asks for every name the layout uses.
#[must_use]
pub fn asset_url(name: &str) -> &'static str {
    match NAMES.binary_search_by_key(&name, |&(plain, _)| plain) {
        Ok(at) => NAMES[at].1,
        Err(_) => "/assets/absent",
    }
}

/// Serves `/assets/*path`. An unknown or unhashed name is 404.
#[handler]
pub fn asset_file(Path(path): Path<String>, request: &Request) -> Response {
    let accepted: Vec<&str> =
        request.headers().get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).collect();
    answer(&path, &accepted)
}

fn answer(path: &str, accepted: &[&str]) -> Response {
    // A twin is an answer to an Accept-Encoding, not a file of its own.
    let content_type = match path.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml; charset=utf-8",
        Some((_, "png")) => "image/png",
        Some((_, "ico")) => "image/x-icon",
        _ => return not_found(),
    };
    let Some(plain) = Files::get(path) else {
        return not_found();
    };
    let twin = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(accepted, coding))
        .find_map(|(coding, ext)| Some((coding, Files::get(&format!("{path}.{ext}"))?)));

    let response = Response::builder()
        .content_type(content_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::VARY, "Accept-Encoding")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    match twin {
        Some((coding, file)) => response.header(header::CONTENT_ENCODING, coding).body(body(file.data)),
        None => response.body(body(plain.data)),
    }
}

/// Embedded bytes are served where they lie, without a copy.
fn body(data: Cow<'static, [u8]>) -> Body {
    match data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}

fn not_found() -> Response {
    Response::builder()
        .status(StatusCode::NOT_FOUND)
        .content_type("text/plain; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body("not found")
}

/// Whether the `Accept-Encoding` values allow `coding`; a weight of zero forbids it.
fn accepts(values: &[&str], coding: &str) -> bool {
    values.iter().any(|value| {
        value.split(',').any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let named = parts.next().is_some_and(|n| n.eq_ignore_ascii_case(coding) || n == "*");
            let weight = parts.find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")));
            named && weight.is_none_or(|w| w.parse::<f32>().is_ok_and(|w| w > 0.0))
        })
    })
}

/// Writes all files to a folder, for the gallery.
#[cfg(test)]
pub(super) fn write_all(folder: &std::path::Path) {
    for name in Files::iter() {
        let target = folder.join(&*name);
        std::fs::create_dir_all(target.parent().expect("below the folder")).expect("folder is writable");
        std::fs::write(target, Files::get(&name).expect("listed").data).expect("folder is writable");
    }
}

#[cfg(test)]
mod tests {
    use poem::http::StatusCode;
    use poem::{Route, get, test::TestClient};
    use sha2::{Digest, Sha256};

    use super::*;

    fn client() -> TestClient<Route> {
        TestClient::new(Route::new().at("/assets/*path", get(asset_file)))
    }

    #[test]
    fn every_name_leads_to_a_file_whose_hash_it_carries() {
        assert!(NAMES.iter().any(|(plain, _)| *plain == "vendor/htmx/htmx.min.js"));
        for (plain, url) in NAMES {
            let path = url.strip_prefix("/assets/").expect("served below /assets");
            let file = Files::get(path).expect("embedded");
            let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(&file.data));
            assert!(url.contains(&hash[..12]), "{plain} {url}");
            assert_eq!(asset_url(plain), *url);
        }
    }

    #[tokio::test]
    async fn hashed_files_are_kept_for_a_year_and_typed() {
        for name in ["css/app.css", "js/app.js", "vendor/htmx/htmx.min.js", "icons/favicon.svg"] {
            let answer = client().get(asset_url(name)).send().await;
            answer.assert_status_is_ok();
            answer.assert_header("cache-control", "public, max-age=31536000, immutable");
            answer.assert_header("x-content-type-options", "nosniff");
            answer.assert_header("vary", "Accept-Encoding");
            answer.assert_header_exist("content-type");
            let kind = answer.0.header("content-type").unwrap_or_default().to_owned();
            assert!(kind.ends_with("charset=utf-8"), "{name}: {kind}");
        }
    }

    #[tokio::test]
    async fn brotli_is_preferred_then_gzip_then_plain() {
        let url = asset_url("vendor/htmx/htmx.min.js");
        let plain = client().get(url).send().await.0.into_body().into_vec().await.expect("body");
        for (accept, coding) in [
            ("gzip, deflate, br", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("*", Some("br")),
            ("identity", None),
        ] {
            let mut answer = client().get(url).header("accept-encoding", accept).send().await.0;
            assert_eq!(answer.header("content-encoding"), coding, "{accept}");
            let body = answer.take_body().into_vec().await.expect("body");
            match coding {
                Some("br") => assert!(body.len() < plain.len() / 2),
                Some(_) => assert_eq!(body[..2], [0x1f, 0x8b], "gzip's mark"),
                None => assert_eq!(body, plain),
            }
        }
    }

    #[tokio::test]
    async fn unknown_names_and_bare_twins_are_absent() {
        let twin = format!("{}.br", asset_url("css/app.css"));
        for url in ["/assets/css/app.css", "/assets/../Cargo.toml", "/assets/absent", &twin] {
            client().get(url).send().await.assert_status(StatusCode::NOT_FOUND);
        }
        assert_eq!(asset_url("css/none.css"), "/assets/absent");
    }

    /// Vendored files are what `CHECKSUMS` says, and none is missing from it.
    #[test]
    fn vendored_files_match_their_checksums() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/vendor");
        let listed = std::fs::read_to_string(folder.join("CHECKSUMS")).expect("CHECKSUMS");
        let mut names = Vec::new();
        for line in listed.lines() {
            let (sum, name) = line.split_once("  ").expect("sha256sum format");
            let bytes = std::fs::read(folder.join(name)).expect(name);
            let found = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
            assert_eq!(found, sum, "{name}");
            names.push(name);
        }
        for room in std::fs::read_dir(&folder).expect("vendor").flatten().filter(|entry| entry.path().is_dir()) {
            for file in std::fs::read_dir(room.path()).expect("folder").flatten() {
                let path = file.path();
                let name = path.strip_prefix(&folder).expect("below").to_str().expect("plain name");
                assert!(name.ends_with("README") || names.contains(&name), "{name} is not in CHECKSUMS");
            }
        }
    }
}
