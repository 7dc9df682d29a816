//! `uketsuke restore`.

use std::fmt::Display;
use std::path::PathBuf;

use super::ask::Bar;
use super::backup::{failed, steps};
use super::{CliError, installation, out, verify};
use crate::backup::{self, Given, Restored};
use crate::config::Loaded;
use crate::kernel::{Clock, ControlNumber, jst};
use crate::letters::Serial;

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "オプション")]
pub struct Args {
    /// The backup.
    #[arg(value_name = "FILE", help_heading = "引数", help = "バックアップのファイル")]
    pub file: PathBuf,
    /// Exported keys, where there are none yet.
    #[arg(long, value_name = "FILE", help = "uketsuke keys export で書き出した鍵（鍵ファイルがまだないとき）")]
    pub keys: Option<PathBuf>,
    /// The last control number that was given out, also after the backup.
    #[arg(long, value_name = "NUMBER", value_parser = number, help = "バックアップの後も含めて、最後に発行した管理番号（例 U202601000123）")]
    pub last_number: Option<ControlNumber>,
    /// The last 発行番号 that was given out, also after the backup.
    #[arg(long, value_name = "NUMBER", value_parser = serial, help = "バックアップの後も含めて、最後に発行した通知書の発行番号（例 202601-000045）")]
    pub last_letter: Option<Serial>,
}

fn number(text: &str) -> Result<ControlNumber, String> {
    ControlNumber::parse(text).ok_or_else(|| "管理番号を U202601000123 のように書いてください".into())
}

fn serial(text: &str) -> Result<Serial, String> {
    Serial::parse(text).ok_or_else(|| "発行番号を 202601-000045 のように書いてください".into())
}

/// Restores and says what came back.
///
/// # Errors
/// A sentence; the data folder is as empty as before.
pub fn run(args: &Args, loaded: &Loaded) -> Result<(), CliError> {
    verify::keep_panics_quiet();
    let bar = Bar::new();
    let mut tell = steps(&bar.tell());
    let given = Given { number: args.last_number, letter: args.last_letter };
    let keys = args.keys.as_deref();
    let restored =
        backup::restore(&loaded.config, installation::DATABASE, &args.file, keys, given, Clock::system().now(), &mut tell);
    bar.clear();
    let restored = restored.map_err(|error| failed(&error))?;
    let of = restored.at.map(|at| format!("（{}、日本時間の時点）", jst::list_time(at))).unwrap_or_default();
    let data = loaded.config.server.data_dir.display();
    let mut lines = vec![format!("{data} に{}行{of}を復元し、読み返して確かめました。", restored.rows)];
    if restored.files > 0 {
        lines.push(format!("様式などのファイル{}個も戻しました。", restored.files));
    }
    if restored.keys_installed {
        lines.push(format!("鍵を {} に置きました。", loaded.config.key_file().display()));
    }
    lines.push(to_do(&restored, given));
    lines.push("確かめたら、uketsuke serve で起動できます。\n".to_owned());
    out::tell(&lines.join("\n"))
}

/// What was done since the backup is undone by a restore: what has to be looked at before anybody comes in.
fn to_do(restored: &Restored, given: Given) -> String {
    let since = restored.at.map_or_else(|| "バックアップ".to_owned(), |at| jst::list_time(at) + "（日本時間）");
    let mut points = vec![
        format!(
            "{since}より後に無効にした職員、リセットした認証アプリは、無効にする前に戻っています。起動する前に uketsuke staff disable などをもう一度実行してください。"
        ),
        format!(
            "{since}より後に変更した、または無効にした事業所のパスワードは、前のものに戻っています。連合会の画面でもう一度無効にするよう、連合会に伝えてください。"
        ),
        format!(
            "{since}より後に削除したパスキーは、また使えるようになっています。紛失した端末のものは、もう一度削除するよう、事業所と職員に伝えてください。"
        ),
        format!(
            "{since}より後の申請、審査、印刷、発送、台帳の取り込みの記録はありません。手元の控えからもう一度登録してください。"
        ),
    ];
    if let Some(goes_on) = &restored.goes_on {
        points.push(number_point("管理番号", goes_on.after.number, given.number.is_some(), "--last-number"));
        points.push(number_point("通知書の発行番号", goes_on.after.letter, given.letter.is_some(), "--last-letter"));
        if goes_on.waiting_mails > 0 {
            points.push(format!(
                "送信待ちのメールが{}通あり、起動すると送られます。{since}より後に送られていたものは、もう一度届きます。",
                goes_on.waiting_mails
            ));
        }
    }
    points.push("ログインはすべて終わらせました。事業所も職員も、もう一度ログインします。".to_owned());
    let lines = points.into_iter().enumerate().map(|(n, point)| format!("{:>2}. {point}", n + 1));
    let head = format!("{since}より後のことは、復元したデータにありません。次のことを確かめてください。");
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}

/// Numbers that stand on papers and in mails already must not be given to others.
fn number_point(what: &str, last: Option<impl Display>, told: bool, option: &str) -> String {
    let from =
        last.map_or_else(|| format!("{what}は1番から発行します。"), |last| format!("{what}は {last} の次から発行します。"));
    if told {
        return from;
    }
    from + &format!(
        "これより後の番号をすでに発行していたときは、同じ番号をもう一度発行してしまいます。データのフォルダーを空にして、{option} に最後の番号を付けて復元し直してください。"
    )
}
