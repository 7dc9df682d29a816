//! `uketsuke ledger import`.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use super::ask::{self, Tell};
use super::socket::{self, Progress};
use super::staged::Staged;
use super::{CliError, out, usage};
use crate::app::App;
use crate::audit::Actor;
use crate::config::{Config, Loaded};
use crate::kernel::caller::{as_caller, works_for_another};
use crate::kernel::{Prefecture, os};
use crate::ledger::csv::{self, ReadOptions, RejectWriter, RowError};
use crate::ledger::{self, ImportOptions, Report, Watch};

/// What the running server knows `ledger import` as.
pub const COMMAND: &str = "ledger import";
/// Rejected rows that are named on the terminal; the file beside the import names all.
const NAMED: usize = 50;

/// Imports a file and prints what came of it. Rows that cannot be taken over are told and no failure, unless there are no others.
///
/// # Errors
/// A sentence; the ledgers are what they were then.
pub fn run(args: Args, loaded: Loaded) -> Result<(), CliError> {
    let Action::Import(args) = args.action;
    check_ledgers(&args, &loaded.config)?;
    let cannot = |error: io::Error| CliError::Failed(format!("{} を開けません（{}）", args.file.display(), os::cause(&error)));
    let (file, is_file) = as_caller(|| -> io::Result<_> {
        let file = fs::canonicalize(&args.file)?;
        let is_file = fs::metadata(&file)?.is_file();
        Ok((file, is_file))
    })
    .map_err(cannot)?;
    // Opening a pipe would wait for its other end, perhaps for ever, and the file is read twice.
    if !is_file {
        let sentence = format!("{} は通常のファイルではありません。CSVファイルを指定してください", args.file.display());
        return Err(CliError::Failed(sentence));
    }
    let opened = as_caller(|| File::open(&file)).map_err(cannot)?;
    let rejects = file.with_extension("rejected.csv");
    let folder = &loaded.config.server.data_dir;
    let staged = (socket::path(folder).exists() || works_for_another())
        .then(|| Staged::new(folder, opened))
        .transpose()
        .map_err(cannot)?;
    let order = Order {
        name: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        rejects: staged.as_ref().map_or(&rejects, |staged| &staged.rejects).clone(),
        file: staged.as_ref().map_or(&file, |staged| &staged.file).clone(),
        options: args.order(),
    };
    let done = ask::ask(loaded, COMMAND, order, perform);
    if let Some(staged) = staged {
        let unwritten =
            |error: io::Error| CliError::Failed(format!("{} に書けません（{}）", rejects.display(), os::cause(&error)));
        staged.fetch_rejects(&rejects).map_err(unwritten)?;
    }
    let done: Done = done?;
    let told = out::tell(&(done.lines(&rejects).join("\n") + "\n"));
    if done.report.took_nothing() {
        return Err(CliError::Failed("取り込める行が1行もないため、台帳は変わっていません".into()));
    }
    told
}

/// Says at once when the ledger asked for is not kept here.
fn check_ledgers(args: &ImportArgs, config: &Config) -> Result<(), CliError> {
    match args.prefecture {
        _ if config.federation.is_empty() => {
            Err(CliError::Failed("連合会を設定の [[federation]] に1つ以上書いてください".into()))
        }
        Some(only) if config.federation_of(only).is_none() => {
            Err(CliError::Failed(format!("都道府県番号 {only} の連合会は設定にありません")))
        }
        _ => Ok(()),
    }
}

