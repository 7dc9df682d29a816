//! `uketsuke config`, asked of the real program: layers, mistakes, masks, exit codes (spec 5).

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// What the program said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program in a folder of its own with nothing but the given variables.
fn uketsuke(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_uketsuke"));
    let output = command.args(args).env_clear().envs(env.iter().copied()).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// A folder with this `config.toml`.
fn folder(config: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    folder
}

const COMPLETE: &str = r#"
[mail]
from = "受付係 <uketsuke@example.jp>"

[[federation]]
prefecture = "07"
name = "福島県デモ連合会"
department = "介護保険課"
telephone = "0000-00-0000"
postal_code = "000-0000"
address = "福島県デモ市1-1"
"#;

/// `check` of a complete file with something added: exit code and the lines on stderr.
fn mistakes(more: &str) -> Vec<String> {
    let folder = folder(&format!("{COMPLETE}{more}"));
    let said = uketsuke(folder.path(), &["config", "check"], &[]);
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{more}: {}", said.err);
    said.err.lines().map(str::to_owned).collect()
}

#[test]
fn defaults_stand_without_a_file_and_tell_where_they_come_from() {
    let empty = TempDir::new().unwrap();
    let said = uketsuke(empty.path(), &["config", "show"], &[]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with("# 設定ファイル: なし\n"), "{}", said.out);
    for line in ["max = 16  # 既定値", "valid_minutes = 30  # 既定値", "grace_until = \"2026-01-31\"  # 既定値", "amount = 7800"]
    {
        assert!(said.out.lines().any(|shown| shown == line), "{line}\n{}", said.out);
    }
}

#[test]
fn the_example_file_is_the_defaults_and_names_every_key() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml");
    let loaded = uketsuke::config::load(Some(Path::new(example)), []).unwrap();
    let mut config = loaded.config.clone();
    config.server.data_dir = "data".into();
    assert_eq!(config, uketsuke::config::Config::defaults());

    let text = std::fs::read_to_string(example).unwrap();
    let shown = uketsuke::config::load(None, []).unwrap().show();
    let keys = shown.lines().filter_map(|line| line.trim_start_matches("# ").split([' ', '=']).next());
    for key in keys.filter(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !key.is_empty()) {
        assert!(text.contains(&format!("{key} = ")), "{key} is missing in config.toml");
    }
    // With every commented setting switched on it is still a valid file.
    let full: String = text.lines().map(|line| switched_on(line) + "\n").collect();
    let all = folder(&full);
    let said = uketsuke(all.path(), &["config", "check"], &[]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{full}");
}

/// The line with its setting switched on, if it holds one.
fn switched_on(line: &str) -> String {
    let Some(rest) = line.strip_prefix("# ") else { return line.into() };
    let setting = rest.starts_with("[[")
        || rest.starts_with("返信用封筒")
        || rest.starts_with("\"\"\"")
        || rest.split_once(" = ").is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    if setting { rest.into() } else { line.into() }
}

#[test]
fn what_show_prints_is_a_configuration_file_that_says_the_same() {
    let first = folder(COMPLETE);
    let shown = uketsuke(first.path(), &["config", "show"], &[]).out;
    assert!(shown.contains("[[federation]]  # config.toml 5行目\nprefecture = \"07\"\n"), "{shown}");
    let second = folder(&shown);
    let again = uketsuke(second.path(), &["config", "show"], &[]).out;
    let values = |text: &str| text.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(values(&shown)[1..], values(&again)[1..]);
}

#[test]
fn a_complete_file_passes_and_an_empty_one_names_what_serve_lacks() {
    let complete = folder(COMPLETE);
    let said = uketsuke(complete.path(), &["config", "check"], &[]);
    assert_eq!((said.code, said.out.as_str()), (0, "設定に誤りはありません（設定ファイル: config.toml）\n"), "{}", said.err);

    let empty = TempDir::new().unwrap();
    let said = uketsuke(empty.path(), &["config", "check"], &[]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("[[federation]]") && said.err.contains("mail.from"), "{}", said.err);
}

#[test]
fn an_unknown_key_names_file_line_and_key() {
    let told = mistakes("[password]\nmaxx = 20\n");
    assert_eq!(
        told,
        [
            "config.toml 13行目: password.maxx というキーはありません（ここで使えるのは max・argon2_memory_kib・argon2_passes・argon2_lanes・temporary_valid_days）"
        ]
    );
    let told = mistakes("[pasword]\nmax = 20\n");
    assert!(told[0].starts_with("config.toml 12行目: pasword というキーはありません"), "{told:?}");
}

#[test]
fn an_unknown_variable_is_named() {
    let complete = folder(COMPLETE);
    let said = uketsuke(complete.path(), &["config", "check"], &[("UKETSUKE_PASSWORD__MAXX", "20"), ("UKETSUKE_FOO", "1")]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("環境変数 UKETSUKE_PASSWORD__MAXX: password.maxx というキーはありません"), "{}", said.err);
    assert!(said.err.contains("環境変数 UKETSUKE_FOO: foo というキーはありません"), "{}", said.err);
}

#[test]
fn a_bad_value_names_file_line_key_and_what_is_expected() {
    for (more, told) in [
        ("[password]\nmax = 15\n", "13行目: password.max には、16から64までの整数（文字）を書いてください（今の値: 15）"),
        (
            "[password]\nmax = \"many\"\n",
            "13行目: password.max には、16から64までの整数（文字）を書いてください（今の値: \"many\"）",
        ),
        ("[password]\nmax = 65\n", "13行目: password.max には、16から64までの整数（文字）を書いてください（今の値: 65）"),
        ("[password]\nmax = -1\n", "13行目: password.max には、16から64までの整数（文字）を書いてください（今の値: -1）"),
        ("[review]\ntwo_person = \"yes\"\n", "13行目: review.two_person には、true か falseを書いてください（今の値: \"yes\"）"),
        ("[security_mail]\ngrace_until = 2026-02-30\n", "13行目: "),
        (
            "[security_mail]\ngrace_until = \"soon\"\n",
            "13行目: security_mail.grace_until には、日付（例 2026-01-31）を書いてください（今の値: \"soon\"）",
        ),
        ("[log]\nlevel = \"loud\"\n", "13行目: log.level には"),
        ("[server]\npublic_url = \"http://uketsuke.example.jp\"\n", "13行目: server.public_url には"),
        ("[server]\ntrusted_proxies = [\"10.0.0.1\", \"proxy\"]\n", "13行目: server.trusted_proxies の2番目 には"),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.1\", \"0.0.0.0/0\"]\n",
            "13行目: server.trusted_proxies の 0.0.0.0/0 は広すぎます",
        ),
        ("[server]\ntrusted_proxies = [\"::/0\"]\n", "13行目: server.trusted_proxies の ::/0 は広すぎます"),
        ("[backup]\ndirectory = \"data\"\n", "13行目: backup.directory には、データのフォルダー（server.data_dir）の外の"),
        ("[backup]\ndirectory = \"other/../data/backups\"\n", "13行目: backup.directory には、データのフォルダー"),
        ("[server]\ntls_cert = \"a.pem\"\n", "13行目: server.tls_cert を使うときは server.tls_key も書いてください"),
        ("[server]\ndata_dir = \"\"\n", "13行目: server.data_dir には"),
        ("[server]\nkey_file = \"data/keys\"\n", "13行目: server.key_file には"),
        ("[backup]\ntime = \"2:00\"\n", "13行目: backup.time には、時刻（日本時間、例 \"02:00\"）を書いてください"),
        ("[backup]\ntime = \"24:00\"\n", "13行目: backup.time には、"),
        ("[backup]\nkeep_daily = 0\n", "13行目: backup.keep_daily には、1から366までの整数（日分）"),
        ("[backup]\nkeep_monthly = 121\n", "13行目: backup.keep_monthly には、0から120までの整数（月分）"),
        ("[backup]\nelsewhere = \"yes\"\n", "13行目: backup.elsewhere には、true か false"),
        ("[backup]\nkeep = 14\n", "13行目: backup.keep というキーはありません"),
        (
            "[limits]\nnew_device_logins_per_minute = 0\n",
            "13行目: limits.new_device_logins_per_minute には、10から1000000までの整数（回）",
        ),
        ("[limits]\nnew_device_logins_per_minute = 1000001\n", "13行目: limits.new_device_logins_per_minute には"),
        ("[session]\nabsolute_hours = 25\n", "13行目: session.absolute_hours には、1から24までの整数（時間）"),
        (
            "[[certificate.fee]]\nfrom = 2026-04-01\namount = 1\n[[certificate.fee]]\nfrom = 2025-04-01\namount = 2\n",
            "16行目: certificate.fee の2番目の from には",
        ),
    ] {
        let all = mistakes(more);
        assert_eq!(all.len(), 1, "{more}: {all:?}");
        assert!(all[0].starts_with(&format!("config.toml {told}")), "{more}: {all:?}");
    }
}

