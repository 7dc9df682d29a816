//! Taking the key file somewhere else: `keys export`, and `restore` with exported keys.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::keys::{KeyError, Keys};
use crate::kernel::Secret;
use crate::kernel::caller::as_caller;

impl Keys {
    /// Reads a file of exported keys, whoever may read it: a stick knows no owners.
    ///
    /// # Errors
    /// [`KeyError`] names the file and what is wrong with it.
    pub fn exported(path: &Path) -> Result<Self, KeyError> {
        read(path).map(|(_, keys)| keys)
    }

    /// Copies the installation's key file to one that was named on the command line: a new one with mode 0600, synced and read back. An
    /// existing file is never overwritten.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::Exists`] when there is a file already.
    pub fn copy_file(from: &Path, to: &Path) -> Result<(), KeyError> {
        let (text, _) = read(from)?;
        as_caller(|| Self::write_new(&text, to))
    }

    /// The way back: copies exported keys to where the installation has them.
    ///
    /// # Errors
    /// As [`Keys::copy_file`].
    pub fn install_file(from: &Path, to: &Path) -> Result<(), KeyError> {
        let (text, _) = as_caller(|| read(from))?;
        Self::write_new(&text, to)
    }

    fn write_new(text: &Secret<String>, to: &Path) -> Result<(), KeyError> {
        let io = |error: std::io::Error| match error.kind() {
            ErrorKind::AlreadyExists => KeyError::Exists(to.to_owned()),
            _ => KeyError::Io { path: to.to_owned(), error },
        };
        let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(io)?;
        let written = out.write_all(text.expose().as_bytes()).and_then(|()| out.sync_all()).map_err(io).and_then(|()| {
            let (again, _) = read(to)?;
            if again.expose() == text.expose() {
                Ok(())
            } else {
                Err(KeyError::Form { path: to.to_owned(), reason: "書いたとおりに読み返せません".to_owned() })
            }
        });
        if written.is_err() {
            fs::remove_file(to).ok();
            return written;
        }
        match to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io),
            None => Ok(()),
        }
    }

    /// Whether the installation's key file and one that was named on the command line hold the same keys.
    ///
    /// # Errors
    /// [`KeyError`] when one of them cannot be read.
    pub fn same_files(one: &Path, other: &Path) -> Result<bool, KeyError> {
        Ok(read(one)?.0.expose() == as_caller(|| read(other))?.0.expose())
    }
}

fn read(path: &Path) -> Result<(Secret<String>, Keys), KeyError> {
    let text = fs::read_to_string(path).map_err(|error| KeyError::Io { path: path.to_owned(), error })?;
    let text = Secret::new(text);
    let keys = Keys::parse(text.expose()).map_err(|reason| KeyError::Form { path: path.to_owned(), reason })?;
    Ok((text, keys))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::kernel::Random;
    use crate::security::Purpose;

    #[test]
    fn exported_keys_are_the_same_keys_for_their_owner_only_and_overwrite_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("here.keys"), folder.path().join("there.keys"));
        let keys = Keys::load(&here, &Random::system(), true).unwrap();
        Keys::copy_file(&here, &there).unwrap();
        assert_eq!(fs::metadata(&there).unwrap().permissions().mode() & 0o777, 0o600);
        let keyed = keys.mac(Purpose::Code, &[b"x"]);
        assert!(Keys::exported(&there).unwrap().verify(Purpose::Code, &keyed, &[b"x"]));
        assert!(matches!(Keys::copy_file(&here, &there), Err(KeyError::Exists(_))));
        fs::write(&there, "key = 1").unwrap();
        assert!(matches!(Keys::copy_file(&here, &there), Err(KeyError::Exists(_))));
        assert_eq!(fs::read_to_string(&there).unwrap(), "key = 1");
        let third = folder.path().join("third.keys");
        assert!(matches!(Keys::copy_file(&there, &third), Err(KeyError::Form { .. })));
        assert!(!third.exists());
    }
}
