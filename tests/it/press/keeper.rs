//! When the process is started, kept, ended and replaced.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;
use uketsuke::pdf::{Apart, PdfError, TemplateFile, Typesetter};

use super::{children, cpu_ticks, is_alive, only_child, open_files, signal, wait_for};
use crate::support::pdf;

const NOTE: TemplateFile = TemplateFile {
    name: "note.typ",
    source: "#let input = json(\"/input.json\")\n#heading(level: 1)[通知]\n#input.text",
    sample: || json!({ "text": "見本" }),
};
/// Never ends: Typst stops `while`, not this.
const ENDLESS: TemplateFile = TemplateFile {
    name: "endless.typ",
    source: "= 題\n#for a in range(1000000) { for b in range(1000000) { let c = a + b } }",
    sample: || json!({}),
};
const LONG: Duration = Duration::from_secs(600);

/// The program under a name of its own, by which a test knows its processes from those of other tests.
struct Program {
    _folder: TempDir,
    path: PathBuf,
}

impl Program {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("uketsuke");
        std::fs::hard_link(env!("CARGO_BIN_EXE_uketsuke"), &path).unwrap();
        Self { _folder: folder, path }
    }

    /// Nothing ends by itself.
    fn patient(&self) -> Apart {
        Apart { program: self.path.clone(), patience: LONG, idle: LONG, most_resident_kib: u64::MAX }
    }

    fn running(&self) -> Vec<i32> {
        children(std::process::id(), &self.path)
    }

    fn only(&self) -> i32 {
        only_child(std::process::id(), &self.path)
    }
}

fn typesetter(apart: Apart) -> Typesetter {
    Typesetter::apart(&[NOTE, ENDLESS], None, apart).unwrap()
}

/// Sets a page and reads it.
fn print(typesetter: &Typesetter, text: &str) -> Result<String, PdfError> {
    typesetter.render(&["note.typ"], "題", &json!({ "text": text })).map(|bytes| pdf::pages(&bytes).concat())
}

#[test]
fn a_process_is_started_at_the_first_document_and_kept_for_the_next() {
    let program = Program::new();
    let typesetter = typesetter(program.patient());
    assert_eq!(typesetter.missing_glyphs("橋\u{E000}"), ['\u{E000}']);
    assert!(program.running().is_empty(), "asking for glyphs starts nothing");
    assert!(print(&typesetter, "一通目").unwrap().contains("一通目"));
    let first = program.only();
    assert!(print(&typesetter, "二通目").unwrap().contains("二通目"));
    assert_eq!(program.only(), first);
    drop(typesetter);
    wait_for("it ends with the typesetter", || !is_alive(first));
}

#[test]
fn it_sets_exactly_what_the_library_sets_in_its_own_process() {
    let program = Program::new();
    let input = json!({ "text": "#panic() *太字* 〓" });
    let (apart, here) = (typesetter(program.patient()), Typesetter::new(&[NOTE], None).unwrap());
    let [apart, here] = [apart, here].map(|one| one.render(&["note.typ", "note.typ"], "題 \" #", &input).unwrap());
    assert!(apart == here, "{} and {} bytes", apart.len(), here.len());
}

#[test]
fn a_process_that_nobody_needs_ends() {
    let program = Program::new();
    let typesetter = typesetter(Apart { idle: Duration::from_millis(1), ..program.patient() });
    print(&typesetter, "一通目").unwrap();
    wait_for("it ends by itself", || program.running().is_empty());
    assert!(print(&typesetter, "二通目").unwrap().contains("二通目"), "the next one starts a new one");
}

#[test]
fn a_process_that_a_document_made_big_ends_after_it() {
    let program = Program::new();
    let typesetter = typesetter(Apart { most_resident_kib: 1, ..program.patient() });
    assert!(print(&typesetter, "一通目").unwrap().contains("一通目"));
    wait_for("it ends after its answer", || program.running().is_empty());
    assert!(print(&typesetter, "二通目").unwrap().contains("二通目"));
}

#[test]
fn a_killed_process_is_replaced_and_its_document_set_anew() {
    let program = Program::new();
    let typesetter = typesetter(program.patient());
    print(&typesetter, "一通目").unwrap();
    // Between two documents.
    let first = program.only();
    signal(first, Signal::KILL);
    assert!(print(&typesetter, "二通目").unwrap().contains("二通目"));
    let second = program.only();
    assert_ne!(first, second);
    // With a document in hand: it is stopped, so that it cannot have answered when it dies.
    signal(second, Signal::STOP);
    std::thread::scope(|scope| {
        let printing = scope.spawn(|| print(&typesetter, "三通目"));
        signal(second, Signal::KILL);
        assert!(printing.join().unwrap().unwrap().contains("三通目"));
    });
    assert_ne!(program.only(), second);
}

