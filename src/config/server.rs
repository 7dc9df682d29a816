//! `[server]`: where it listens, how the world calls it, where its data lie.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::Findings;
use super::{IpNet, PublicUrl};

/// Addresses, folders and TLS files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port that answer visitors.
    pub listen: SocketAddr,
    /// The origin visitors type; plain http for loopback only (spec 5).
    pub public_url: PublicUrl,
    /// Networks whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Folder of database, uploads, templates and `admin.sock`.
    pub data_dir: PathBuf,
    /// Certificate chain (PEM); without it a proxy does TLS.
    pub tls_cert: Option<PathBuf>,
    /// Private key of `tls_cert` (PEM).
    pub tls_key: Option<PathBuf>,
    /// Where `/metrics` answers; `"off"` for nowhere.
    #[serde(with = "super::net::off_or_addr")]
    pub metrics_listen: Option<SocketAddr>,
    /// Second TLS port that asks for client certificates.
    pub client_cert_listen: Option<SocketAddr>,
    /// Key file; `None` means beside the data folder, see [`super::Config::key_file`].
    pub key_file: Option<PathBuf>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: PublicUrl::localhost(8080),
            trusted_proxies: Vec::new(),
            data_dir: PathBuf::from("data"),
            tls_cert: None,
            tls_key: None,
            metrics_listen: Some(SocketAddr::from(([127, 0, 0, 1], 9090))),
            client_cert_listen: None,
            key_file: None,
        }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    ("server.listen", "待ち受けるIPアドレスとポート（例 \"127.0.0.1:8080\"）"),
    (
        "server.public_url",
        "利用者が開くURL（例 \"https://uketsuke.example.jp\"、パスなし。http:// は localhost など同じ機械のときだけ）",
    ),
    ("server.trusted_proxies", "IPアドレスかネットワークの一覧（例 [\"10.0.0.5\", \"192.168.0.0/16\"]）"),
    ("server.data_dir", "データを置くフォルダー（空・\".\"・\"/\" は不可）"),
    ("server.tls_cert", "TLS証明書（PEM）のファイル名"),
    ("server.tls_key", "TLS秘密鍵（PEM）のファイル名"),
    ("server.metrics_listen", "IPアドレスとポート（例 \"127.0.0.1:9090\"）、使わないときは \"off\""),
    ("server.client_cert_listen", "IPアドレスとポート（例 \"0.0.0.0:8443\"）"),
    ("server.key_file", "鍵ファイルのファイル名（データのフォルダーの外）"),
];

impl Server {
    pub(super) fn validate(&self, found: &mut Findings) {
        // The key file and the default config.toml lie beside the folder, so it must have a name of its own.
        found.expect("server.data_dir", self.data_dir.file_name().is_some());
        for (n, net) in self.trusted_proxies.iter().enumerate().filter(|(_, net)| net.is_boundless()) {
            let sentence = format!(
                "server.trusted_proxies の {net} は広すぎます（だれでも接続元を偽れます）。自分のプロキシのアドレスかネットワーク（/8 以上）を書いてください"
            );
            found.say(&format!("server.trusted_proxies.{n}"), &sentence);
        }
        if self.tls_cert.is_some() && self.tls_key.is_none() {
            found.say("server.tls_cert", "server.tls_cert を使うときは server.tls_key も書いてください");
        }
        if self.tls_key.is_some() && self.tls_cert.is_none() {
            found.say("server.tls_key", "server.tls_key を使うときは server.tls_cert も書いてください");
        }
        if self.client_cert_listen.is_some() && self.tls_cert.is_none() {
            found.say(
                "server.client_cert_listen",
                "server.client_cert_listen を使うときは server.tls_cert と server.tls_key も書いてください",
            );
        }
        if let Some(key_file) = &self.key_file {
            found.expect("server.key_file", !key_file.as_os_str().is_empty() && !key_file.starts_with(&self.data_dir));
        }
    }
}
