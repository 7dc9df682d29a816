//! What can go wrong in the store. None of it is the fault of a person at a form: pages answer 500 or 503.

use std::path::PathBuf;

use crate::kernel::os;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused an operation; the message is redb's.
    #[error("the database failed: {0}")]
    Database(String),
    /// The file cannot be read or written; the message is the system's.
    #[error("the database failed: {0}")]
    Io(std::io::Error),
    /// A record cannot be read. Names the table; the content is not shown, nor what quotes it.
    #[error("a record of table {table} cannot be read: {reason}")]
    Corrupt {
        /// The table it lies in.
        table: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// A value cannot be written in the self-describing format.
    #[error("a value for table {table} cannot be written: {reason}")]
    Unwritable {
        /// The table it was meant for.
        table: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// Something is to be sealed, and the store was never told the key.
    #[error("no key was handed in to seal with")]
    Unsealed,
    /// Less free disk than the writer keeps in reserve. Answered with 503.
    #[error("less than {needed_mib} MiB of disk are free")]
    DiskFull {
        /// The reserve.
        needed_mib: u64,
    },
    /// The open file is no longer where it was: whatever is written into it is lost with the process. Answered with 503.
    #[error("the database file {} was moved, removed or replaced; whatever is written now would be lost", .0.display())]
    Moved(PathBuf),
    /// The writer has ended, after a failed commit or because the process stops.
    #[error("the writer has ended")]
    Closed,
    /// A use case panicked. Nothing of it was kept.
    #[error("a use case panicked: {0}")]
    Panicked(String),
    /// The file was written by a newer version of the program.
    #[error("the database has schema {found}, this program knows schemas up to {known}")]
    Newer {
        /// The schema number in the file.
        found: u32,
        /// The newest one known here.
        known: u32,
    },
    /// The file was not closed in order; only opening it for writing mends it.
    #[error("the database was not closed cleanly")]
    Unclean,
    /// It was told to stop before its end.
    #[error("it was stopped")]
    Stopped,
    /// A copy does not hold what was copied.
    #[error("the copy does not hold what was copied: {0}")]
    BadCopy(String),
    /// Another process holds the file.
    #[error("the database is in use by another process")]
    InUse,
}

impl StoreError {
    /// The same refusal for the next in line.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::DiskFull { needed_mib } => Self::DiskFull { needed_mib: *needed_mib },
            Self::Moved(path) => Self::Moved(path.clone()),
            _ => Self::Closed,
        }
    }

    /// What it means, for whoever administers the installation: Japanese, without a full stop, and without the words of redb or of the
    /// system, which are for the log.
    #[must_use]
    pub fn japanese(&self) -> String {
        match self {
            Self::Io(error) => format!("データベースのファイルを読み書きできません（{}）", os::cause(error)),
            Self::Database(_) => "データベースのファイルが壊れているか、データベースではありません".to_owned(),
            Self::Corrupt { table, .. } => {
                format!("データベースの表 {table} に読めない記録があります。uketsuke verify で確かめてください")
            }
            Self::DiskFull { needed_mib } => format!("ディスクの空きが {needed_mib} MiB より少なくなっています"),
            Self::Moved(path) => {
                format!(
                    "データベースのファイル {} が移動されたか、消されました。元の場所に戻して、サーバーを再起動してください",
                    path.display()
                )
            }
            Self::Closed => "データベースへの書き込みが止まっています。サーバーを再起動してください".to_owned(),
            Self::Newer { found, known } => {
                format!("新しい版のプログラムで作られています（形式 {found}、このプログラムは {known} まで）")
            }
            Self::Unclean => "ファイルが正しく閉じられていません（書き込みの途中で止まったものです）".to_owned(),
            Self::Stopped => "サーバーが止まるため、途中でやめました".to_owned(),
            Self::BadCopy(_) => "写しが元のデータベースと一致しません。uketsuke verify で損傷がないか確かめてください".to_owned(),
            Self::InUse => "ファイルは別のプロセスが使用中です".to_owned(),
            Self::Unwritable { .. } | Self::Unsealed | Self::Panicked(_) => {
                "プログラムの中で誤りが起きました。ログを確かめてください".to_owned()
            }
        }
    }
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::RepairAborted => Self::Unclean,
            redb::Error::Io(error) => Self::Io(error),
            other => Self::Database(other.to_string()),
        }
    }
}
