//! A file on its way to the running server: copied into the data folder, where the server may read it whoever owns the original.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::kernel::{Id, Random};
use crate::ledger::csv::ReadOptions;

/// The copy, and a place for what the server writes about it. Both are gone when this is dropped.
pub struct Staged {
    /// The copy.
    pub file: PathBuf,
    /// Where the server writes rejected rows.
    pub rejects: PathBuf,
}

impl Staged {
    /// Copies `file`.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(data_folder: &Path, file: &Path) -> io::Result<Self> {
        let owner = fs::metadata(data_folder)?;
        let folder = data_folder.join("incoming");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let id = Id::new(&Random::system());
        let staged = Self { file: folder.join(format!("{id}.csv")), rejects: folder.join(format!("{id}.rejected.csv")) };
        let mut copy = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged.file)?;
        // One byte more than an import takes is enough for it to say that the file is too large.
        io::copy(&mut fs::File::open(file)?.take(ReadOptions::default().max_bytes + 1), &mut copy)?;
        for path in [&folder, &staged.file] {
            // Only root may give files away, and only then is it needed.
            if fs::metadata(path)?.uid() != owner.uid() {
                std::os::unix::fs::chown(path, Some(owner.uid()), Some(owner.gid()))?;
            }
        }
        Ok(staged)
    }

    /// Copies the rejected rows out, if there are any.
    ///
    /// # Errors
    /// What the system says.
    pub fn fetch_rejects(&self, to: &Path) -> io::Result<()> {
        if self.rejects.exists() {
            fs::copy(&self.rejects, to)?;
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for path in [&self.file, &self.rejects] {
            // What is left behind is in the data folder, readable for the server alone.
            fs::remove_file(path).ok();
        }
    }
}
