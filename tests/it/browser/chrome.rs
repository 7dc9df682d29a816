//! Chromium, driven through chromedriver.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use poem::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for anything the browser should show; reached only when a test fails.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);
/// Time between two looks.
pub(super) const PAUSE: Duration = Duration::from_millis(25);

/// A browser with a profile of its own. Dropping it ends the process and all it started.
pub struct Chrome {
    pub client: Client,
    /// Whether pages may run scripts.
    pub scripts: bool,
    base: String,
    downloads: PathBuf,
    driver: Child,
    _folder: TempDir,
}

impl Chrome {
    /// Starts a browser whose addresses begin with `base`.
    pub async fn start(base: &str, scripts: bool) -> Self {
        let (driver, port) = start_driver();
        let folder = tempfile::tempdir().unwrap();
        let downloads = folder.path().join("downloads");
        std::fs::create_dir(&downloads).unwrap();
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        capabilities.insert(
            "goog:chromeOptions".into(),
            json!({
                "args": [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=ja",
                    "--window-size=1280,900", format!("--user-data-dir={}", folder.path().join("profile").display()),
                ],
                "prefs": {
                    "profile.managed_default_content_settings.javascript": if scripts { 1 } else { 2 },
                    "download.default_directory": downloads,
                    "download.prompt_for_download": false,
                    "plugins.always_open_pdf_externally": true,
                },
            }),
        );
        let url = format!("http://127.0.0.1:{port}");
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&url)
            .await
            .expect("chromedriver starts chromium");
        let chrome = Self { client, scripts, base: base.to_owned(), downloads, driver, _folder: folder };
        let to = json!({ "behavior": "allow", "downloadPath": chrome.downloads });
        chrome.devtools("Browser.setDownloadBehavior", to).await;
        chrome
    }

    /// Ends the session; the processes end with it.
    pub async fn close(self) {
        self.client.clone().close().await.unwrap();
    }

    /// Opens a path of the product, or a whole address.
    pub async fn open(&self, path: &str) {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.client.goto(&url).await.unwrap();
    }

    /// The screen's title.
    pub async fn title(&self) -> String {
        match self.client.find(Locator::Css("h1")).await {
            Ok(h1) => h1.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits for a screen.
    pub async fn expect(&self, title: &str) {
        let end = Instant::now() + DEADLINE;
        loop {
            let shown = self.title().await;
            if shown == title {
                return;
            }
            if Instant::now() > end {
                panic!("waited for【{title}】, saw【{shown}】: {}", self.text().await);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What the main part says.
    pub async fn text(&self) -> String {
        match self.client.find(Locator::Css("main")).await {
            Ok(main) => main.text().await.unwrap_or_default(),
            Err(_) => self.client.source().await.unwrap_or_default(),
        }
    }

    /// Waits until an element is there.
    pub async fn find(&self, css: &str) -> Element {
        self.find_by(Locator::Css(css)).await
    }

    pub(super) async fn find_by(&self, locator: Locator<'_>) -> Element {
        let end = Instant::now() + DEADLINE;
        loop {
            match self.client.find(locator).await {
                Ok(element) => return element,
                Err(_) if Instant::now() < end => tokio::time::sleep(PAUSE).await,
                Err(error) => panic!("{locator:?}: {error} on【{}】{}", self.title().await, self.text().await),
            }
        }
    }

    /// What an element says.
    pub async fn find_text(&self, xpath: &str) -> String {
        self.find_by(Locator::XPath(xpath)).await.text().await.unwrap()
    }

    /// Waits for the next file that the browser has saved, and takes it.
    pub async fn downloaded(&self) -> Vec<u8> {
        let end = Instant::now() + DEADLINE;
        loop {
            let files = std::fs::read_dir(&self.downloads).unwrap().map(|entry| entry.unwrap().path());
            if let Some(done) = files.into_iter().find(|path| path.extension().is_some_and(|end| end == "pdf")) {
                let bytes = std::fs::read(&done).unwrap();
                std::fs::remove_file(&done).unwrap();
                return bytes;
            }
            assert!(Instant::now() < end, "nothing was saved: {}", self.text().await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, params: Value) -> Value {
        self.vendor("goog/cdp/execute", json!({ "cmd": command, "params": params })).await.unwrap()
    }

    /// What the console has said since it was last asked.
    pub async fn console(&self) -> Vec<Value> {
        let said = self.vendor("se/log", json!({ "type": "browser" })).await.unwrap();
        said.as_array().cloned().unwrap_or_default()
    }

    async fn vendor(&self, path: &'static str, body: Value) -> Result<Value, CmdError> {
        self.client.issue_cmd(Vendor { path, body: body.to_string() }).await
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        // The driver alone would leave its browser behind: both are in a group of their own.
        let _ =
            rustix::process::kill_process_group(rustix::process::Pid::from_child(&self.driver), rustix::process::Signal::KILL);
        let _ = self.driver.wait();
    }
}

/// A command that only chromedriver knows.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: String,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.clone()))
    }
}

/// chromedriver on a port of its own choice.
fn start_driver() -> (Child, u16) {
    let mut child = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("chromedriver is installed; tests/run installs it with chromium");
    let mut lines = BufReader::new(child.stdout.take().expect("piped above")).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    // What it says later goes nowhere, but somebody must read it.
    std::thread::spawn(move || lines.for_each(drop));
    (child, port.expect("chromedriver says on which port it listens"))
}
