//! The real program, which is killed and started again on the same folder.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use uketsuke::kernel::Random;
use uketsuke::security::Keys;
use uketsuke::store::{Store, StoreOptions};

use crate::browser::house;

/// Longest wait for the server; reached only when a test fails.
const DEADLINE: Duration = Duration::from_secs(60);

/// An installation in a folder of its own. Nothing runs until [`Server::start`].
pub struct Server {
    pub port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl Server {
    /// Limits that a test with few networks and accounts would meet are set wide, by their own keys.
    pub fn install(smtp: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), house::free_port());
        let proxy = "metrics_listen = \"off\"\ntrusted_proxies = [\"127.0.0.1\"]\n";
        let limits = "[limits]\ncodes_per_network_hour = 10000\nlogin_tries_per_network_5min = 1000000\nnew_device_logins_per_minute = 1000000\n\
                      applications_per_office_day = 1000\nwarnings_per_office_day = 100\n\n\
                      [lockout]\nunknown_device_per_hour = 100\n\n";
        let config = house::config(port, smtp).replace("metrics_listen = \"off\"\n", proxy) + limits;
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { port, folder, child: None }
    }

    /// Regular backups go into `backups`; the first is due at once.
    pub fn back_up_regularly(&self) {
        let folder = self.folder().join("backups");
        std::fs::create_dir(&folder).unwrap();
        let (path, section) = (self.folder().join("config.toml"), format!("[backup]\ndirectory = \"{}\"\n", folder.display()));
        let config = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, config + &section).unwrap();
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What a command prints.
    pub fn command(&self, arguments: &[&str]) -> String {
        house::run(self.folder(), arguments)
    }

    /// A command that may fail, with its output.
    pub fn program(&self) -> Command {
        house::program(self.folder())
    }

    pub fn database(&self) -> PathBuf {
        self.folder().join("data/uketsuke.redb")
    }

    /// The database and the keys, while no server runs.
    pub fn store(&self) -> (Store, Keys) {
        assert!(self.child.is_none(), "the server holds the database");
        let keys = Keys::load(&self.folder().join("data.keys"), &Random::system(), false).unwrap();
        (Store::open(&self.database(), StoreOptions::default()).unwrap(), keys)
    }

    /// Starts it and waits until it answers.
    pub fn start(&mut self) {
        let command = self.program();
        self.launch(command);
    }

    /// The same with these variables in its environment.
    pub fn start_with(&mut self, variables: &[(&str, &str)]) {
        let mut command = self.program();
        command.envs(variables.iter().copied());
        self.launch(command);
    }

    /// The process that runs.
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// The same with no room for files longer than this.
    pub fn start_on_small_disk(&mut self, kib: u64) {
        let program = self.program();
        let mut command = Command::new("bash");
        // Writing beyond the end is an error then, not a signal.
        command.args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &kib.to_string()]);
        command.arg(program.get_program()).args(program.get_args()).current_dir(self.folder()).stdin(Stdio::null());
        self.launch(command);
    }

    fn launch(&mut self, mut command: Command) {
        let log = std::fs::File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut child = command.arg("serve").stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).is_err() {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "{ended:?}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.child = Some(child);
    }

    /// Waits until it ends by itself.
    pub fn ends(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "it does not end\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        let id = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        child.wait().unwrap()
    }

    /// What all its lives have logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder().join("log.txt")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
