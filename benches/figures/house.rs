//! Installations that are measured: a data folder, and the real server on it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use uketsuke::accounts::{self, Account, Kind};
use uketsuke::app::App;
use uketsuke::cli::installation;
use uketsuke::config::Config;
use uketsuke::kernel::{MailAddress, Secret};
use uketsuke::store::StoreError;

use crate::{Outcome, office};

/// The password of every account.
pub const PASSWORD: &str = "xK4pq9wzRt7";
/// Offices with an account: the first ones of the ledger.
pub const ACCOUNTS: usize = 1_000;

/// A data folder with offices and accounts. Servers run on copies of it.
pub struct House {
    folder: TempDir,
    pub offices: usize,
}

impl House {
    /// Imports a ledger by the command, then makes accounts with a password.
    pub fn build(offices: usize) -> Outcome<Self> {
        // On the disk that the program is built on: what lies in memory commits for nothing.
        let house = Self { folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?, offices };
        let root = house.folder.path();
        write_config(root, 1, 1)?;
        office::write_ledger(&house.ledger(), offices)?;
        run(root, &["ledger", "import", &house.ledger().display().to_string()])?;
        let app = open(root)?;
        let runtime = tokio::runtime::Runtime::new()?;
        let hash = runtime.block_on(app.hasher.hash(Secret::new(PASSWORD.to_owned()), [7; 16]))?;
        let now = app.clock.now();
        for chunk in (0..ACCOUNTS.min(offices)).collect::<Vec<_>>().chunks(100) {
            let (chunk, hash) = (chunk.to_vec(), hash.clone());
            app.store.write_blocking(move |tx| {
                for n in &chunk {
                    let mut account = Account::new(office::user(*n), Kind::Existing, now);
                    account.set_password(hash.clone(), now);
                    account.notice_mail = MailAddress::parse(&format!("notice-{n}@example.jp")).ok();
                    // Without one, 【お知らせ】 would lead to its registration.
                    account.security_mails = MailAddress::parse(&format!("security-{n}@example.jp")).into_iter().collect();
                    accounts::create(tx, &account)?;
                }
                Ok::<_, StoreError>(())
            })?;
        }
        Ok(house)
    }

    /// The file that was imported.
    pub fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger.csv")
    }

    /// User IDs that can log in.
    pub fn users(&self) -> Vec<String> {
        (0..ACCOUNTS.min(self.offices)).map(|n| office::user(n).to_string()).collect()
    }

    /// A copy that may be changed.
    pub fn copy(&self) -> Outcome<Site> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        fs::create_dir(folder.path().join("data"))?;
        for file in ["data.keys", "data/uketsuke.redb"] {
            fs::copy(self.folder.path().join(file), folder.path().join(file))?;
        }
        // What is still to be written out would slow down whoever is measured next.
        File::open(folder.path().join("data/uketsuke.redb"))?.sync_all()?;
        Site::in_folder(folder)
    }
}

/// A data folder of its own, with its configuration.
pub struct Site {
    folder: TempDir,
    pub port: u16,
}

