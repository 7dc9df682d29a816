//! `uketsuke demo`: everything in one process on built-in data.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::installation::{self, Pieces};
use super::socket::AdminSocket;
use super::{CliError, logging, out, owner, serving};
use crate::app::App;
use crate::config::{Config, Log, LogLevel, PublicUrl};
use crate::demo::offices::Has;
use crate::demo::{self, people};
use crate::kernel::{Clock, Random, UserId};
use crate::mail::transport::Memory;
use crate::security::Keys;
use crate::store::Store;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to listen; a warning is printed for anything but loopback.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", hide_default_value = true, value_parser = listen_address,
        help = "待ち受けるアドレスとポート（省略時は 127.0.0.1:8080）")]
    pub listen: SocketAddr,
    /// Where the clock starts; it runs from there.
    #[arg(long, value_name = "RFC3339", value_parser = instant, help = "時計をこの時刻から始めます（例 2026-01-20T09:00:00+09:00）")]
    pub now: Option<Timestamp>,
    /// Folder to keep the data in; without it they end with the process.
    #[arg(long, value_name = "DIR", help = "データを残すフォルダー（省略時は終了とともに消えます）")]
    pub data: Option<PathBuf>,
}

/// Reads `address:port`; a bare port means loopback, `localhost` its address.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    let text = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| "アドレスとポートを 127.0.0.1:8080 のように書いてください".into())
}

/// Reads an RFC 3339 time with its offset.
fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "時刻を 2026-01-20T09:00:00+09:00 のように書いてください".into())
}

/// Serves the demo until stopped.
///
/// # Errors
/// A sentence that names what cannot be used.
pub fn run(args: &Args) -> Result<(), CliError> {
    if let Some(folder) = &args.data {
        owner::work_as_owner(folder, true)?;
    }
    let mut config = Config::demo();
    logging::start(&Log { level: LogLevel::Warn, ..config.log.clone() })?;
    let listen = with_port(args.listen)?;
    config.server.listen = listen;
    config.server.public_url = PublicUrl::localhost(listen.port());
    let runtime = tokio::runtime::Runtime::new().map_err(failed)?;
    let mails = Memory::default();
    let (app, admin) = {
        let _inside = runtime.enter();
        open(config, args, mails.clone())?
    };
    runtime.block_on(async {
        demo::fill(&app).await.map_err(|error| CliError::Failed(format!("デモのデータを作れません: {error}")))?;
        let words = words(&app, args);
        serving::serve(app, demo::rows(&mails), admin, || {
            // Nobody reads: no reason not to serve.
            let _ = out::show(&words);
        })
        .await
    })
}

/// Port 0 is any free one; it must be known beforehand, because mails and letters name it. One that is taken is told before two months are
/// played for nobody.
fn with_port(listen: SocketAddr) -> Result<SocketAddr, CliError> {
    std::net::TcpListener::bind(listen).and_then(|free| free.local_addr()).map_err(|error| {
        let why = serving::cannot_listen(listen, &error);
        CliError::Failed(format!("{why}。ほかのポートは --listen 9000 のように指定できます"))
    })
}

fn open(mut config: Config, args: &Args, mails: Memory) -> Result<(App, Option<AdminSocket>), CliError> {
    let clock = args.now.map_or_else(Clock::system, Clock::starting_at);
    let random = Random::system();
    let (keys, store, templates, admin) = match &args.data {
        None => (Keys::fresh(&random), Store::in_memory().map_err(failed)?, None, None),
        Some(folder) => {
            config.server.data_dir.clone_from(folder);
            config.server.key_file = Some(folder.join("demo.keys"));
            let (keys, store) = installation::open_data(&config, &random, installation::DEMO_DATABASE)?;
            (keys, store, Some(folder.join("templates")), Some(AdminSocket::bind(folder).map_err(failed)?))
        }
    };
    let pieces = Pieces { config, clock, random, keys, store, transport: Arc::new(mails), templates, links: demo::LINKS };
    Ok((installation::assemble(pieces)?, admin))
}

