//! `uketsuke ledger import`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::usage;
use crate::kernel::Prefecture;

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
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        value_name = "FORMAT",
        help = "形式: uketsuke（省略時）か mhlw（厚生労働省の公表データ）"
    )]
    pub format: Format,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Our own columns.
    #[default]
    Uketsuke,
    /// The ministry's open data on care offices.
    Mhlw,
}

/// Encoding of a ledger file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
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
