//! Ledger files that cannot be taken over, at the command line: one sentence on stderr, exit code 1, and the ledger stays as it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use uketsuke::audit::Actor;
use uketsuke::kernel::{Clock, Prefecture, Random};
use uketsuke::ledger::csv::{Format, ReadOptions, RowError};
use uketsuke::ledger::encoding::Encoding;
use uketsuke::ledger::{self, ImportOptions, Watch};
use uketsuke::store::{Store, StoreOptions};

const HEADER: &str = "都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法";
const ROW: &str = "07,0799900014,さくらの里,サクラノサト,960-0001,福島県福島市見本町1,,024-555-0101,,見本会,有効,電子";

struct Town {
    folder: tempfile::TempDir,
}

/// How a command ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let federation = "prefecture = \"07\"\nname = \"連合会\"\ndepartment = \"介護課\"\ntelephone = \"0000-07-0000\"\n\
                          postal_code = \"000-0007\"\naddress = \"架空町\"\n";
        let config = format!("[server]\ndata_dir = \"data\"\n[[federation]]\n{federation}");
        fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, file: &Path, more: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_uketsuke"));
        let out =
            command.args(["ledger", "import"]).arg(file).args(more).arg("--config").arg(self.folder.path().join("config.toml"));
        let out = out.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: out.status.code(), out: text(out.stdout), err: text(out.stderr) }
    }

    fn offices(&self) -> usize {
        let store = Store::open(&self.folder.path().join("data/uketsuke.redb"), StoreOptions::default()).unwrap();
        store.read(|r| ledger::search(r, Prefecture::new(7).unwrap(), "", 10)).unwrap().total
    }

    fn fails(&self, name: &str, bytes: &[u8], more: &[&str], told: &str) {
        let ended = self.import(&self.file(name, bytes), more);
        assert_eq!(ended.code, Some(1), "{name}: {} {}", ended.out, ended.err);
        assert_one_sentence(&ended.err, told, name);
        assert_eq!(ended.out, "", "{name}");
    }
}

fn assert_one_sentence(err: &str, told: &str, what: &str) {
    let last = err.trim_end().rsplit(['\n', '\r']).next().unwrap_or_default();
    assert!(last.contains(told), "{what}: {err}");
    let progress = |line: &str| line.contains('%') || line.contains("読み込み") || line.contains("照合") || line.is_empty();
    let lines: Vec<&str> = err.split(['\n', '\r']).filter(|line| !progress(line)).collect();
    assert_eq!(lines.len(), 1, "{what}: {err:?}");
    assert!(!err.contains("panicked") && !err.contains("backtrace"), "{what}: {err}");
}

fn file(lines: &[&str]) -> String {
    lines.join("\r\n") + "\r\n"
}

/// Hears nothing.
struct Deaf;

