//! `uketsuke demo`: everything in one process on built-in data.

use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::Timestamp;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_means_loopback() {
        let local = SocketAddr::from(([127, 0, 0, 1], 9000));
        assert_eq!((listen_address("9000"), listen_address("localhost:9000")), (Ok(local), Ok(local)));
        assert_eq!(listen_address("0.0.0.0:80"), Ok(SocketAddr::from(([0, 0, 0, 0], 80))));
        assert!(listen_address("example.jp:80").is_err());
    }
}