#[test]
fn federations_are_complete_and_their_prefectures_unique() {
    let second = "[[federation]]\nprefecture = \"07\"\nname = \"x\"\ndepartment = \"x\"\ntelephone = \"0\"\npostal_code = \"000-0000\"\naddress = \"x\"\n";
    let told = mistakes(second);
    assert!(told[0].starts_with("config.toml 13行目: federation の2番目の prefecture には、都道府県番号"), "{told:?}");
    for wrong in ["48", "00", "7", "0７"] {
        let told = mistakes(&second.replace("\"07\"", &format!("{wrong:?}")));
        assert!(told[0].contains("federation の2番目の prefecture には、都道府県番号"), "{wrong}: {told:?}");
    }
    let told = mistakes(&second.replace("07", "13").replace("telephone = \"0\"\n", ""));
    assert_eq!(told, ["config.toml 12行目: federation の2番目の telephone がありません。担当課の電話番号を書いてください"]);
}

#[test]
fn several_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let told = mistakes("[password]\nmax = 7\nlength = 8\n[code]\ntries = 0\nvalid_minutes = \"x\"\n");
    let lines: Vec<&str> = told.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["config.toml 13行目", "config.toml 14行目", "config.toml 16行目", "config.toml 17行目"], "{told:?}");
}