/// What the console shows: where to go, and how to get in.
fn words(app: &App, args: &Args) -> String {
    let url = app.config.server.public_url.to_string();
    let mut lines = vec![String::new()];
    let listen = app.config.server.listen;
    if !listen.ip().is_loopback() {
        lines.push(format!("警告: {listen} で待ち受けています。ほかの機械からも、下のパスワードでだれでも入れます。"));
        lines.push(String::new());
    }
    lines.push(format!("  {url}"));
    lines.push(String::new());
    lines.push("事業所（/login）".to_owned());
    let office = |place, serial, password: &str, what: &str| {
        format!("  {}  {password:<18}{what}", UserId::of(demo::offices::key(place, serial)))
    };
    lines.push(office(7, 1, people::OFFICE_PASSWORD, "既存、セキュリティ用メールアドレス1件"));
    let last_day = app.config.security_mail.grace_until.strftime("%Y年%m月%d日").to_string();
    let without = format!("既存、セキュリティ用メールアドレスなし（{last_day}までは登録せずにログイン可。--now で前後を確認）");
    lines.push(office(7, 4, people::OFFICE_PASSWORD, &without));
    let (with_code, with_app) = (demo::offices::WITH_CODE, demo::offices::WITH_APP);
    let code = format!("セキュリティコード {}", people::OFFICE_CODE);
    lines.push(office(with_code.0, with_code.1, people::OFFICE_PASSWORD, &code));
    lines.push(office(with_app.0, with_app.1, people::OFFICE_PASSWORD, "認証アプリ（コードは /demo/codes）"));
    lines.push(office(7, 21, people::OFFICE_PASSWORD, "既存、再発行を終えたところ（お知らせと照会一覧に記録）"));
    lines.push(office(13, 1, people::OFFICE_PASSWORD, "既存、東京都の事業所"));
    lines.extend(demo::TOLD.map(|(place, serial)| {
        let new =
            demo::offices::OFFICES.iter().any(|one| one.key() == demo::offices::key(place, serial) && one.has == Has::Letter);
        let what = if new {
            "新規、仮パスワード（初回ログインの全手順）"
        } else {
            "既存、再発行の仮パスワード"
        };
        office(place, serial, people::TEMPORARY_PASSWORD, what)
    }));
    lines.push(String::new());
    lines.push("介護情報基盤ポータル（/portal/login、ワンタイムパスワードは /demo/mail）".to_owned());
    lines.extend(
        demo::portal::LOGINS
            .map(|(local, what)| format!("  {:<24}{}  {what}", demo::offices::mail(local).as_str(), people::PORTAL_PASSWORD)),
    );
    lines.push(String::new());
    lines.extend(for_reset());
    lines.push(String::new());
    lines.push(format!("職員（/staff）  パスワードは全員  {}", people::STAFF_PASSWORD));
    lines.extend(people::STAFF.iter().map(|one| format!("  {}  {}（{}）", one.name, one.role.label(), one.place_name())));
    lines.push(format!("  認証コード    {url}/demo/codes"));
    lines.push(String::new());
    lines.push(format!("届いたメール  {url}/demo/mail"));
    if args.data.is_none() {
        lines.push("データは終了とともに消えます（残すには --data フォルダー）。".to_owned());
    }
    lines.push("終了は Ctrl+C\n".to_owned());
    lines.join("\n")
}

/// Pairs of number and address with which a lost login is reset, and a device is let in.
fn for_reset() -> Vec<String> {
    let pairs = [((7, 2), ""), (demo::offices::IN_BOTH, "（福島県と東京都にあるので、請求先都道府県を選びます）")];
    let mut lines = vec!["ログイン情報再設定（/reset、事業所番号とセキュリティ用メールアドレス）".to_owned()];
    for ((place, serial), note) in pairs {
        let one = demo::offices::OFFICES.iter().find(|one| (one.place, one.serial) == (place, serial));
        lines.extend(one.map(|one| format!("  {}      {}{note}", one.key().number, one.mail(1))));
    }
    lines.push(
        "  ワンタイムパスワードは下の「届いたメール」に。初めて使う端末の確認（/login/device）も同じアドレスです".to_owned(),
    );
    lines
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_name_pairs_that_the_demo_has() {
        let lines = for_reset().join("\n");
        for (place, serial) in [(7, 2), demo::offices::IN_BOTH] {
            let one = demo::offices::OFFICES.iter().find(|one| (one.place, one.serial) == (place, serial)).unwrap();
            assert!(matches!(one.has, Has::Existing(1..)), "{}", one.name());
            assert!(lines.contains(one.key().number.as_str()) && lines.contains(one.mail(1).as_str()), "{lines}");
        }
    }

    #[test]
    fn a_port_that_is_taken_is_told_with_a_way_out() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let told = with_port(taken.local_addr().unwrap()).unwrap_err().to_string();
        assert!(told.contains("ほかのプログラムが使用中です") && told.contains("--listen"), "{told}");
        drop(taken);
        assert!(with_port(SocketAddr::from(([127, 0, 0, 1], 0))).is_ok_and(|free| free.port() != 0));
    }

    #[test]
    fn a_port_alone_means_loopback() {
        let local = SocketAddr::from(([127, 0, 0, 1], 9000));
        assert_eq!((listen_address("9000"), listen_address("localhost:9000")), (Ok(local), Ok(local)));
        assert_eq!(listen_address("0.0.0.0:80"), Ok(SocketAddr::from(([0, 0, 0, 0], 80))));
        assert!(listen_address("example.jp:80").is_err());
    }
}