impl Watch for Deaf {
    fn read(&mut self, _: u64) {}
    fn compared(&mut self, _: usize, _: usize) {}
    fn rejected(&mut self, _: &[String], _: &RowError) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn q44_a_file_that_is_no_ledger_is_told_in_one_sentence_and_leaves_the_ledger_as_it_was() {
    let (store, clock, random) = (Store::in_memory().unwrap(), Clock::manual(Timestamp::UNIX_EPOCH), Random::seeded(1));
    uketsuke::audit::seal_with(&store, &uketsuke::security::Keys::fresh(&random));
    let seven = Prefecture::new(7).unwrap();
    let import = |bytes: &[u8], read: ReadOptions, close: bool| {
        let name = "ledger.csv".to_owned();
        let options = ImportOptions { read, ledgers: vec![seven], name, dry_run: false, close_missing: close, force: close };
        ledger::import(&store, (&clock, &random), Actor::Console, bytes, &options, &|_| Vec::new(), &mut Deaf)
    };
    let all = || store.read(|r| ledger::search(r, seven, "", 10)).unwrap().entries;
    let good = file(&[HEADER, ROW]);
    import(good.as_bytes(), ReadOptions::default(), false).unwrap();
    let before = all();
    let sjis = encoding_rs::SHIFT_JIS.encode(&good).0.into_owned();
    let utf16 = |bytes: fn(u16) -> [u8; 2]| [0xFEFF].into_iter().chain(good.encode_utf16()).flat_map(bytes).collect::<Vec<u8>>();
    let two = good.replace("さくらの里", "二つ目").replace("0799900014", "0799900022");
    let below = |bytes: &[u8]| [two.as_bytes(), bytes, b"\r\n"].concat();
    let cr = good.replace("\r\n", "\r");
    let (auto, utf8) = (ReadOptions::default(), ReadOptions { encoding: Encoding::Utf8, ..ReadOptions::default() });
    let mhlw = ReadOptions { format: Some(Format::Mhlw), ..ReadOptions::default() };
    let short = ReadOptions { max_bytes: 1024 * 1024, ..ReadOptions::default() };
    for (bytes, read, told) in [
        (Vec::new(), auto, "ファイルが空です。1行目に見出しが必要です。"),
        ("\u{FEFF}".into(), auto, "ファイルが空です。"),
        ("\u{FEFF}\r\n".into(), auto, "ファイルが空です。"),
        (b"\r\n\r\n\n".to_vec(), auto, "ファイルが空です。"),
        (file(&[HEADER]).into(), auto, "見出しだけで、事業所の行がありません"),
        (HEADER.into(), auto, "見出しだけで、事業所の行がありません"),
        ((cr.clone() + &format!("{ROW}\r").repeat(1_000)).into(), auto, "改行がCRだけのファイルは読み取れません"),
        (cr.into(), auto, "改行がCRだけのファイルは読み取れません"),
        (utf16(u16::to_le_bytes), auto, "UTF-16のファイルは読み取れません"),
        (utf16(u16::to_be_bytes), auto, "UTF-16のファイルは読み取れません"),
        (below(b"07,\xFF\xFE"), auto, "3行目にUTF-8として読み取れない文字があります"),
        (below(b"07,\xE3\x81"), auto, "3行目にUTF-8として読み取れない文字があります"),
        ([sjis.as_slice(), b"07,\x82\r\n"].concat(), auto, "3行目にCP932として読み取れない文字があります"),
        (sjis, utf8, "1行目にUTF-8として読み取れない文字があります"),
        (good.replace("住所,", "").into(), auto, "見出しに次の列がありません（uketsuke形式）: 住所"),
        (good.replacen("事業所名カナ", "事業所名", 1).into(), auto, "見出しに同じ列が2つあります: 事業所名"),
        (format!("\"{good}").into(), auto, "見出しの行を読み取れません"),
        (vec![0; 100_000], auto, "見出し"),
        (good.clone().into(), mhlw, "見出しに次の列がありません（mhlw形式）"),
        ((good.clone() + &format!("{ROW}\r\n").repeat(20_000)).into(), short, "ファイルが大きすぎます（1 MBまで）。"),
    ] {
        for close in [false, true] {
            let sentence = import(&bytes, read, close).expect_err(told).to_string();
            assert!(sentence.contains(told) && !sentence.contains('\n'), "{sentence} does not say {told}");
            assert_eq!(all(), before, "{told}");
        }
    }
    let unknown = good.replacen("方書,", "方書,おぼえ書き,", 1).replacen("町1,,", "町1,,=SUM(A1),", 1);
    assert_eq!(import(unknown.as_bytes(), auto, false).unwrap().total().unchanged, 1, "columns nobody asked for are passed over");
    let pasted = good.replace("さくらの里", "\u{FEFF}さくら\u{200B}の里\u{200B}");
    let report = import(pasted.as_bytes(), auto, false).unwrap();
    assert_eq!(report.total().unchanged, 1, "what nobody sees makes no other name");
}

#[test]
fn q44_a_failed_import_is_one_sentence_on_stderr_and_exit_code_1() {
    let town = Town::new();
    assert_eq!(town.import(&town.file("good.csv", file(&[HEADER, ROW]).as_bytes()), &[]).code, Some(0));
    town.fails("header.csv", file(&[HEADER]).as_bytes(), &["--close-missing", "--force"], "見出しだけで、事業所の行がありません");
    town.fails("line.csv", &[file(&[HEADER, ROW]).as_bytes(), b"07,\xFF\r\n"].concat(), &[], "3行目にUTF-8として");
    assert_eq!(town.offices(), 1, "the ledger is what it was");
}

#[test]
fn q44_a_file_of_which_no_row_can_be_taken_over_changes_nothing_and_is_a_failure() {
    let town = Town::new();
    assert_eq!(town.import(&town.file("good.csv", file(&[HEADER, ROW]).as_bytes()), &[]).code, Some(0));
    let wrong = ROW.replace("07,0799900014", "99,0799900022");
    let elsewhere = ROW.replace("07,0799900014", "13,1311111111");
    for (name, bytes) in [("all.csv", file(&[HEADER, &wrong])), ("other.csv", file(&[HEADER, &wrong, &elsewhere]))] {
        for more in [&[][..], &["--dry-run"], &["--close-missing", "--force"]] {
            let ended = town.import(&town.file(name, bytes.as_bytes()), more);
            assert_eq!(ended.code, Some(1), "{name} {more:?}: {} {}", ended.out, ended.err);
            assert!(ended.out.contains("取り込めない行の一覧"), "{}", ended.out);
            assert_one_sentence(&ended.err, "取り込める行が1行もないため、台帳は変わっていません", name);
        }
    }
    let store = Store::open(&town.folder.path().join("data/uketsuke.redb"), StoreOptions::default()).unwrap();
    let entry = store.read(|r| ledger::search(r, Prefecture::new(7).unwrap(), "", 10)).unwrap().entries.remove(0);
    assert_eq!(entry.status, ledger::Status::Active, "--close-missing closes nothing for it");
}

#[test]
fn q44_what_is_no_file_is_told_at_once() {
    let town = Town::new();
    let folder = town.folder.path();
    let pipe = folder.join("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let nowhere = folder.join("nowhere.csv");
    for (path, told) in [
        (folder, "通常のファイルではありません。CSVファイルを指定してください"),
        (&pipe, "通常のファイルではありません"),
        (Path::new("/dev/zero"), "通常のファイルではありません"),
        (&nowhere, "を開けません（見つかりません）"),
    ] {
        let ended = town.import(path, &[]);
        assert_eq!(ended.code, Some(1), "{}: {}", path.display(), ended.err);
        assert_one_sentence(&ended.err, told, &path.display().to_string());
    }
}

#[test]
fn q44_a_wrong_row_is_named_by_line_and_column_and_written_down_defused() {
    let town = Town::new();
    let wide = format!("{ROW},多い");
    let open = ROW.replace("さくらの里", "\"さくらの里");
    let nul = ROW.replace("さくらの里", "さくら\u{0}の里").replace("0799900014", "0799900030");
    let formula = ROW.replace("さくらの里", "=cmd|' /C calc'!A0").replace("07,0799900014", "99,0799900048");
    let turned = ROW.replace("さくらの里", "さくら\u{202E}の里").replace("0799900014", "0799900055");
    let broken = "x".repeat(70_000);
    let bytes = file(&[HEADER, ROW, &wide, &open, &nul, &formula, &turned, ROW, &broken]);
    let ended = town.import(&town.file("rows.csv", bytes.as_bytes()), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    for told in [
        "3行目: 列の数が見出しと違います（見出しは12列、この行は13列）。",
        "4行目: 3列目の引用符（\"）が閉じていません。",
        "5行目（事業所名）: 改行などの制御文字または文字化けがあります。",
        "6行目（都道府県番号）: 都道府県番号は01から47までの2桁です。",
        "7行目（事業所名）: 改行などの制御文字または文字化けがあります。",
        "8行目（事業所番号）: この事業所番号の行が前にもあります。",
        "9行目: 行が長すぎます",
        "取り込んだ行 1行、取り込めない行 7行",
    ] {
        assert!(ended.out.contains(told), "{told} is not in:\n{}", ended.out);
    }
    let list = fs::read_to_string(town.folder.path().join("rows.rejected.csv")).unwrap();
    assert!(list.contains(",'=cmd|' /C calc'!A0,"), "{list}");
    assert!(list.lines().all(|line| line.len() < 4_000), "what is kept of a broken line is short");
    assert_eq!(town.offices(), 1);
}

#[test]
fn q44_an_import_of_a_huge_line_stays_small() {
    let town = Town::new();
    let mut bytes = file(&[HEADER, ROW]).into_bytes();
    bytes.extend_from_slice(b"07,\"");
    bytes.resize(bytes.len() + 30_000_000, b'x');
    bytes.extend_from_slice(b"\r\n");
    let memory = |name: &str, bytes: &[u8]| -> u64 {
        // The kernel tells a parent the most memory that its child had.
        let script = "import resource,subprocess,sys;c=subprocess.run(sys.argv[1:],capture_output=True);assert c.returncode==0;\
                      print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
        let mut command = Command::new("python3");
        command.args(["-c", script, env!("CARGO_BIN_EXE_uketsuke"), "ledger", "import"]).arg(town.file(name, bytes));
        let out = command.arg("--dry-run").arg("--config").arg(town.folder.path().join("config.toml")).output().unwrap();
        String::from_utf8(out.stdout).unwrap().trim().parse().unwrap()
    };
    let (huge, small) = (memory("huge.csv", &bytes), memory("small.csv", file(&[HEADER, ROW]).as_bytes()));
    assert!(huge < small + 4 * 1024, "{huge} KiB with a line of 30 MB, {small} KiB without");
}
