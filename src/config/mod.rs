//! Settings: built-in defaults < `config.toml` < environment `UKETSUKE_SECTION__KEY` < `UKETSUKE_SECTION__KEY_FILE` for secrets.
//!
//! One file per section; each lists its keys with the sentence that says what is expected there, so that a value of the
//! wrong type and a value out of range are answered with the same words. [`load()`] merges the layers (figment keeps where
//! every value came from) and names every mistake it finds at once: file and line or variable, key, and what is expected.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

mod backup;
mod certificate;
mod code;
mod env;
mod error;
mod federation;
mod file;
mod letter;
mod limits;
mod load;
mod lockout;
mod log;
mod mail;
mod net;
mod oidc;
mod password;
mod portal;
mod retention;
mod review;
mod security_mail;
mod server;
mod session;
mod show;
mod smtp;

pub use backup::Backup;
pub use certificate::{Certificate, Fee};
pub use code::Code;
pub use error::{ConfigErrors, Origin, Problem};
pub use federation::Federation;
pub use letter::Letter;
pub use limits::Limits;
pub use load::{Loaded, load};
pub use lockout::Lockout;
pub use log::{Log, LogFormat, LogLevel};
pub use mail::{Mail, Sender};
pub use net::{IpNet, PublicUrl};
pub use oidc::{Oidc, OidcClient};
pub use password::Password;
pub use portal::{Category, ID_APPLICATION, Portal};
pub use retention::Retention;
pub use review::Review;
pub use security_mail::SecurityMail;
pub use server::Server;
pub use session::Session;
pub use smtp::{SmtpTls, SmtpUrl};

use crate::kernel::Prefecture;
use error::Findings;

/// All settings of one installation. Every field has a default but the members of `[[federation]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Addresses, folders and TLS files of the server itself.
    pub server: Server,
    /// How mail leaves and who signs it.
    pub mail: Mail,
    /// The federations (連合会) of this installation, at least one for `serve`.
    pub federation: Vec<Federation>,
    /// Rules of passwords and their hashing.
    pub password: Password,
    /// Confirmation codes and one-time passwords.
    pub code: Code,
    /// When wrong logins close a door.
    pub lockout: Lockout,
    /// How many codes leave by mail.
    pub limits: Limits,
    /// Security mail addresses.
    pub security_mail: SecurityMail,
    /// Examination of applications.
    pub review: Review,
    /// Certificates and their fees.
    pub certificate: Certificate,
    /// 介護情報基盤ポータル.
    pub portal: Portal,
    /// Life of a login.
    pub session: Session,
    /// Printing of letters.
    pub letter: Letter,
    /// What is erased when.
    pub retention: Retention,
    /// Regular backups.
    pub backup: Backup,
    /// Applications that may log in through this installation.
    pub oidc: Oidc,
    /// The process's own log.
    pub log: Log,
}

/// Every key with the Japanese words for what is expected there, section by section in the order of `config show`.
const SECTIONS: &[&[(&str, &str)]] = &[
    server::KEYS,
    mail::KEYS,
    federation::KEYS,
    password::KEYS,
    code::KEYS,
    lockout::KEYS,
    limits::KEYS,
    security_mail::KEYS,
    review::KEYS,
    certificate::KEYS,
    portal::KEYS,
    session::KEYS,
    letter::KEYS,
    retention::KEYS,
    backup::KEYS,
    oidc::KEYS,
    log::KEYS,
];

/// Keys whose value may come from a file named by `UKETSUKE_SECTION__KEY_FILE` and is never repeated in an error.
const SECRETS: &[&str] = &["mail.smtp_url"];

impl Config {
    /// The built-in defaults: a server on loopback without any federation.
    #[must_use]
    pub fn defaults() -> Self {
        Self::default()
    }

    /// Settings of `uketsuke demo`: the defaults and two invented federations, 07 and 13.
    #[must_use]
    pub fn demo() -> Self {
        let mail = Mail {
            from: "介護電子請求受付システム（デモ） <uketsuke@example.jp>".parse().ok(),
            help_desk: Some("0000-00-0000".into()),
            ..Mail::default()
        };
        // Nobody would want its data back.
        let backup = Backup { elsewhere: true, ..Backup::default() };
        Self { federation: federation::demo(), mail, backup, ..Self::default() }
    }

    /// The federation of a prefecture, if this installation serves it.
    #[must_use]
    pub fn federation_of(&self, prefecture: Prefecture) -> Option<&Federation> {
        self.federation.iter().find(|one| one.prefecture == prefecture)
    }

    /// Where the keys lie: `server.key_file`, or a file beside the data folder (never in it, so that a copy of the data
    /// folder alone opens nothing; spec 2, D).
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.server.key_file.clone().unwrap_or_else(|| {
            let data = &self.server.data_dir;
            let mut name = data.file_name().unwrap_or_default().to_os_string();
            name.push(".keys");
            data.with_file_name(name)
        })
    }

    /// Checks what types alone do not say: ranges and keys that depend on each other.
    fn validate(&self, found: &mut Findings) {
        self.server.validate(found);
        self.mail.validate(found);
        federation::validate(&self.federation, found);
        self.password.validate(found);
        self.code.validate(found);
        self.lockout.validate(found);
        self.limits.validate(found);
        self.certificate.validate(found);
        self.portal.validate(found);
        self.session.validate(found);
        self.letter.validate(found);
        self.retention.validate(found);
        self.backup.validate(found);
        self.oidc.validate(found);
    }

    /// Checks what can be told only of paths from the root.
    fn validate_paths(&self, found: &mut Findings) {
        self.backup.validate_place(&self.server.data_dir, found);
    }

    /// What `serve` needs beyond valid values: somebody who answers for the counter and signs its mails.
    fn validate_for_serve(&self, found: &mut Findings) {
        if self.federation.is_empty() {
            found.say("federation", "[[federation]] に連合会を1つ以上書いてください");
        }
        if self.mail.from.is_none() {
            found.say("mail.from", "mail.from にメールの差出人を書いてください（例 \"受付係 <uketsuke@example.jp>\"）");
        }
    }

    /// Relative paths count from the folder of the file that names them, so that the working directory does not matter.
    fn resolve_paths(&mut self, base: impl Fn(&str) -> Option<PathBuf>) {
        let anchor = |key: &str, path: &mut PathBuf| {
            if let Some(base) = base(key) {
                *path = base.join(&*path);
            }
        };
        anchor("server.data_dir", &mut self.server.data_dir);
        for (key, path) in [
            ("server.tls_cert", &mut self.server.tls_cert),
            ("server.tls_key", &mut self.server.tls_key),
            ("server.key_file", &mut self.server.key_file),
            ("backup.directory", &mut self.backup.directory),
        ] {
            if let Some(path) = path {
                anchor(key, path);
            }
        }
        for client in &mut self.oidc.client {
            anchor("oidc.client", &mut client.secret_file);
        }
    }

    /// Defaults with one member in every list: the shape against which unknown keys and missing members are told.
    fn sample() -> Self {
        let mut config = Self::demo();
        config.federation.truncate(1);
        config.certificate.fee.truncate(1);
        config.portal.categories.truncate(1);
        config.server.trusted_proxies = vec![IpNet::LOOPBACK];
        config.oidc.client = vec![OidcClient::sample()];
        config
    }
}

/// The folder of a file, `.` for a bare name.
fn folder_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_path_buf).unwrap_or_default()
}
