//! The key file: what makes a stolen database worthless. It lies outside the database and holds several keys with ids; every keyed
//! value stores its key's id; the newest signs.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::kernel::{Id, Random, Secret, os, secret};
use crate::store::StoreError;

/// What a key is used for. Each purpose has a key of its own, derived from the master key of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Goes into every password hash.
    Pepper,
    /// Confirmation codes and one-time passwords.
    Code,
    /// Tokens of forms.
    Csrf,
    /// Cookies that remember a device.
    Device,
    /// Temporary passwords on letters.
    TemporaryPassword,
    /// Secrets of authenticator apps, sealed.
    Authenticator,
    /// One-time links.
    Token,
    /// The hourly signature under the audit chain.
    Checkpoint,
    /// Every link of the audit chain.
    AuditLink,
    /// The seal of a backup.
    Backup,
    /// Initial passwords of the portal, derived.
    InitialPassword,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Pepper => "pepper",
            Self::Code => "code",
            Self::Csrf => "csrf",
            Self::Device => "device",
            Self::TemporaryPassword => "temporary password",
            Self::Authenticator => "authenticator",
            Self::Token => "token",
            Self::Checkpoint => "checkpoint",
            Self::AuditLink => "audit link",
            Self::Backup => "backup",
            Self::InitialPassword => "initial password",
        }
    }
}

/// The number of a key in the file, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyId(pub u32);

/// A keyed hash with the id of its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyed {
    /// The key it was made with.
    pub key: KeyId,
    /// HMAC-SHA-256.
    pub mac: [u8; 32],
}

/// An encrypted value with the id of its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sealed {
    key: KeyId,
    nonce: [u8; NONCE_LEN],
    bytes: Vec<u8>,
}