#[test]
fn a_process_that_dies_again_is_an_error_and_the_next_document_is_set() {
    let program = Program::new();
    // A program that is no press: it ends without an answer.
    let apart = Apart { program: PathBuf::from("/bin/false"), ..program.patient() };
    let error = print(&typesetter(apart), "一通目").unwrap_err();
    assert!(matches!(&error, PdfError::Ended(status) if status.contains('1')), "{error}");

    let typesetter = typesetter(program.patient());
    std::thread::scope(|scope| {
        let printing = scope.spawn(|| typesetter.render(&["endless.typ"], "題", &json!({})));
        let mut killed = Vec::new();
        while killed.len() < 2 {
            let next = || program.running().into_iter().find(|id| !killed.contains(id));
            wait_for("one is at work", || next().is_some_and(|id| cpu_ticks(id) > 20));
            let id = next().unwrap();
            signal(id, Signal::KILL);
            killed.push(id);
        }
        let error = printing.join().unwrap().unwrap_err();
        assert!(matches!(&error, PdfError::Ended(status) if status.contains('9')), "{error}");
    });
    assert!(print(&typesetter, "三通目").unwrap().contains("三通目"));
}

#[test]
fn a_template_that_never_ends_is_given_up_by_name_and_its_process_ended() {
    let program = Program::new();
    let typesetter = typesetter(Apart { patience: Duration::from_secs(2), ..program.patient() });
    let error = typesetter.render(&["endless.typ"], "題", &json!({})).unwrap_err();
    assert!(matches!(&error, PdfError::TooSlow { templates, seconds: 2 } if templates == "endless.typ"), "{error}");
    assert!(program.running().is_empty());
}

#[test]
fn a_program_that_is_not_there_is_told_and_nothing_is_set_here_instead() {
    let program = Program::new();
    let apart = Apart { program: program.path.with_file_name("gone"), ..program.patient() };
    let error = print(&typesetter(apart), "一通目").unwrap_err();
    assert!(matches!(error, PdfError::NotStarted(_)), "{error}");
}

#[test]
fn errors_of_templates_come_over_with_file_and_line() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("note.typ"), "= 題\n\n#unknown-function()").unwrap();
    let Err(error) = Typesetter::apart(&[NOTE], Some(folder.path()), program.patient()) else { panic!("it was accepted") };
    assert!(error.to_string().contains("note.typ, line 3"), "{error}");
    let unknown = typesetter(program.patient()).render(&["other.typ"], "題", &json!({})).unwrap_err();
    assert!(matches!(unknown, PdfError::UnknownTemplate(name) if name == "other.typ"));
}

#[test]
fn what_was_tried_at_the_start_is_printed_though_its_file_has_changed_since() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("note.typ");
    std::fs::write(&file, "= 連合会の様式").unwrap();
    let typesetter = Typesetter::apart(&[NOTE], Some(folder.path()), program.patient()).unwrap();
    std::fs::write(&file, "= #unknown-function()").unwrap();
    signal(program.only(), Signal::KILL);
    assert!(print(&typesetter, "").unwrap().contains("連合会の様式"));
}

#[test]
fn it_inherits_nothing_and_steps_back() {
    let program = Program::new();
    let listening = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let typesetter = typesetter(program.patient());
    print(&typesetter, "一通目").unwrap();
    let id = program.only();
    let read = |file: &str| std::fs::read(format!("/proc/{id}/{file}")).unwrap();
    assert_eq!(read("environ"), b"");
    assert_eq!(read("cmdline"), b"uketsuke\0press\0");
    assert_eq!(read("comm"), b"uketsuke-press\n");
    let stat = String::from_utf8(read("stat")).unwrap();
    let nice = stat.rsplit(") ").next().unwrap().split(' ').nth(16).unwrap().to_owned();
    assert_eq!(nice, "19", "{stat}");
    // The wire, as stdin, stdout and their copies; /dev/null for stderr. No file, no listening socket.
    let open = open_files(id);
    assert!(matches!(open.as_slice(), [null, wire] if null == "/dev/null" && wire.starts_with("socket:")), "{open:?}");
    drop(listening);
}

#[test]
fn it_is_not_for_people() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_uketsuke")).arg("--help").output().unwrap();
    let none = std::process::Command::new(env!("CARGO_BIN_EXE_uketsuke")).output().unwrap();
    for text in [help.stdout, none.stderr].map(|bytes| String::from_utf8(bytes).unwrap()) {
        assert!(text.contains("serve") && !text.contains("press"), "{text}");
    }
}
