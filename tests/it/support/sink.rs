//! A real SMTP server in a process of its own (`tests/sink/sink.py`): stores mails and misbehaves on order.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longest wait for anything the sink should do; reached only when a test fails.
const DEADLINE: Duration = Duration::from_secs(30);

/// How the sink treats mails.
#[derive(Debug, Clone)]
pub enum Mode {
    /// Takes everything.
    Accept,
    /// 451 to the first try for each recipient, then takes it.
    Greylist,
    /// 451 to these recipients; to all when the list is empty.
    TempFail(Vec<String>),
    /// 550 to these recipients; to all when the list is empty.
    Refuse(Vec<String>),
    /// 553 to every sender.
    RefuseSender,
    /// 554 after the content, with the text of the mail in the reply.
    RefuseContent,
    /// Waits this long before the answer to the content.
    Slow(Duration),
    /// Closes the connection after the first line of the content.
    DropInData,
    /// Stores the mail, then closes the connection without an answer.
    HangupSilent,
    /// Stores the mail, answers 250, then closes the connection.
    HangupPolite,
    /// 550 to every recipient, in a line longer than any client reads.
    LongRefusal,
    /// Stores the mail and answers 250 in such a line.
    LongThanks,
}

/// A stored mail, decoded by the sink's own mail parser.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// Header fields in order, decoded.
    pub headers: Vec<(String, String)>,
    /// The decoded text.
    pub body: String,
    /// The bytes of the content as they came, one character each.
    pub raw: String,
}

impl Mail {
    /// The first header field of this name, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let field = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        field.map_or("", |(_, value)| value)
    }

    pub fn subject(&self) -> &str {
        self.header("Subject")
    }
}

/// What the sink told so far.
#[derive(Debug, Default)]
struct Log {
    port: u16,
    mails: Vec<Mail>,
    commands: Vec<(String, bool)>,
    connections: usize,
    most_open: usize,
    orders_done: usize,
    ended: bool,
}

/// A running sink; dropping it ends the process.
pub struct Sink {
    child: Child,
    orders: Mutex<(ChildStdin, usize)>,
    url: (&'static str, String),
    log: Arc<(Mutex<Log>, Condvar)>,
}

/// How the sink is reached.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    arguments: Vec<String>,
    form: Option<&'static str>,
    credentials: String,
}

impl Setup {
    /// Offers STARTTLS with this certificate of `tests/fixtures/tls` and insists on it.
    pub fn starttls(self, certificate: &str) -> Self {
        self.certificate("--starttls", "smtp://HOST?tls=required", certificate)
    }

    /// TLS from the first byte.
    pub fn tls(self, certificate: &str) -> Self {
        self.certificate("--tls", "smtps://HOST", certificate)
    }

    /// Insists on AUTH with these; the sink's URL carries them.
    pub fn auth(mut self, user: &str, password: &str) -> Self {
        self.arguments.extend(["--auth".into(), format!("{user}:{password}")]);
        self.credentials = format!("{user}:{password}@");
        self
    }

    /// Another argument of `sink.py`.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// A port that was used before.
    pub fn port(self, port: u16) -> Self {
        self.argument("--port").argument(&port.to_string())
    }

    pub fn start(self, mode: Mode) -> Sink {
        Sink::launch(self, &mode)
    }

    fn certificate(mut self, option: &str, form: &'static str, name: &str) -> Self {
        let file = |end: &str| certificate(&format!("{name}.{end}")).display().to_string();
        self.arguments.extend([option.into(), file("pem"), file("key")]);
        self.form = Some(form);
        self
    }
}

/// A file of `tests/fixtures/tls`; `ca.pem` signed `localhost` and `other-name`.
pub fn certificate(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(file)
}

impl Sink {
    /// A sink without encryption that asks for nothing.
    pub fn start(mode: Mode) -> Self {
        Setup::default().start(mode)
    }

    fn launch(setup: Setup, mode: &Mode) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sink/sink.py");
        // Debian's own interpreter knows Debian's packages; another one that comes first in PATH does not.
        let python = if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
        let mut child = Command::new(python)
            .arg(script)
            .arg("--trace")
            .args(&setup.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 can be started; tests/run installs it with python3-aiosmtpd");
        let orders = Mutex::new((child.stdin.take().expect("piped above"), 0));
        let events = BufReader::new(child.stdout.take().expect("piped above"));
        let log = Arc::new((Mutex::new(Log::default()), Condvar::new()));
        let shared = log.clone();
        std::thread::spawn(move || listen(events, &shared));
        let url = (setup.form.unwrap_or("smtp://HOST"), setup.credentials);
        let sink = Self { child, orders, url, log };
        drop(sink.wait("the sink to listen (is python3-aiosmtpd installed?)", |log| log.port != 0));
        sink.set(mode);
        sink
    }

