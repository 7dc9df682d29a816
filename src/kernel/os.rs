//! What the operating system says when something cannot be used, in Japanese: its own words are English and meant for programmers.

use std::io::{Error, ErrorKind};

/// An error of a disk that cannot read or write (EIO), for which there is no kind.
const EIO: i32 = 5;
/// No more files can be opened (EMFILE and ENFILE).
const TOO_MANY_FILES: [i32; 2] = [24, 23];

/// Why, in a few words without a full stop, for a sentence that names what cannot be used. The system's own words belong in the log.
#[must_use]
pub fn cause(error: &Error) -> String {
    let words = match error.kind() {
        ErrorKind::NotFound => "見つかりません",
        ErrorKind::PermissionDenied => "権限がありません",
        ErrorKind::AlreadyExists => "すでにあります",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "ディスクの空きがありません",
        ErrorKind::ReadOnlyFilesystem => "読み取り専用のため書き込めません",
        ErrorKind::FileTooLarge => "ファイルが大きすぎます",
        ErrorKind::IsADirectory => "ファイルではなくフォルダーです",
        ErrorKind::NotADirectory => "フォルダーではありません",
        ErrorKind::CrossesDevices => "別のディスクにあります",
        ErrorKind::InvalidFilename | ErrorKind::InvalidInput => "名前または値を使えません",
        ErrorKind::InvalidData => "文字または形式が正しくありません",
        ErrorKind::UnexpectedEof => "途中で終わっています",
        ErrorKind::AddrInUse => "ほかのプログラムが使用中です",
        ErrorKind::AddrNotAvailable => "このアドレスは使えません",
        ErrorKind::ConnectionRefused => "接続を断られました",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => "接続が切れました",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => "相手につながりません",
        ErrorKind::TimedOut => "時間内に応答がありません",
        _ => return uncommon(error.raw_os_error()),
    };
    words.to_owned()
}

fn uncommon(number: Option<i32>) -> String {
    match number {
        Some(EIO) => "ディスクの入出力エラーです".to_owned(),
        Some(number) if TOO_MANY_FILES.contains(&number) => "開けるファイルの数の上限に達しています".to_owned(),
        Some(number) => format!("OSのエラー {number}"),
        None => "入出力エラーです".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told_in_japanese() {
        for (number, told) in [
            (2, "見つかりません"),
            (13, "権限がありません"),
            (28, "ディスクの空きがありません"),
            (30, "読み取り専用のため書き込めません"),
            (5, "ディスクの入出力エラーです"),
            (24, "開けるファイルの数の上限に達しています"),
            (98, "ほかのプログラムが使用中です"),
            (111, "接続を断られました"),
        ] {
            assert_eq!(cause(&Error::from_raw_os_error(number)), told);
        }
    }

    #[test]
    fn no_error_of_the_system_is_told_in_english() {
        for number in 1..=133 {
            let told = cause(&Error::from_raw_os_error(number)).replace("OS", "");
            assert!(!told.is_empty() && !told.contains(|c: char| c.is_ascii_alphabetic()), "{number}: {told}");
        }
        assert_eq!(cause(&Error::other("something of a library")), "入出力エラーです");
    }
}