/// Why the key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or written.
    #[error("{}: 鍵ファイルを使えません（{}）", path.display(), os::cause(error))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Others than its owner may read it.
    #[error("{0}: 所有者だけが読めるようにしてください（モード 0600）")]
    Open(PathBuf),
    /// The database was made with keys, and they are not there.
    #[error(
        "{0}: 鍵ファイルがありません。データベースを作ったときの鍵ファイルを戻してください（新しい鍵では、だれもログインできなくなります）"
    )]
    Missing(PathBuf),
    /// There is a file already, and keys are never overwritten.
    #[error("{0}: すでにあります（上書きしません）")]
    Exists(PathBuf),
    /// The database was made with other keys.
    #[error("鍵ファイルがこのデータベースのものではありません。データベースを作ったときの鍵ファイルを戻してください")]
    Foreign,
    /// The database failed.
    #[error("データベースを確かめられません: {}", .0.japanese())]
    Store(#[from] StoreError),
    /// Its content does not fit.
    #[error("{path}: 鍵ファイルの形式が正しくありません（{reason}）")]
    Form {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
struct File {
    #[serde(rename = "key")]
    keys: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    id: u32,
    secret: String,
}

/// The keys of this installation. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Vec<(KeyId, Secret<[u8; 32]>)>>);

impl Keys {
    /// Reads the key file. `make` says whether one may be made (mode 0600) when there is none: only beside a new database.
    ///
    /// # Errors
    /// [`KeyError`] names the file and what is wrong with it.
    pub fn load(path: &Path, random: &Random, make: bool) -> Result<Self, KeyError> {
        match fs::metadata(path) {
            Ok(meta) if meta.permissions().mode() & 0o077 != 0 => return Err(KeyError::Open(path.to_owned())),
            Ok(_) => remove_unfinished(path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && make => Self::create(path, random)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(KeyError::Missing(path.to_owned())),
            Err(error) => return Err(KeyError::Io { path: path.to_owned(), error }),
        }
        let text = Secret::new(fs::read_to_string(path).map_err(|error| KeyError::Io { path: path.to_owned(), error })?);
        Self::parse(text.expose()).map_err(|reason| KeyError::Form { path: path.to_owned(), reason })
    }

    fn create(path: &Path, random: &Random) -> Result<(), KeyError> {
        let io = |error| KeyError::Io { path: path.to_owned(), error };
        // A bare name lies in the working directory.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        fs::create_dir_all(folder).map_err(io)?;
        let secret = data_encoding::BASE64.encode(&random.bytes::<32>());
        let file = File { keys: vec![Entry { id: 1, secret }] };
        let text = Secret::new(toml::to_string(&file).map_err(|error| io(std::io::Error::other(error)))?);
        // Written under another name: a start that is killed here must not leave half a key file, which the next one would refuse.
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.new", Id::new(random)));
        let fresh = path.with_file_name(name);
        let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).map_err(io)?;
        let written = out.write_all(text.expose().as_bytes()).and_then(|()| out.sync_all());
        // A link does not replace what another process has made meanwhile; those keys then count.
        let linked = written.and_then(|()| match fs::hard_link(&fresh, path) {
            Err(_) if path.exists() => Ok(()),
            other => other,
        });
        match fs::remove_file(&fresh) {
            // Another process that found finished keys has tidied up.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            other => other.map_err(io)?,
        }
        linked.map_err(io)?;
        // Lost keys lock everybody out: file and name must be on the disk before the first hash made with them.
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // What the parser says may quote a key.
        let file: File = toml::from_str(text).map_err(|_| "TOMLの [[key]] として読めません".to_owned())?;
        let mut keys = Vec::new();
        for entry in file.keys {
            let bytes = data_encoding::BASE64.decode(entry.secret.as_bytes());
            let bytes = bytes.map_err(|_| format!("{}番の鍵をBASE64として読めません", entry.id))?;
            let bytes: [u8; 32] = bytes.try_into().map_err(|_| format!("{}番の鍵が32バイトではありません", entry.id))?;
            keys.push((KeyId(entry.id), Secret::new(bytes)));
        }
        keys.sort_by_key(|(id, _)| *id);
        if keys.is_empty() { Err("鍵がありません".to_owned()) } else { Ok(Self(Arc::new(keys))) }
    }

    /// Keys that live as long as the process: for tests and `demo`.
    #[must_use]
    pub fn fresh(random: &Random) -> Self {
        Self(Arc::new(vec![(KeyId(1), Secret::new(random.bytes()))]))
    }

    /// The id of the key that signs.
    #[must_use]
    pub fn newest(&self) -> KeyId {
        self.0.last().map_or(KeyId(0), |(id, _)| *id)
    }

    /// The key of a purpose. `None` if the file does not hold that id.
    #[must_use]
    pub fn derived(&self, purpose: Purpose, key: KeyId) -> Option<Secret<[u8; 32]>> {
        let (_, master) = self.0.iter().find(|(id, _)| *id == key)?;
        Some(Secret::new(hmac(master.expose(), &[purpose.label().as_bytes()])))
    }

    /// The keyed hash of these parts with a certain key. `None` if the file does not hold it.
    #[must_use]
    pub fn mac_with(&self, purpose: Purpose, key: KeyId, parts: &[&[u8]]) -> Option<[u8; 32]> {
        Some(hmac(self.derived(purpose, key)?.expose(), parts))
    }

    /// The keyed hash of these parts with the newest key.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> Keyed {
        let key = self.newest();
        Keyed { key, mac: self.mac_with(purpose, key, parts).unwrap_or_default() }
    }

    /// Whether `keyed` is the hash of these parts; in constant time. `false` if its key is not in the file.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, keyed: &Keyed, parts: &[&[u8]]) -> bool {
        self.mac_with(purpose, keyed.key, parts).is_some_and(|mac| secret::same(&mac, &keyed.mac))
    }

    /// Encrypts a value that must be read again.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, plain: &[u8], random: &Random) -> Sealed {
        let (key, nonce) = (self.newest(), random.bytes::<NONCE_LEN>());
        let mut bytes = plain.to_vec();
        self.cipher(purpose, key)
            .and_then(|cipher| {
                cipher.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes).ok()
            })
            .expect("the newest key is in the file and the texts are short");
        Sealed { key, nonce, bytes }
    }

    /// Decrypts. `None` if the value was altered or its key is not in the file.
    #[must_use]
    pub fn open(&self, purpose: Purpose, sealed: &Sealed) -> Option<Secret<Vec<u8>>> {
        let mut bytes = sealed.bytes.clone();
        let cipher = self.cipher(purpose, sealed.key)?;
        let plain = cipher.open_in_place(Nonce::assume_unique_for_key(sealed.nonce), Aad::empty(), &mut bytes).ok()?.to_vec();
        Some(Secret::new(plain))
    }

    fn cipher(&self, purpose: Purpose, key: KeyId) -> Option<LessSafeKey> {
        Some(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, self.derived(purpose, key)?.expose()).ok()?))
    }
}