    pub fn port(&self) -> u16 {
        self.lock().port
    }

    /// Where to send to, credentials included.
    pub fn url(&self) -> String {
        let (form, credentials) = &self.url;
        form.replace("HOST", &format!("{credentials}localhost:{}", self.port()))
    }

    /// Behaves differently from now on.
    pub fn set(&self, mode: &Mode) {
        let order = match mode {
            Mode::Accept => json!({"mode": "ok"}),
            Mode::Greylist => json!({"mode": "greylist"}),
            Mode::TempFail(addresses) => json!({"mode": "tempfail", "addresses": addresses}),
            Mode::Refuse(addresses) => json!({"mode": "refuse", "addresses": addresses}),
            Mode::RefuseSender => json!({"mode": "refuse_sender"}),
            Mode::RefuseContent => json!({"mode": "refuse_content"}),
            Mode::Slow(time) => json!({"mode": "slow", "seconds": time.as_secs_f64()}),
            Mode::DropInData => json!({"mode": "drop_data"}),
            Mode::HangupSilent => json!({"mode": "hangup_silent"}),
            Mode::HangupPolite => json!({"mode": "hangup_polite"}),
            Mode::LongRefusal => json!({"mode": "long_refusal"}),
            Mode::LongThanks => json!({"mode": "long_thanks"}),
        };
        self.order(&order);
    }

    /// Closes every open connection without a word.
    pub fn kick(&self) {
        self.order(&json!({"kick": true}));
    }

    /// Every mail stored so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.settled().mails.clone()
    }

    /// Waits until `n` mails are stored, and returns all.
    pub fn wait_for(&self, n: usize) -> Vec<Mail> {
        self.wait(&format!("{n} mails"), |log| log.mails.len() >= n).mails.clone()
    }

    /// The first mail that is wanted, if it comes within this time.
    pub fn first(&self, within: Duration, wanted: impl Fn(&Mail) -> bool) -> Option<Mail> {
        let end = Instant::now() + within;
        let mut log = self.lock();
        loop {
            if let Some(mail) = log.mails.iter().find(|mail| wanted(mail)) {
                return Some(mail.clone());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || log.ended {
                return None;
            }
            log = self.log.1.wait_timeout(log, left).expect("the listener does not panic").0;
        }
    }

    /// Commands in the order they came; `true`: inside TLS.
    pub fn commands(&self) -> Vec<(String, bool)> {
        self.settled().commands.clone()
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.settled().connections
    }

    /// Most connections at a time.
    pub fn most_open(&self) -> usize {
        self.settled().most_open
    }

    /// Gives an order and waits until it is carried out; everything that happened before is in the log then.
    fn order(&self, order: &Value) {
        let mut orders = self.orders.lock().expect("no panic while giving orders");
        orders.1 += 1;
        writeln!(orders.0, "{order}").expect("the sink reads its orders");
        let given = orders.1;
        drop(self.wait("the sink to obey", |log| log.orders_done >= given));
    }

    fn settled(&self) -> MutexGuard<'_, Log> {
        self.order(&json!({}));
        self.lock()
    }

    fn wait(&self, what: &str, done: impl Fn(&Log) -> bool) -> MutexGuard<'_, Log> {
        let end = Instant::now() + DEADLINE;
        let mut log = self.lock();
        while !done(&log) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !log.ended, "waited in vain for {what}: {log:?}");
            log = self.log.1.wait_timeout(log, left).expect("the listener does not panic").0;
        }
        log
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.0.lock().expect("the listener does not panic")
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(events: impl BufRead, shared: &(Mutex<Log>, Condvar)) {
    for line in events.lines().map_while(Result::ok) {
        let event: Value = serde_json::from_str(&line).expect("the sink writes JSON");
        note(&mut shared.0.lock().expect("no other panics with it"), &event);
        shared.1.notify_all();
    }
    shared.0.lock().expect("no other panics with it").ended = true;
    shared.1.notify_all();
}

fn note(log: &mut Log, event: &Value) {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| event[name].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
    match text("event").as_str() {
        "ready" => log.port = u16::try_from(number("port")).expect("a port"),
        "mode" => log.orders_done += 1,
        "command" => log.commands.push((text("verb"), event["tls"] == true)),
        "connection" => {
            log.connections += 1;
            log.most_open = log.most_open.max(number("open"));
        }
        "mail" => log.mails.push(Mail {
            from: text("from"),
            to: serde_json::from_value(event["to"].clone()).expect("recipients"),
            headers: serde_json::from_value(event["headers"].clone()).expect("header fields"),
            body: text("body"),
            raw: text("raw"),
        }),
        other => panic!("the sink said {other}"),
    }
}
