//! What is handed out beside the program.

/// A file of the folder `packaging`.
fn file(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The directives of an nginx configuration, without comments, split at `;`, `{` and `}`.
fn directives(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(|line| line.split_once('#').map_or(line, |(before, _)| before)).collect();
    let words = |directive: &str| directive.split_whitespace().collect::<Vec<_>>().join(" ");
    lines.join("\n").split([';', '{', '}']).map(words).filter(|directive| !directive.is_empty()).collect()
}

/// What a log may hold of a request: nothing that follows `?`, no cookie and no page that led here.
const LOGGED: [&str; 9] = [
    "remote_addr",
    "time_iso8601",
    "request_method",
    "uri",
    "server_protocol",
    "status",
    "body_bytes_sent",
    "request_time",
    "http_user_agent",
];

#[test]
fn q38_the_log_of_the_proxy_has_no_place_for_a_token() {
    let directives = directives(&file("nginx.conf"));
    let formats: Vec<&String> = directives.iter().filter(|directive| directive.starts_with("log_format ")).collect();
    assert_eq!(formats.len(), 1, "{formats:?}");
    let name = formats[0].split(' ').nth(1).unwrap();
    let variables = formats[0].split('$').skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    });
    for variable in variables {
        assert!(LOGGED.contains(&variable), "${variable} may hold what stands in the address");
    }
    // A server without its own access_log would use nginx's format, which holds the whole request line.
    let servers = directives.iter().filter(|directive| *directive == "server").count();
    let logs: Vec<&String> = directives.iter().filter(|directive| directive.starts_with("access_log ")).collect();
    assert!(servers > 0 && logs.len() == servers, "{logs:?}");
    assert!(logs.iter().all(|log| log.split(' ').nth(2) == Some(name)), "{logs:?}");
    // The error log has the request line whatever is set.
    let enrol = directives.iter().position(|directive| directive == "location = /staff/enrol").expect("the place of the token");
    assert_eq!(directives[enrol + 1], "error_log /dev/null");
}

#[test]
fn the_service_leaves_no_core_dump() {
    assert!(file("uketsuke.service").lines().any(|line| line == "LimitCORE=0"));
}
