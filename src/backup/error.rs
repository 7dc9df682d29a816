//! Why a backup could not be taken, checked or restored: one Japanese sentence for the administrator.

use std::io;
use std::path::{Path, PathBuf};

use crate::kernel::os;
use crate::security::KeyError;
use crate::store::{Findings, Room, StoreError};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be used.
    #[error("{}: {}", path.display(), os::cause(error))]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file is no database that can be read or written.
    #[error("{}: {}", path.display(), error.japanese())]
    File {
        /// Which.
        path: PathBuf,
        /// What the store says.
        error: StoreError,
    },
    /// The disk is too small for one more copy.
    #[error("{} のディスクの空きが足りないため、バックアップをとれません（{} MiB 必要です。空きは {} MiB）", folder.display(), room.needed_mib, room.free_mib)]
    NoRoom {
        /// Where it was to lie.
        folder: PathBuf,
        /// What it would take, and what there is.
        room: Room,
    },
    /// Nothing is ever overwritten.
    #[error("{0} はすでにあります（上書きしません）")]
    Exists(PathBuf),
    /// The database failed.
    #[error("{}", .0.japanese())]
    Store(StoreError),
    /// The key file cannot be used.
    #[error("{0}")]
    Keys(#[from] KeyError),
    /// There is no key file.
    #[error("鍵ファイル {0} がありません。uketsuke keys export で書き出した鍵を --keys で指定してください")]
    NoKeys(PathBuf),
    /// There are keys already, and others were given.
    #[error("鍵ファイル {0} がすでにあり、--keys の鍵とは別のものです")]
    OtherKeys(PathBuf),
    /// The keys are not those of this database.
    #[error("{file} は、鍵ファイル {keys} の鍵で作られたものではありません。データベースを作ったときの鍵を使ってください")]
    Foreign {
        /// The backup.
        file: PathBuf,
        /// The key file.
        keys: PathBuf,
    },
    /// Not every record is as it was written.
    #[error("{}", damaged(.0))]
    Damaged(Findings),
    /// It holds something else than was written into it.
    #[error("{0} には、書き込んだときと違う数の行があります")]
    Incomplete(PathBuf),
    /// It has no seal: it was taken away, or there never was one.
    #[error("{} にはバックアップの封がありません。uketsuke backup でとったものではないか、とったあとに書き換えられています", .0.display())]
    Unsealed(PathBuf),
    /// It holds something else than what was sealed.
    #[error("{} は、とったあとに書き換えられています（{}）。ほかのバックアップを使ってください", path.display(), unfit(tables))]
    Doctored {
        /// The file.
        path: PathBuf,
        /// The tables that were altered; none if the seal itself was.
        tables: Vec<String>,
    },
    /// It is something else.
    #[error("{0} は uketsuke のデータベースではありません")]
    NotOurs(PathBuf),
    /// It was made by a newer program.
    #[error("{path} は新しい版のプログラムで作られています（形式 {found}、このプログラムは {known} まで）")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema known here.
        known: u32,
    },
    /// Numbers can be noted only in a database of the present schema.
    #[error("古い形式のバックアップの復元では、--last-number と --last-letter は使えません")]
    NumbersInOlder,
    /// Only an empty folder is restored into.
    #[error("{0} は空ではありません。復元先は空のフォルダーにしてください（設定の server.data_dir）")]
    NotEmpty(PathBuf),
    /// Templates beyond reason.
    #[error("{0} のファイルが大きすぎるため、バックアップに入れられません（合計 64 MiB まで）")]
    TooMuch(PathBuf),
}

fn damaged(findings: &Findings) -> String {
    let first = findings.damage.first().map(ToString::to_string).unwrap_or_default();
    format!("データベースに{}件の損傷があります（{first}）。uketsuke verify で確かめてください", findings.damages)
}

fn unfit(tables: &[String]) -> String {
    if tables.is_empty() {
        return "封がこの鍵で作られたものではありません".to_owned();
    }
    format!("封と合わない表: {}", tables.join("、"))
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl BackupError {
    /// For `map_err`: an error of this path.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self::Io { path: path.to_owned(), error }
    }

    /// For the log: what the system says in its own words.
    pub(super) fn for_log(&self) -> String {
        match self {
            Self::Io { path, error } => format!("{}: {error}", path.display()),
            Self::File { path, error } => format!("{}: {error}", path.display()),
            Self::Store(error) => error.to_string(),
            other => other.in_short(),
        }
    }

    /// What may be kept and shown: no key of a row, which may be somebody's address.
    pub(super) fn in_short(&self) -> String {
        match self {
            Self::Damaged(findings) => {
                let tables: std::collections::BTreeSet<&str> = findings.damage.iter().map(|one| one.table.as_str()).collect();
                format!("{}件の損傷（表 {}）", findings.damages, tables.into_iter().collect::<Vec<_>>().join("、"))
            }
            other => other.to_string(),
        }
    }
}