#[test]
fn a_file_that_is_no_toml_or_not_there_is_told() {
    let broken = folder("[log]\nlevel = info\n");
    let said = uketsuke(broken.path(), &["config", "check"], &[]);
    assert_eq!(said.code, 1);
    assert!(said.err.starts_with("config.toml 2行目: TOMLとして読めません"), "{}", said.err);
    let said = uketsuke(broken.path(), &["--config", "none.toml", "config", "check"], &[]);
    assert_eq!(said.code, 1);
    assert!(said.err.starts_with("設定ファイル none.toml を読めません"), "{}", said.err);
}

#[test]
fn the_environment_wins_over_the_file() {
    let complete = folder(&format!("{COMPLETE}[password]\nmax = 20\n"));
    let env = [
        ("UKETSUKE_PASSWORD__MAX", "32"),
        ("UKETSUKE_SERVER__TRUSTED_PROXIES", "10.0.0.1, 192.168.0.0/16"),
        ("UKETSUKE_REVIEW__TWO_PERSON", "true"),
        ("UKETSUKE_SERVER__TLS_CERT", ""),
        ("UKETSUKE_MAIL__HELP_DESK", "0570"),
        (
            "UKETSUKE_FEDERATION",
            r#"[{ prefecture = "13", name = "東京都デモ連合会", department = "係", telephone = "0", postal_code = "000-0000", address = "x" }]"#,
        ),
    ];
    let said = uketsuke(complete.path(), &["config", "show"], &env);
    assert_eq!(said.code, 0, "{}", said.err);
    for line in [
        "max = 32  # 環境変数 UKETSUKE_PASSWORD__MAX",
        "trusted_proxies = [\"10.0.0.1\", \"192.168.0.0/16\"]  # 環境変数 UKETSUKE_SERVER__TRUSTED_PROXIES",
        "two_person = true  # 環境変数 UKETSUKE_REVIEW__TWO_PERSON",
        "help_desk = \"0570\"  # 環境変数 UKETSUKE_MAIL__HELP_DESK",
        "[[federation]]  # 環境変数 UKETSUKE_FEDERATION",
        "name = \"東京都デモ連合会\"",
    ] {
        assert!(said.out.lines().any(|shown| shown == line), "{line}\n{}", said.out);
    }
    let said = uketsuke(complete.path(), &["config", "check"], &[("UKETSUKE_PASSWORD__MAX", "sixteen")]);
    assert_eq!(said.code, 1);
    assert!(said.err.starts_with("環境変数 UKETSUKE_PASSWORD__MAX: password.max には、16から64までの整数"), "{}", said.err);
}

