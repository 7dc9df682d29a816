//! Quality bar 40 at our own port: TLS 1.2 and 1.3 and nothing older, and browsers are told to stay with it. Needs `openssl`.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::support::sink::certificate;

/// The real program with a certificate of its own.
struct Server {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

/// A folder whose `config.toml` names these files.
fn installation(port: u16, cert: &str, key: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"https://localhost:{port}\"\ndata_dir = \"data\"\nmetrics_listen = \"off\"\n\
             tls_cert = \"{cert}\"\ntls_key = \"{key}\"\n[mail]\nfrom = \"uketsuke@example.jp\"\n[[federation]]\nprefecture = \"07\"\nname = \"連合会\"\n\
             department = \"介護課\"\ntelephone = \"0000-07-0000\"\npostal_code = \"000-0007\"\naddress = \"架空町\"\n",
    );
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    folder
}

impl Server {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = |name: &str| certificate(name).display().to_string();
        let folder = installation(port, &file("localhost.pem"), &file("localhost.key"));
        let log = std::fs::File::create(folder.path().join("log.txt")).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_uketsuke"))
            .current_dir(folder.path())
            .args(["--config", "config.toml", "serve"])
            .stderr(log)
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "{}", log_of(folder.path()));
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, port, folder }
    }

    /// What the server answers to one request over TLS of this version; nothing if there is no agreement.
    fn ask(&self, options: &[&str]) -> (String, String) {
        let mut client = Command::new("openssl")
            .args(["s_client", "-connect", &format!("localhost:{}", self.port), "-servername", "localhost", "-CAfile"])
            .arg(certificate("ca.pem"))
            .args(["-verify_return_error", "-verify_hostname", "localhost", "-ign_eof"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("openssl is installed");
        // A client that found no agreement has hung up already.
        let _ = client.stdin.take().unwrap().write_all(b"GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let output = client.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", log_of(self.folder.path()));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log.txt")).unwrap_or_default()
}

/// The first message of a client that knows this version (3, n) and none newer, with suites that were in use then.
fn hello(minor: u8) -> Vec<u8> {
    let suites = [0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x13, 0xc0, 0x14, 0xc0, 0x09, 0xc0, 0x0a, 0x00, 0x2f, 0x00, 0x35];
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.push(0);
    body.extend([0, u8::try_from(suites.len()).unwrap()]);
    body.extend(suites);
    body.extend([1, 0]);
    // signature_algorithms: ecdsa_secp256r1_sha256, so that nothing but the version is amiss.
    body.extend([0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
    let length = u8::try_from(body.len()).unwrap();
    [[22, 3, minor.min(1), 0, length + 4, 1, 0, 0, length].as_slice(), &body].concat()
}

#[test]
fn q40_our_own_port_speaks_tls_1_2_and_1_3_and_nothing_older() {
    let server = Server::start();
    for (option, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let (answer, said) = server.ask(&[option]);
        assert!(answer.contains(&format!("Protocol: {version}")) || answer.contains(version), "{version}: {answer}{said}");
        assert!(answer.contains("HTTP/1.1 200 OK"), "{version}: {answer}{said}");
        let hsts = answer.lines().find_map(|line| line.strip_prefix("strict-transport-security: max-age=")).expect("HSTS");
        assert!(hsts.trim().parse::<u64>().unwrap() >= 31_536_000, "{hsts}");
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
        assert!(cookie.starts_with("__Host-") && cookie.contains("Secure") && cookie.contains("HttpOnly"), "{cookie}");
    }
    // Whatever a client library of today refuses to say is said by hand: SSL 3.0, TLS 1.0, TLS 1.1.
    for minor in [0, 1, 2] {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(&hello(minor)).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        // An alert, fatal: protocol_version.
        assert_eq!((answer.first(), answer.get(5..7)), (Some(&21), Some([2, 70].as_slice())), "3.{minor}: {answer:?}");
    }
    // And plain HTTP is no answer at all.
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(b"GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"), "{answer:?}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_said_at_the_start_and_nobody_is_served() {
    let file = |name: &str| certificate(name).display().to_string();
    let (good, key) = (file("localhost.pem"), file("localhost.key"));
    for (cert, key, told) in [
        ("missing.pem", key.as_str(), "missing.pem を読めません"),
        (key.as_str(), key.as_str(), "PEM形式の証明書がありません"),
        (good.as_str(), good.as_str(), "PEM形式の秘密鍵がありません"),
        (good.as_str(), &file("other-name.key"), "秘密鍵では使えません"),
    ] {
        let folder = installation(1, cert, key);
        let mut server = Command::new(env!("CARGO_BIN_EXE_uketsuke"))
            .current_dir(folder.path())
            .args(["--config", "config.toml", "serve"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut words = server.stderr.take().unwrap();
        let (told_all, all) = mpsc::channel();
        std::thread::spawn(move || {
            let mut said = Vec::new();
            words.read_to_end(&mut said).ok();
            told_all.send(said).ok();
        });
        // One that serves all the same never ends by itself.
        let said = all.recv_timeout(Duration::from_secs(60));
        server.kill().ok();
        let code = server.wait().unwrap().code();
        let said = String::from_utf8(said.expect(told)).unwrap();
        assert!(code == Some(1) && said.contains(told), "{told}: {said}");
    }
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [[0, 0, length, kind, flags, 0, 0, 0, stream].as_slice(), payload].concat()
}

/// What a client asks over HTTP/2 that takes no byte of any answer: `/` with many requests at once.
fn greedy(requests: u8) -> Vec<u8> {
    let no_window = [0, 4, 0, 0, 0, 0];
    let mut said = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &frame(4, 0, 0, &no_window)].concat();
    // GET, https, /, and the authority written out.
    let head = [[0x82, 0x87, 0x84, 0x01, 9].as_slice(), b"localhost"].concat();
    for n in 0..requests {
        said.extend(frame(1, 5, 1 + 2 * n, &head));
    }
    // Answered after all that stands before it.
    said.extend(frame(6, 0, 0, b"the end."));
    said
}

#[test]
fn a_client_of_http_2_that_takes_nothing_is_answered_eight_requests_at_once_and_no_more() {
    let server = Server::start();
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-alpn", "h2", "-connect", &format!("localhost:{}", server.port), "-CAfile"])
        .arg(certificate("ca.pem"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is installed");
    let mut said = client.stdin.take().unwrap();
    said.write_all(&greedy(60)).unwrap();
    let mut heard = client.stdout.take().unwrap();
    let (sender, frames) = mpsc::channel();
    std::thread::spawn(move || {
        let mut head = [0; 9];
        while heard.read_exact(&mut head).is_ok() {
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            if heard.read_exact(&mut payload).is_err() || sender.send((head[3], payload)).is_err() {
                return;
            }
        }
    });
    // Headers are not held up by a window: as many come as requests are answered. The others are refused, or the connection ends.
    let (mut answered, mut refused, mut allowed) = (0, 0, None);
    while let Ok((kind, payload)) = frames.recv_timeout(Duration::from_secs(5)) {
        match kind {
            1 => answered += 1,
            3 => refused += 1,
            4 => allowed = allowed.or(payload.chunks_exact(6).find(|one| one[..2] == [0, 3]).map(|one| one[5])),
            7 => break,
            _ => {}
        }
        if answered + refused == 60 {
            break;
        }
    }
    drop(said);
    let _ = client.kill();
    let _ = client.wait();
    assert_eq!(allowed, Some(8));
    assert!((1..=8).contains(&answered), "{answered} answered, {refused} refused");
}
