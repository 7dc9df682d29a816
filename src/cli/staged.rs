//! A file on its way to the running server: copied into the data folder, where the server may read it whoever owns the original.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::kernel::caller::{as_caller, open_plain};
use crate::kernel::{Clock, Id, Random};
use crate::ledger::csv::ReadOptions;
use crate::ledger::{INCOMING, clear_incoming};

/// The copy, and a place for what the server writes about it. Both are gone when this is dropped.
pub struct Staged {
    /// The copy.
    pub file: PathBuf,
    /// Where the server writes rejected rows.
    pub rejects: PathBuf,
}

impl Staged {
    /// Copies what is read from `file`.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(data_folder: &Path, file: impl Read) -> io::Result<Self> {
        let folder = data_folder.join(INCOMING);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        clear_incoming(data_folder, Clock::system().now());
        let id = Id::new(&Random::system());
        let staged = Self { file: folder.join(format!("{id}.csv")), rejects: folder.join(format!("{id}.rejected.csv")) };
        let mut copy = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged.file)?;
        // One byte more than an import takes is enough for it to say that the file is too large.
        io::copy(&mut file.take(ReadOptions::default().max_bytes + 1), &mut copy)?;
        Ok(staged)
    }

    /// Copies the rejected rows out, if there are any.
    ///
    /// # Errors
    /// What the system says.
    pub fn fetch_rejects(&self, to: &Path) -> io::Result<()> {
        let mut rejects = match open_plain(&self.rejects) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        let mut out = as_caller(|| {
            let out = fs::File::create(to)?;
            out.set_permissions(fs::Permissions::from_mode(0o600)).map(|()| out)
        })?;
        io::copy(&mut rejects, &mut out).map(drop)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for path in [&self.file, &self.rejects] {
            // What is left behind is in the data folder, readable for the server alone, for a day.
            fs::remove_file(path).ok();
        }
    }
}