#[test]
fn a_secret_comes_from_a_file_and_is_masked_everywhere() {
    let complete = folder(COMPLETE);
    std::fs::write(complete.path().join("secret"), "smtps://post:S3cret%21@mail.example.jp\n").unwrap();
    let said = uketsuke(complete.path(), &["config", "show"], &[("UKETSUKE_MAIL__SMTP_URL_FILE", "secret")]);
    assert_eq!(said.code, 0, "{}", said.err);
    let line = "smtp_url = \"smtps://post:***@mail.example.jp\"  # 環境変数 UKETSUKE_MAIL__SMTP_URL_FILE のファイル secret";
    assert!(said.out.lines().any(|shown| shown == line), "{}", said.out);
    assert!(!said.out.contains("S3cret"));

    // Refused for plain text to another machine: the sentence repeats no password, wherever it came from.
    std::fs::write(complete.path().join("secret"), "smtp://post:S3cret%21@mail.example.jp\n").unwrap();
    for env in [("UKETSUKE_MAIL__SMTP_URL_FILE", "secret"), ("UKETSUKE_MAIL__SMTP_URL", "smtp://post:S3cret%21@mail.example.jp")]
    {
        let said = uketsuke(complete.path(), &["config", "show"], &[env]);
        assert_eq!((said.code, said.out.as_str()), (1, ""));
        assert!(said.err.starts_with(&format!("環境変数 {}", env.0)), "{}", said.err);
        assert!(said.err.contains("mail.smtp_url") && !said.err.contains("S3cret"), "{}", said.err);
    }

    for (env, told) in [
        (vec![("UKETSUKE_MAIL__SMTP_URL_FILE", "none")], "を読めません"),
        (vec![("UKETSUKE_PASSWORD__MAX_FILE", "secret")], "_FILE で指定できるのは mail.smtp_url だけです"),
        (
            vec![("UKETSUKE_MAIL__SMTP_URL_FILE", "secret"), ("UKETSUKE_MAIL__SMTP_URL", "smtp://localhost")],
            "どちらか一方にしてください",
        ),
    ] {
        let said = uketsuke(complete.path(), &["config", "show"], &env);
        assert_eq!(said.code, 1);
        assert!(said.err.contains(told), "{}", said.err);
    }
}

#[test]
fn the_file_is_found_beside_the_data_and_anchors_relative_paths() {
    let home = TempDir::new().unwrap();
    let inner = home.path().join("etc");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(inner.join("config.toml"), format!("{COMPLETE}[server]\nkey_file = \"safe/keys\"\n")).unwrap();
    let said = uketsuke(home.path(), &["config", "show"], &[("UKETSUKE_SERVER__DATA_DIR", "etc/data")]);
    assert!(said.out.starts_with("# 設定ファイル: etc/config.toml\n"), "{}{}", said.out, said.err);
    assert!(
        said.out.contains("data_dir = \"etc/data\"  # 環境変数") && said.out.contains("key_file = \"etc/safe/keys\""),
        "{}",
        said.out
    );
    let said = uketsuke(home.path(), &["config", "show", "--config", "etc/config.toml"], &[]);
    assert!(said.out.contains("data_dir = \"etc/data\"  # 既定値"), "{}", said.out);
}

#[test]
fn wrong_use_is_one_sentence_and_exit_code_two() {
    let empty = TempDir::new().unwrap();
    for (args, told) in [
        (vec!["konfig"], "konfig というコマンドはありません"),
        (vec!["config", "chek"], "chek というコマンドはありません"),
        (vec!["config", "check", "--fast"], "--fast という引数は使えません"),
        (vec!["config", "check", "--config"], "--config <FILE> の値を書いてください"),
    ] {
        let said = uketsuke(empty.path(), &args, &[]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}: {}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
        assert!(said.err.contains(told), "{args:?}: {}", said.err);
    }
    for args in [vec!["--help"], vec!["config", "--help"], vec!["config", "check", "-h"], vec!["--version"]] {
        let said = uketsuke(empty.path(), &args, &[]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}");
    }
    let said = uketsuke(empty.path(), &["--help"], &[]);
    assert!(said.out.contains("使い方: uketsuke") && said.out.contains("設定を表示・点検します"), "{}", said.out);
}