/// Removes what processes have left that were killed while they made this key file: keys that nobody uses lie about for nothing.
fn remove_unfinished(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let Some(start) = path.file_name().and_then(|name| name.to_str()).map(|name| format!("{name}.")) else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix(&start)?.strip_suffix(".new"));
        if id.is_some_and(|id| Id::parse(id).is_some()) {
            // One that cannot be removed is tried again at the next start.
            fs::remove_file(entry.path()).ok();
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({} keys)", self.0.len())
    }
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        // The length in front keeps two parts from being cut at another place.
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyed_hash_depends_on_key_purpose_and_every_part() {
        let keys = Keys::fresh(&Random::seeded(1));
        let keyed = keys.mac(Purpose::Code, &[b"ab", b"c"]);
        assert!(keys.verify(Purpose::Code, &keyed, &[b"ab", b"c"]));
        assert!(!keys.verify(Purpose::Code, &keyed, &[b"a", b"bc"]));
        assert!(!keys.verify(Purpose::Csrf, &keyed, &[b"ab", b"c"]));
        assert!(!Keys::fresh(&Random::seeded(2)).verify(Purpose::Code, &keyed, &[b"ab", b"c"]));
    }

    #[test]
    fn a_sealed_value_opens_only_unaltered_and_for_its_purpose() {
        let (random, keys) = (Random::seeded(1), Keys::fresh(&Random::seeded(1)));
        let mut sealed = keys.seal(Purpose::Authenticator, b"secret", &random);
        assert_eq!(keys.open(Purpose::Authenticator, &sealed).unwrap().expose(), b"secret");
        assert!(keys.open(Purpose::Token, &sealed).is_none());
        sealed.bytes[0] ^= 1;
        assert!(keys.open(Purpose::Authenticator, &sealed).is_none());
    }

    #[test]
    fn the_key_file_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys").join("uketsuke.key");
        assert!(matches!(Keys::load(&path, &Random::system(), false), Err(KeyError::Missing(_))));
        let first = Keys::load(&path, &Random::system(), true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = Keys::load(&path, &Random::system(), false).unwrap();
        let keyed = first.mac(Purpose::Pepper, &[b"x"]);
        assert!(again.verify(Purpose::Pepper, &keyed, &[b"x"]));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keys::load(&path, &Random::system(), true), Err(KeyError::Open(_))));
    }

    #[test]
    fn what_a_start_that_was_killed_has_left_of_its_keys_goes_at_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: String| folder.path().join(name);
        let path = at("data.keys".into());
        let left = at(format!("data.keys.{}.new", Id::new(&Random::system())));
        let others =
            [at("data.keys.new".into()), at("data.keys.mine.new".into()), at(format!("x.{}.new", Id::new(&Random::system())))];
        Keys::load(&path, &Random::system(), true).unwrap();
        for file in others.iter().chain([&left]) {
            fs::write(file, "key").unwrap();
        }
        Keys::load(&path, &Random::system(), false).unwrap();
        assert!(!left.exists() && path.exists());
        assert!(others.iter().all(|file| file.exists()), "files of others stay");
    }

    #[test]
    fn what_is_wrong_with_a_key_file_is_told_in_japanese_and_quotes_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let secret = "c2VjcmV0LXNlY3JldA==";
        for (text, told) in [
            ("", "TOMLの [[key]] として読めません"),
            (&format!("[[key]]\nid = 1\nsecret = {secret}\n"), "TOMLの [[key]] として読めません"),
            ("key = []", "鍵がありません"),
            ("[[key]]\nid = 1\nsecret = \"?\"\n", "1番の鍵をBASE64として読めません"),
            (&format!("[[key]]\nid = 2\nsecret = \"{secret}\"\n"), "2番の鍵が32バイトではありません"),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let sentence = Keys::load(&path, &Random::system(), false).unwrap_err().to_string();
            assert!(sentence.contains(told) && !sentence.contains(secret), "{sentence}");
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        let sentence = Keys::load(&path, &Random::system(), false).unwrap_err().to_string();
        assert!(sentence.ends_with("鍵ファイルを使えません（ファイルではなくフォルダーです）"), "{sentence}");
    }
}