impl Site {
    fn in_folder(folder: TempDir) -> Outcome<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let site = Self { folder, port };
        site.mail_to(1)?;
        Ok(site)
    }

    /// Mails go to this port.
    pub fn mail_to(&self, smtp: u16) -> Outcome<()> {
        write_config(self.folder.path(), self.port, smtp)
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data").join(installation::DATABASE)
    }

    /// A copy of the database beside it, as it is now; nobody may have it open.
    pub fn second_database(&self) -> Outcome<PathBuf> {
        let path = self.folder.path().join("second.redb");
        fs::copy(self.database(), &path)?;
        File::open(&path)?.sync_all()?;
        Ok(path)
    }

    /// Opens it in this process.
    pub fn open(&self) -> Outcome<App> {
        open(self.folder.path())
    }

    /// Runs a command on it and returns what it prints.
    pub fn run(&self, arguments: &[&str]) -> Outcome<String> {
        run(self.folder.path(), arguments)
    }

    /// Runs a command on it; answers how long it took and the most memory that it held, in MiB.
    pub fn measure(&self, arguments: &[&str]) -> Outcome<(Duration, f64)> {
        let begin = Instant::now();
        let mut child = command(self.folder.path()).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut most: f64 = 0.0;
        loop {
            if let Some(status) = child.try_wait()? {
                let took = begin.elapsed();
                return if status.success() {
                    Ok((took, most))
                } else {
                    Err(format!("{arguments:?} ended with {status}").into())
                };
            }
            most = most.max(Status::read(child.id()).map_or(0.0, |status| status.mib("VmHWM")));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts the server and waits for its first answer.
    pub fn serve(&self) -> Outcome<Server> {
        let started = Instant::now();
        let log = File::create(self.log())?;
        let child = command(self.folder.path()).arg("serve").stdout(Stdio::null()).stderr(log).spawn()?;
        let mut server = Server { child, port: self.port, first_answer: Duration::ZERO };
        let request = crate::http::plain_get(self.port, "/");
        while !answers(self.port, &request) {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("the server ended ({status}): {}", fs::read_to_string(self.log())?).into());
            }
            if started.elapsed() > Duration::from_secs(120) {
                return Err("the server does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        server.first_answer = started.elapsed();
        Ok(server)
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

fn answers(port: u16, request: &[u8]) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut head = [0; 12];
    stream.write_all(request).is_ok() && stream.read_exact(&mut head).is_ok() && head.ends_with(b" 200")
}

/// The real server at work.
pub struct Server {
    child: Child,
    pub port: u16,
    /// From its start to its first answer.
    pub first_answer: Duration,
}

impl Server {
    /// Resident memory now, file pages included: the server's, and that of the processes it has started and that live.
    pub fn resident(&self) -> Outcome<Memory> {
        let server = self.child.id();
        let own = Status::read(server).ok_or("the server has ended")?;
        let mut memory = Memory { all: own.mib("VmRSS"), own: own.mib("RssAnon"), most: own.mib("VmHWM"), children: 0.0 };
        for child in children(server) {
            memory.all += child.mib("VmRSS");
            memory.own += child.mib("RssAnon");
            memory.children += child.mib("VmRSS");
        }
        Ok(memory)
    }

    /// Looks from now on how much the server and its processes hold together, ten times a second.
    pub fn watch(&self) -> Watch {
        let (server, most, over) = (self.child.id(), Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (keep, stop) = (Arc::clone(&most), Arc::clone(&over));
        let looking = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let Some(own) = Status::read(server) else { return };
                let kib = own.kib("VmRSS") + children(server).iter().map(|child| child.kib("VmRSS")).sum::<u64>();
                keep.fetch_max(kib, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        Watch { most, over, looking: Some(looking) }
    }

    /// Stops it as systemd does.
    pub fn stop(mut self) -> Outcome<()> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}").into()) }
    }

    /// Kills it.
    pub fn kill(mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// The server and its processes.
    pub all: f64,
    /// The same without pages of files.
    pub own: f64,
    /// The most there ever was in the server alone.
    pub most: f64,
    /// The part of `all` that its processes hold.
    pub children: f64,
}

/// Somebody who looks at memory until this is dropped.
pub struct Watch {
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    looking: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    /// The most that was seen, in MiB.
    pub fn most(&self) -> f64 {
        mebibytes(self.most.load(Ordering::Relaxed))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(looking) = self.looking.take() {
            let _ = looking.join();
        }
    }
}

/// What the system says about a process.
struct Status(String);

impl Status {
    fn read(id: u32) -> Option<Self> {
        fs::read_to_string(format!("/proc/{id}/status")).ok().map(Self)
    }

    fn kib(&self, name: &str) -> u64 {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default();
        line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    fn mib(&self, name: &str) -> f64 {
        mebibytes(self.kib(name))
    }
}

#[expect(clippy::cast_precision_loss, reason = "no machine has as much memory as would be rounded")]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// The processes that this one has started.
fn children(parent: u32) -> Vec<Status> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter_map(Status::read).filter(|status| status.kib("PPid") == u64::from(parent)).collect()
}

fn open(root: &Path) -> Outcome<App> {
    Ok(installation::open(config(root)?).map_err(|error| error.to_string())?)
}

/// The settings as the server reads them.
fn config(root: &Path) -> Outcome<Config> {
    let loaded = uketsuke::config::load(Some(&root.join("config.toml")), std::iter::empty());
    Ok(loaded.map_err(|errors| errors.to_string())?.config)
}

fn command(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_uketsuke"));
    command.arg("--config").arg(root.join("config.toml"));
    command
}

fn run(root: &Path, arguments: &[&str]) -> Outcome<String> {
    let output = command(root).args(arguments).output()?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(told)
    } else {
        Err(format!("{arguments:?}: {told}{}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// Throttles that hold one client back are set as wide as the keys allow: all of the load comes from one machine.
fn write_config(root: &Path, port: u16, smtp: u16) -> Outcome<()> {
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://localhost:{port}\"\ndata_dir = \"data\"\n\
         metrics_listen = \"off\"\ntrusted_proxies = [\"127.0.0.1\"]\n\
         [mail]\nsmtp_url = \"smtp://127.0.0.1:{smtp}\"\nfrom = \"uketsuke@example.jp\"\n\
         [limits]\nlogin_tries_per_network_5min = 1000000\nnew_device_logins_per_minute = 1000000\ncodes_per_network_hour = 10000\n\
         codes_per_address_hour = 10000\ncodes_per_address_day = 100000\n"
    );
    for prefecture in office::PREFECTURES {
        text.push_str(&format!(
            "[[federation]]\nprefecture = \"{prefecture:02}\"\nname = \"見本{prefecture}国民健康保険団体連合会\"\ndepartment = \"介護保険課\"\n\
             telephone = \"000-000-0000\"\npostal_code = \"000-0000\"\naddress = \"見本市見本町2番2号\"\n"
        ));
    }
    Ok(fs::write(root.join("config.toml"), text)?)
}
