//! One SMTP conversation: opening a connection, handing over a mail, and what each refusal means.

use std::error::Error as _;

use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;

use super::SendError;
use super::error::quotable;
use super::message::Composed;
use super::wire::{LineByLine, Tls, dial};
use crate::config::{SmtpTls, SmtpUrl};
use crate::kernel::os;

/// Everything needed to open a connection.
pub(super) struct Target {
    pub(super) url: SmtpUrl,
    /// Present unless the connection is plain.
    pub(super) tls: Option<TlsParameters>,
    pub(super) hello: ClientId,
}

/// Where in the conversation a refusal came; it decides whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Greeting,
    Encryption,
    Authentication,
    Sender,
    Recipient,
    Data,
    Content,
}

/// What lettre calls a reply with a line of more than 1,000 bytes, or with more than 100,000 in all; it begins like this.
const ENDLESS_REPLY: &str = "SMTP response";

/// A try that failed.
pub(super) struct Failure {
    pub(super) error: SendError,
    /// The connection was gone before any content was sent: on an idle connection that is what a server does
    /// that has lost patience, and the same mail may go over a fresh one at once.
    pub(super) lost_early: bool,
    /// The server said no and the conversation may go on after RSET.
    pub(super) usable: bool,
}

/// Opens, encrypts and authenticates a connection.
pub(super) async fn open(target: &Target) -> Result<AsyncSmtpConnection, SendError> {
    let url = &target.url;
    let tcp = dial(url.host(), url.port(), url.tls() == SmtpTls::None).await;
    let tcp = tcp.map_err(|e| SendError::temporary(format!("メールサーバーに接続できませんでした（{}）", os::cause(&e))))?;
    let stream: Box<dyn AsyncTokioStream> = match (url.tls(), &target.tls) {
        (SmtpTls::None, _) => Box::new(tcp),
        (SmtpTls::StartTls, _) => Box::new(LineByLine::new(tcp)),
        (SmtpTls::Tls, Some(tls)) => {
            let handshake = Tls::handshake(tcp, tls.clone()).await;
            Box::new(handshake.map_err(|e| refusal(target, Step::Encryption, &e, ""))?)
        }
        (SmtpTls::Tls, None) => return Err(no_encryption()),
    };
    let connection = AsyncSmtpConnection::connect_with_transport(stream, &target.hello).await;
    let mut connection = connection.map_err(|e| refusal(target, Step::Greeting, &e, ""))?;
    if url.tls() == SmtpTls::StartTls {
        let (true, Some(tls)) = (connection.can_starttls(), &target.tls) else {
            return Err(no_encryption());
        };
        let upgrade = connection.starttls(tls.clone(), &target.hello).await;
        upgrade.map_err(|e| refusal(target, Step::Encryption, &e, ""))?;
    }
    if let Some((user, password)) = url.credentials() {
        let credentials = Credentials::new(user, password);
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        let auth = connection.auth(&mechanisms, &credentials).await;
        auth.map_err(|e| refusal(target, Step::Authentication, &e, ""))?;
    }
    Ok(connection)
}

/// Hands one mail over; `body` is its readable text, so that a reply that quotes it can be masked.
pub(super) async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    target: &Target,
    mail: &Composed,
    body: &str,
) -> Result<(), Failure> {
    let sender = Mail::new(Some(mail.sender.clone()), Vec::new());
    let recipient = Rcpt::new(mail.recipient.clone(), Vec::new());
    let (step, outcome) = 'talk: {
        let outcome = connection.command(sender).await;
        if outcome.is_err() {
            break 'talk (Step::Sender, outcome);
        }
        let outcome = connection.command(recipient).await;
        if outcome.is_err() {
            break 'talk (Step::Recipient, outcome);
        }
        let outcome = connection.command(Data).await;
        if outcome.is_err() {
            break 'talk (Step::Data, outcome);
        }
        (Step::Content, connection.message(&mail.bytes).await)
    };
    match outcome {
        Ok(_) => Ok(()),
        Err(error) => {
            let code = error.status().map(u16::from);
            Err(Failure {
                error: refusal(target, step, &error, body),
                lost_early: step < Step::Content && matches!(code, None | Some(421)),
                usable: code.is_some_and(|code| code != 421),
            })
        }
    }
}

/// Clears what a refused mail left behind. `false`: the connection is of no more use.
pub(super) async fn reset(connection: &mut AsyncSmtpConnection) -> bool {
    connection.command(Rset).await.is_ok()
}

/// Says goodbye; whether the server hears it does not matter.
pub(super) async fn quit(mut connection: AsyncSmtpConnection) {
    let _ = connection.command(Quit).await;
}

fn no_encryption() -> SendError {
    SendError::temporary("メールサーバーが暗号化(STARTTLS)に応じないため、送りませんでした")
}

/// Turns lettre's error into ours.
///
/// 4xx and broken connections are temporary. 5xx is permanent only where it speaks of this mail: recipient, DATA,
/// content. Before that (greeting, encryption, authentication, sender), and for the codes that ask for other
/// credentials or encryption (530, 534, 535, 538), it speaks of our settings: the mail waits until they are mended.
fn refusal(target: &Target, step: Step, error: &smtp::Error, body: &str) -> SendError {
    let Some(code) = error.status().map(u16::from) else {
        // What the server decided about this mail cannot be read, and it would say the same to every further try; perhaps it has taken it.
        let endless = error.is_response() && root_cause(error).starts_with(ENDLESS_REPLY);
        if endless && step >= Step::Recipient {
            return SendError::permanent("メールサーバーの応答が長すぎて読み取れませんでした。届いている可能性があります");
        }
        return SendError::temporary(broken(step, error));
    };
    let password = target.url.credentials().map(|(_, password)| password).unwrap_or_default();
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let text = quotable(&text, &[&password, body]);
    let reply = format!("{code} {text}").trim_end().to_owned();
    let say = |sentence: &str| format!("{sentence}({reply})");
    match (step, code) {
        (_, 400..=499) => SendError::temporary(say("メールサーバーが一時的に受け付けませんでした")),
        (Step::Authentication, _) | (_, 530 | 534 | 535 | 538) => SendError::temporary(say("メールサーバーの認証に失敗しました")),
        (Step::Greeting, _) => SendError::temporary(say("メールサーバーが接続を断りました")),
        (Step::Encryption, _) => SendError::temporary(say("メールサーバーが暗号化に応じませんでした")),
        (Step::Sender, _) => SendError::temporary(say("メールサーバーが差出人を受け付けませんでした")),
        (Step::Recipient, _) => SendError::permanent(say("メールサーバーが宛先を受け付けませんでした")),
        (Step::Data | Step::Content, _) => SendError::permanent(say("メールサーバーがメールを受け付けませんでした")),
    }
}

/// The sentence for an error without a reply code. Only TLS errors are quoted: the others may hold what was sent.
fn broken(step: Step, error: &smtp::Error) -> String {
    match step {
        Step::Encryption => {
            let detail = root_cause(error);
            let detail = quotable(&detail, &[]);
            format!("メールサーバーとの暗号化通信を確立できませんでした。証明書と設定をお確かめください({detail})")
        }
        Step::Authentication if error.is_client() => {
            "メールサーバーが対応する認証方式(PLAIN、LOGIN)を示しませんでした".to_owned()
        }
        Step::Content => "メールの受け渡しの途中で、メールサーバーとの接続が切れました".to_owned(),
        _ => "メールサーバーとの接続が切れたか、応答を読み取れませんでした".to_owned(),
    }
}

fn root_cause(error: &smtp::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
