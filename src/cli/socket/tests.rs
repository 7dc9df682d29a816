use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;

fn request(command: &str, args: Value) -> Request {
    Request { command: command.into(), args }
}

/// `echo` answers its arguments after two progresses, `fail` refuses, `panic` panics, `huge` answers too much.
fn handler() -> Handler {
    Arc::new(|request, progress| {
        Box::pin(async move {
            match request.command.as_str() {
                "echo" => {
                    for done in 1..=2 {
                        progress.send(Progress { done, total: Some(2), message: "数えています".into() });
                        tokio::task::yield_now().await;
                    }
                    Ok(Response(request.args))
                }
                "huge" => Ok(Response(json!("x".repeat(MAX_LINE)))),
                "panic" => panic!("on purpose"),
                other => Err(format!("{other} は知りません")),
            }
        })
    })
}

fn start(folder: &Path) -> JoinHandle<()> {
    let socket = AdminSocket::bind(folder).unwrap();
    tokio::spawn(serve(socket, handler()))
}

async fn ask(folder: &Path, request: Request) -> (Result<Response, CallError>, Vec<Progress>) {
    let folder = folder.to_owned();
    let asking = move || {
        let mut seen = Vec::new();
        let result = call(&folder, &request, |progress| seen.push(progress));
        (result, seen)
    };
    tokio::task::spawn_blocking(asking).await.unwrap()
}

#[tokio::test]
async fn a_request_is_answered_after_its_progress() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    let mode = std::fs::metadata(path(folder.path())).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let (result, seen) = ask(folder.path(), request("echo", json!({"name": "山田"}))).await;
    assert_eq!(result.unwrap(), Response(json!({"name": "山田"})));
    assert!(seen.iter().all(|progress| progress.total == Some(2)), "{seen:?}");
    assert!(!seen.is_empty(), "the handler yields, so at least one progress is told");

    let (result, _) = ask(folder.path(), request("nothing", Value::Null)).await;
    assert!(matches!(result, Err(CallError::Refused(sentence)) if sentence == "nothing は知りません"));
    server.abort();
}

#[tokio::test]
async fn without_a_server_the_command_is_told_so() {
    let folder = TempDir::new().unwrap();
    let (result, _) = ask(folder.path(), request("echo", Value::Null)).await;
    assert!(matches!(result, Err(CallError::NotRunning)));

    // A killed server leaves its socket: nobody behind it, and the next server replaces it.
    drop(std::os::unix::net::UnixListener::bind(path(folder.path())).unwrap());
    let (result, _) = ask(folder.path(), request("echo", Value::Null)).await;
    assert!(matches!(result, Err(CallError::NotRunning)));
    let server = start(folder.path());
    let (result, _) = ask(folder.path(), request("echo", json!(1))).await;
    assert_eq!(result.unwrap(), Response(json!(1)));

    assert_eq!(AdminSocket::bind(folder.path()).unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    assert!(!path(folder.path()).exists(), "a server that stops takes its socket away");
}

#[tokio::test]
async fn a_panic_or_an_endless_answer_ends_only_that_request() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    for command in ["panic", "huge"] {
        let (result, _) = ask(folder.path(), request(command, Value::Null)).await;
        assert!(matches!(result, Err(CallError::Refused(_))), "{command}: {result:?}");
    }
    let (result, _) = ask(folder.path(), request("echo", json!(2))).await;
    assert_eq!(result.unwrap(), Response(json!(2)));
    server.abort();
}

#[tokio::test]
async fn a_line_beyond_the_limit_is_refused() {
    let folder = TempDir::new().unwrap();
    let server = start(folder.path());
    let (result, _) = ask(folder.path(), request("echo", json!("x".repeat(MAX_LINE)))).await;
    assert!(matches!(result, Err(CallError::Broken(_))), "our own client does not even send it");

    let socket = path(folder.path());
    let answer = tokio::task::spawn_blocking(move || {
        use std::io::{Read as _, Write as _};
        let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
        // The server stops reading at its limit; the rest may or may not be taken.
        stream.write_all(&vec![b'x'; MAX_LINE + 1]).ok();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.is_empty() || answer.contains("大きすぎます"), "{answer}");
    let (result, _) = ask(folder.path(), request("echo", json!(3))).await;
    assert_eq!(result.unwrap(), Response(json!(3)), "and the server lives on");
    server.abort();
}

#[tokio::test]
async fn a_deep_data_folder_has_a_socket_too() {
    let folder = TempDir::new().unwrap();
    let deep = folder.path().join("d".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let server = start(&deep);
    let (result, _) = ask(&deep, request("echo", json!("deep"))).await;
    assert_eq!(result.unwrap(), Response(json!("deep")));
    server.abort();
}
