//! `[[oidc.client]]`: applications that may log their users in through this installation.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::PublicUrl;
use super::error::Findings;

/// OpenID Connect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oidc {
    /// The known applications.
    pub client: Vec<OidcClient>,
}

/// One application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcClient {
    /// `client_id`.
    pub id: String,
    /// The name users see.
    pub name: String,
    /// File that holds the client secret: secrets never stand in `config.toml` itself.
    pub secret_file: PathBuf,
    /// Where users are sent back to; compared byte for byte.
    pub redirect_uris: Vec<String>,
}

impl OidcClient {
    pub(super) fn sample() -> Self {
        Self {
            id: "sample".into(),
            name: "sample".into(),
            secret_file: "sample".into(),
            redirect_uris: vec!["https://sample.example.jp/callback".into()],
        }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    ("oidc.client", "連携先の一覧（[[oidc.client]] を連携先ごとに1つ）"),
    ("oidc.client.id", "client_id（英数字と . _ - 、重複なし）"),
    ("oidc.client.name", "連携先の名称"),
    ("oidc.client.secret_file", "client_secret を書いたファイルの名前"),
    ("oidc.client.redirect_uris", "戻り先URLの一覧（https:// で始まるURL、1つ以上）"),
];

impl Oidc {
    pub(super) fn validate(&self, found: &mut Findings) {
        for (index, one) in self.client.iter().enumerate() {
            let key = |name: &str| format!("oidc.client.{index}.{name}");
            let unique = !self.client[..index].iter().any(|other| other.id == one.id);
            let plain = !one.id.is_empty() && one.id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
            found.expect(&key("id"), unique && plain);
            found.expect(&key("name"), super::mail::one_line(&one.name));
            found.expect(&key("secret_file"), one.secret_file.file_name().is_some());
            let uris = !one.redirect_uris.is_empty() && one.redirect_uris.iter().all(|uri| is_redirect(uri));
            found.expect(&key("redirect_uris"), uris);
        }
    }
}

/// https, or http on loopback, without a fragment: the origin obeys the rule of `public_url`.
fn is_redirect(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| {
        let origin = url.origin().ascii_serialization();
        url.fragment().is_none() && origin.parse::<PublicUrl>().is_ok()
    })
}
