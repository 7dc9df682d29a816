//! The `staff` commands, with the server running and without.

use uketsuke::cli::socket::{AdminSocket, CallError, Request, Response, call, serve};
use uketsuke::cli::{console, staff};
use uketsuke::kernel::Prefecture;
use uketsuke::staff::{Command, Done, Role, Scope};

use crate::support::TestApp;
use crate::support::staff::{Member, enrol_by, log_in};

fn request(command: &Command) -> Request {
    Request { command: staff::COMMAND.to_owned(), args: serde_json::to_value(command).unwrap() }
}

fn add(name: &str) -> Command {
    Command::Add { name: name.to_owned(), scope: Scope::One(Prefecture::new(7).unwrap()), role: Role::Admin }
}

#[tokio::test]
async fn the_running_server_adds_disables_and_refuses_over_its_socket() {
    let (app, folder) = (TestApp::new(), tempfile::tempdir().unwrap());
    let socket = AdminSocket::bind(folder.path()).unwrap();
    let serving = tokio::spawn(serve(socket, console::handler(app.app.clone())));
    let ask = |command: Command| {
        let folder = folder.path().to_owned();
        tokio::task::spawn_blocking(move || call(&folder, &request(&command), |_| {}))
    };
    let Response(done) = ask(add("佐藤")).await.unwrap().unwrap();
    let done: Done = serde_json::from_value(done).unwrap();
    let link = done.link.unwrap().url.replacen(app.app.config.server.public_url.origin(), "", 1);
    let authenticator = enrol_by(&app, &mut app.browser(), &link).await;
    let mut browser = app.browser();
    let member = Member { name: "佐藤".to_owned(), authenticator };
    assert_eq!(log_in(&app, &mut browser, &member).await.location(), Some("/staff"));
    let Err(CallError::Refused(sentence)) = ask(add("佐藤")).await.unwrap() else { panic!("a name was given twice") };
    assert!(sentence.starts_with("職員「佐藤」は登録済みです"), "{sentence}");
    ask(Command::Disable { name: "佐藤".to_owned() }).await.unwrap().unwrap();
    assert_eq!(browser.get("/staff").await.location(), Some("/staff/login?notice=ended"), "at once, in the running server");
    serving.abort();
}

#[test]
fn without_a_server_the_command_opens_the_database_itself() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let federation = "prefecture = \"07\"\nname = \"連合会\"\ndepartment = \"介護課\"\ntelephone = \"0000-07-0000\"\npostal_code = \"000-0007\"\naddress = \"架空町\"\n";
    std::fs::write(&config, format!("[server]\ndata_dir = \"data\"\n[[federation]]\n{federation}")).unwrap();
    let run = |words: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_uketsuke"));
        let out = command.arg("staff").args(words).arg("--config").arg(&config).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, out, _) = run(&["add", "佐藤", "--prefecture", "07", "--role", "clerk"]);
    assert!(code == Some(0) && out.contains("/staff/enrol?token="), "{out}");
    let (code, out, _) = run(&["reset-authenticator", "佐藤"]);
    assert!(code == Some(0) && out.contains("/staff/enrol?token="), "{out}");
    let (code, _, err) = run(&["disable", "鈴木"]);
    assert_eq!((code, err.as_str()), (Some(1), "職員「鈴木」は登録されていません\n"));
    let (code, _, err) = run(&["add", "鈴木", "--prefecture", "07"]);
    assert!(code == Some(2) && err.contains("--role"), "{err}");
}