/// What is sent to the server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    name: String,
    file: PathBuf,
    /// Where rejected rows are written; only if there are any.
    rejects: PathBuf,
    options: OrderOptions,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct OrderOptions {
    format: Option<csv::Format>,
    encoding: Encoding,
    prefecture: Option<Prefecture>,
    dry_run: bool,
    close_missing: bool,
    force: bool,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Done {
    report: Report,
    /// The first rejected rows, one sentence each.
    rejected: Vec<String>,
}

impl Done {
    fn lines(&self, rejects: &Path) -> Vec<String> {
        let mut lines = self.rejected.clone();
        let more = self.report.rejected.saturating_sub(self.rejected.len() as u64);
        if more > 0 {
            lines.push(format!("ほか{more}行"));
        }
        lines.extend(self.report.lines());
        if self.report.rejected > 0 {
            lines.push(format!("取り込めない行の一覧: {}", rejects.display()));
        }
        lines
    }
}

/// Does the import on a thread of its own.
///
/// # Errors
/// A sentence; the ledgers are what they were then.
pub async fn perform(app: App, order: Order, tell: Tell) -> Result<Done, String> {
    tokio::task::spawn_blocking(move || import(&app, &order, tell)).await.map_err(|error| error.to_string())?
}

fn import(app: &App, order: &Order, tell: Tell) -> Result<Done, String> {
    let cannot = |error: io::Error| format!("{} を開けません（{}）", order.file.display(), os::cause(&error));
    let input = File::open(&order.file).map_err(cannot)?;
    let bytes = input.metadata().map_err(cannot)?.len();
    let given = &order.options;
    let kept = app.config.federation.iter().map(|federation| federation.prefecture);
    let options = ImportOptions {
        read: ReadOptions { format: given.format, encoding: given.encoding.into(), ..ReadOptions::default() },
        ledgers: kept.filter(|one| given.prefecture.is_none_or(|only| only == *one)).collect(),
        name: order.name.clone(),
        dry_run: given.dry_run,
        close_missing: given.close_missing,
        force: given.force,
    };
    let mut watch = Watcher { tell, bytes, path: order.rejects.clone(), out: None, named: Vec::new() };
    let missing = |text: &str| app.typesetter.missing_glyphs(text);
    let report = ledger::import(&app.store, (&app.clock, &app.random), Actor::Console, input, &options, &missing, &mut watch)
        .map_err(|error| error.to_string())?;
    watch.finish().map_err(|error| format!("取り込めない行の一覧を書き出せません（{}）", os::cause(&error)))?;
    Ok(Done { report, rejected: watch.named })
}

/// Shows the progress and writes rejected rows down beside the file.
struct Watcher {
    tell: Tell,
    bytes: u64,
    path: PathBuf,
    out: Option<RejectWriter<BufWriter<File>>>,
    named: Vec<String>,
}

impl Watcher {
    fn finish(&mut self) -> io::Result<()> {
        let Some(out) = self.out.take() else { return Ok(()) };
        out.finish()?.into_inner().map(drop).map_err(io::IntoInnerError::into_error)
    }
}

impl Watch for Watcher {
    fn read(&mut self, bytes: u64) {
        (self.tell)(Progress { done: bytes, total: Some(self.bytes), message: "読み込み".to_owned() });
    }

    fn compared(&mut self, done: usize, all: usize) {
        (self.tell)(Progress { done: done as u64, total: Some(all as u64), message: "照合".to_owned() });
    }

    fn rejected(&mut self, header: &[String], row: &RowError) -> io::Result<()> {
        if self.named.len() < NAMED {
            self.named.push(row.to_string());
        }
        let out = match &mut self.out {
            Some(out) => out,
            none => {
                // The rows may hold what is no business of other users of this machine.
                let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
                none.insert(RejectWriter::new(BufWriter::new(file), header)?)
            }
        };
        out.write(row)
    }
}

impl ImportArgs {
    fn order(&self) -> OrderOptions {
        OrderOptions {
            format: self.format.map(Into::into),
            encoding: self.encoding,
            prefecture: self.prefecture,
            dry_run: self.dry_run,
            close_missing: self.close_missing,
            force: self.force,
        }
    }
}

impl From<Format> for csv::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Uketsuke => Self::Uketsuke,
            Format::Mhlw => Self::Mhlw,
        }
    }
}

impl From<Encoding> for crate::ledger::encoding::Encoding {
    fn from(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Auto => Self::Auto,
            Encoding::Utf8 => Self::Utf8,
            Encoding::Cp932 => Self::Cp932,
        }
    }
}

/// Arguments of `ledger`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Imports a file.
    #[command(about = "事業所台帳をCSVから取り込みます", help_template = usage::TEMPLATE)]
    Import(ImportArgs),
}

/// Arguments of `ledger import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// The CSV file.
    #[arg(value_name = "FILE", help = "CSVファイル")]
    pub file: PathBuf,
    /// Its columns.
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "FORMAT",
        help = "形式: uketsuke か mhlw（厚生労働省の公表データ）。省略時は見出しから判別"
    )]
    pub format: Option<Format>,
    /// Only rows of this prefecture; needed where the file does not name it.
    #[arg(long, value_name = "NN", value_parser = prefecture, help = "取り込む都道府県番号（01〜47）")]
    pub prefecture: Option<Prefecture>,
    /// Its encoding.
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        value_name = "ENCODING",
        help = "文字コード: auto（省略時、自動判別）・utf-8・cp932"
    )]
    pub encoding: Encoding,
    /// Only says what would happen.
    #[arg(long, help = "取り込まずに、追加・変更・却下の件数だけを表示します")]
    pub dry_run: bool,
    /// Offices missing in the file become 廃止.
    #[arg(long, help = "ファイルにない事業所を廃止にします")]
    pub close_missing: bool,
    /// Also when more than 5 % of a ledger would be closed.
    #[arg(long, help = "台帳の5%を超えて廃止になるときも取り込みます")]
    pub force: bool,
}

/// Columns of a ledger file (spec 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Our own columns.
    Uketsuke,
    /// The ministry's open data on care offices.
    Mhlw,
}

/// Encoding of a ledger file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Encoding {
    /// Told from the content.
    #[default]
    Auto,
    /// UTF-8 with or without byte order mark.
    #[value(name = "utf-8")]
    Utf8,
    /// Windows-31J.
    Cp932,
}

/// Reads a prefecture code of two digits.
pub(super) fn prefecture(text: &str) -> Result<Prefecture, String> {
    Prefecture::parse(text).ok_or_else(|| "都道府県番号を 01 から 47 までの2桁で書いてください".into())
}
