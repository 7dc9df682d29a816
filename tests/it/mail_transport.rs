//! Mail over SMTP, against a real server that may misbehave.

use std::time::Duration;

use uketsuke::mail::transport::{Deliver, Memory, Options, OutgoingMail, SendError, SetupError, Transport};

use crate::support::sink::{Mode, Setup, Sink, certificate};

const PATIENCE: Duration = Duration::from_secs(20);

fn mail(n: usize) -> OutgoingMail {
    OutgoingMail {
        to: format!("tantou{n}@example.jp"),
        from: "福島県国民健康保険団体連合会 <noreply@kokuho.example.jp>".into(),
        reply_to: None,
        subject: "ログイン情報再発行申請受領通知".into(),
        body: format!("申請を受け付けました。\n管理番号 U2601{n:06}\n.\n終わり\n"),
        message_id: format!("mail-{n}@kokuho.example.jp"),
        date: "2026-01-10T01:02:03Z".parse().expect("a time"),
    }
}

fn transport(sink: &Sink) -> Transport {
    trusting(sink, Some("ca.pem"), PATIENCE)
}

fn trusting(sink: &Sink, authority: Option<&str>, timeout: Duration) -> Transport {
    let ca_file = authority.map(certificate);
    Transport::with(sink.url().parse().expect("a URL"), Options { timeout, ca_file, ..Options::default() })
        .expect("usable settings")
}

fn temporary(outcome: Result<(), SendError>) -> String {
    match outcome {
        Err(SendError::Temporary { reason }) => reason,
        other => panic!("expected a temporary failure, got {other:?}"),
    }
}

fn permanent(outcome: Result<(), SendError>) -> String {
    match outcome {
        Err(SendError::Permanent { reason }) => reason,
        other => panic!("expected a permanent failure, got {other:?}"),
    }
}

fn verbs(sink: &Sink) -> Vec<String> {
    sink.commands().into_iter().map(|(verb, _)| verb).collect()
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let sink = Sink::start(Mode::Accept);
    let mut sent = mail(1);
    sent.to = "mailforsecurity-001@jp".into();
    sent.reply_to = Some("窓口 <madoguchi@kokuho.example.jp>".into());
    transport(&sink).send(&sent).await.expect("taken");
    let got = sink.wait_for(1).remove(0);
    assert_eq!((got.from.as_str(), &got.to), ("noreply@kokuho.example.jp", &vec![sent.to.clone()]));
    assert_eq!(got.body.replace("\r\n", "\n"), sent.body);
    assert_eq!(got.subject(), "ログイン情報再発行申請受領通知");
    assert_eq!(got.header("From"), "福島県国民健康保険団体連合会 <noreply@kokuho.example.jp>");
    assert_eq!(got.header("Reply-To"), "窓口 <madoguchi@kokuho.example.jp>");
    assert_eq!(got.header("To"), "mailforsecurity-001@jp");
    assert_eq!(got.header("Message-ID"), "<mail-1@kokuho.example.jp>");
    assert_eq!(got.header("Date"), "Sat, 10 Jan 2026 01:02:03 +0000");
    assert_eq!(got.header("Auto-Submitted"), "auto-generated");
    assert!(got.raw.is_ascii(), "seven bits only");
}

#[tokio::test]
async fn addresses_of_old_carriers_arrive() {
    let sink = Sink::start(Mode::Accept);
    let mut sent = mail(1);
    sent.to = "haha..to.@docomo.example.jp".into();
    transport(&sink).send(&sent).await.expect("taken");
    let got = sink.wait_for(1).remove(0);
    assert_eq!(got.to, ["haha..to.@docomo.example.jp"], "quotes are a spelling, not a part of the mailbox");
}

#[tokio::test]
async fn q39_nothing_with_a_line_break_reaches_the_server() {
    let sink = Sink::start(Mode::Accept);
    let transport = transport(&sink);
    let attack = "x\r\nBcc: dare@example.jp\r\n\r\nyo";
    let mut bad = [mail(1), mail(2), mail(3), mail(4)];
    bad[0].to = format!("{attack}@example.jp");
    bad[1].subject = attack.into();
    bad[2].from = format!("{attack} <noreply@example.jp>");
    bad[3].to = "a@example.jp>\r\nRCPT TO:<b@example.jp".into();
    for mail in &bad {
        permanent(transport.send(mail).await);
    }
    assert_eq!(sink.connections(), 0);
    let mut body = mail(5);
    body.body = "行\r\n.\r\nMAIL FROM:<x@example.jp>\r\n".into();
    transport.send(&body).await.expect("taken");
    let got = sink.wait_for(1);
    assert_eq!(got[0].body.replace("\r\n", "\n"), body.body.replace("\r\n", "\n"));
    assert_eq!(verbs(&sink), ["EHLO", "MAIL", "RCPT", "DATA"]);
}

#[tokio::test]
async fn q40_starttls_and_tls_with_a_trusted_certificate_and_auth() {
    let secret = "p%3Aass-w0rd";
    for setup in [
        Setup::default().starttls("localhost"),
        Setup::default().tls("localhost"),
        Setup::default().starttls("localhost").auth("kaigo", "s3cret"),
        Setup::default().starttls("localhost").auth("kaigo", "s3cret").argument("--only-plain"),
        Setup::default().auth("kaigo", secret.replace("%3A", "-").as_str()),
    ] {
        let sink = setup.clone().start(Mode::Accept);
        transport(&sink).send(&mail(1)).await.unwrap_or_else(|e| panic!("{setup:?}: {e}"));
        sink.wait_for(1);
        let encrypted = sink.url().contains("smtps:") || sink.url().contains("tls=");
        for (verb, tls) in sink.commands() {
            assert!(tls == encrypted || matches!(verb.as_str(), "EHLO" | "STARTTLS"), "{verb} in the clear");
        }
    }
}

#[tokio::test]
async fn q40_smtp_never_falls_back_to_plain() {
    let url = |sink: &Sink, scheme: &str| scheme.replace("HOST", &format!("kaigo:s3cret@localhost:{}", sink.port()));
    let plain = Sink::start(Mode::Accept);
    for scheme in ["smtp://HOST?tls=required", "smtps://HOST"] {
        let options = Options { ca_file: Some(certificate("ca.pem")), timeout: PATIENCE, ..Options::default() };
        let reason = temporary(
            Transport::with(url(&plain, scheme).parse().expect("a URL"), options).expect("usable").send(&mail(1)).await,
        );
        assert!(reason.contains("暗号化"), "{reason}");
    }
    assert!(!verbs(&plain).iter().any(|v| v == "MAIL" || v == "AUTH"), "{:?}", verbs(&plain));

    for (setup, authority) in [
        (Setup::default().starttls("untrusted"), Some("ca.pem")),
        (Setup::default().tls("untrusted"), Some("ca.pem")),
        (Setup::default().starttls("other-name"), Some("ca.pem")),
        (Setup::default().tls("other-name"), Some("ca.pem")),
        (Setup::default().starttls("localhost").argument("--inject"), Some("ca.pem")),
    ] {
        let sink = setup.clone().auth("kaigo", "s3cret").start(Mode::Accept);
        let reason = temporary(trusting(&sink, authority, PATIENCE).send(&mail(1)).await);
        assert!(reason.contains("暗号化"), "{setup:?}: {reason}");
        assert!(!verbs(&sink).iter().any(|v| v == "MAIL" || v == "AUTH"), "{:?}", verbs(&sink));
        assert!(sink.mails().is_empty());
    }
}

#[test]
fn q40_plain_beyond_loopback_is_no_usable_setting() {
    for url in ["smtp://mail.example.jp:25", "smtp://192.0.2.7", "smtp://localhost?tls=opportunistic"] {
        let refused = Transport::connect_lazy(url, PATIENCE).err();
        assert!(matches!(refused, Some(SetupError::Url)), "{url}");
    }
    let options = Options { ca_file: Some(certificate("localhost.key")), ..Options::default() };
    assert!(matches!(Transport::with("smtps://localhost".parse().expect("a URL"), options), Err(SetupError::CaFile { .. })));
}

#[tokio::test]
async fn wrong_credentials_keep_the_mail_waiting_and_stay_secret() {
    let sink = Setup::default().starttls("localhost").auth("kaigo", "s3cret").start(Mode::Accept);
    let options = || Options { ca_file: Some(certificate("ca.pem")), timeout: PATIENCE, ..Options::default() };
    for login in ["kaigo:wr0ng-password@", ""] {
        let url = format!("smtp://{login}localhost:{}?tls=required", sink.port());
        let reason = temporary(Transport::with(url.parse().expect("a URL"), options()).expect("usable").send(&mail(1)).await);
        assert!(reason.contains("認証"), "{reason}");
        assert!(reason.contains("53"), "the server's code is told: {reason}");
        assert!(!reason.contains("wr0ng"), "{reason}");
    }
}

#[tokio::test]
async fn q43_greylisting_is_temporary_and_the_connection_goes_on() {
    let sink = Sink::start(Mode::TempFail(Vec::new()));
    let transport = transport(&sink);
    temporary(transport.send(&mail(2)).await);
    temporary(transport.send(&mail(2)).await);
    sink.set(&Mode::Greylist);
    let reason = temporary(transport.send(&mail(1)).await);
    assert!(reason.contains("451 4.7.1 greylisted"), "{reason}");
    transport.send(&mail(1)).await.expect("taken at the second try");
    assert_eq!(sink.wait_for(1).len(), 1);
    assert_eq!(sink.connections(), 1);
}

#[tokio::test]
async fn q43_a_refused_recipient_is_permanent_and_harms_no_other_mail() {
    let sink = Sink::start(Mode::Refuse(vec!["tantou1@example.jp".into()]));
    let transport = transport(&sink);
    let reason = permanent(transport.send(&mail(1)).await);
    assert!(reason.contains("550 5.1.1 no such user here"), "{reason}");
    transport.send(&mail(2)).await.expect("taken");
    assert_eq!(sink.wait_for(1)[0].to, ["tantou2@example.jp"]);
    assert_eq!(sink.connections(), 1);
}

#[tokio::test]
async fn q43_a_refused_sender_is_our_setting_and_keeps_mails_waiting() {
    let sink = Sink::start(Mode::RefuseSender);
    let reason = temporary(transport(&sink).send(&mail(1)).await);
    assert!(reason.contains("差出人") && reason.contains("553"), "{reason}");
}

#[tokio::test]
async fn q46_a_reply_that_quotes_the_mail_is_masked() {
    let sink = Sink::start(Mode::RefuseContent);
    let mut secret = mail(1);
    secret.body = "確認コード 4821\n仮パスワード Ab3dEf6hJk9mNp2q\n".into();
    let reason = permanent(transport(&sink).send(&secret).await);
    assert!(reason.contains("554 5.7.1"), "{reason}");
    assert!(!reason.contains("4821") && !reason.contains("Ab3d"), "{reason}");
}

#[tokio::test]
async fn q43_a_server_that_does_not_answer_is_left_in_time() {
    let sink = Sink::start(Mode::Slow(Duration::from_secs(600)));
    let transport = trusting(&sink, None, Duration::from_millis(300));
    let reason = temporary(transport.send(&mail(1)).await);
    assert!(reason.contains("時間内"), "{reason}");
    sink.set(&Mode::Accept);
    let transport = trusting(&sink, None, PATIENCE);
    transport.send(&mail(2)).await.expect("taken");
}

#[tokio::test]
async fn q43_a_drop_inside_data_is_temporary_and_stores_nothing() {
    let sink = Sink::start(Mode::DropInData);
    let transport = transport(&sink);
    temporary(transport.send(&mail(1)).await);
    assert_eq!(sink.connections(), 1, "what was half sent is not sent again silently");
    sink.set(&Mode::Accept);
    transport.send(&mail(1)).await.expect("taken");
    assert_eq!(sink.wait_for(1).len(), 1);
}

#[tokio::test]
async fn q43_a_hang_up_before_the_answer_may_send_twice_but_never_zero_times() {
    let sink = Sink::start(Mode::HangupSilent);
    let transport = transport(&sink);
    temporary(transport.send(&mail(1)).await);
    sink.set(&Mode::Accept);
    transport.send(&mail(1)).await.expect("taken");
    let got = sink.wait_for(2);
    assert_eq!(got[0].header("Message-ID"), got[1].header("Message-ID"), "the receiver can tell it is the same mail");
}

#[tokio::test]
async fn q43_a_hang_up_after_acceptance_costs_no_mail() {
    let sink = Sink::start(Mode::HangupPolite);
    let transport = transport(&sink);
    for n in 0..5 {
        transport.send(&mail(n)).await.expect("taken");
    }
    assert_eq!(sink.wait_for(5).len(), 5);
}

#[tokio::test]
async fn q43_an_answer_too_long_to_be_read_ends_the_tries() {
    let sink = Sink::start(Mode::LongRefusal);
    let transport = transport(&sink);
    let reason = permanent(transport.send(&mail(1)).await);
    assert!(reason.contains("応答が長すぎて読み取れませんでした"), "{reason}");
    sink.set(&Mode::LongThanks);
    let reason = permanent(transport.send(&mail(2)).await);
    assert!(reason.contains("届いている可能性があります"), "{reason}");
    assert_eq!(sink.wait_for(1).len(), 1, "whoever has it does not get it again and again for two days");
    sink.set(&Mode::Accept);
    transport.send(&mail(3)).await.expect("taken");
}

#[tokio::test]
async fn a_stale_connection_is_replaced_without_a_word() {
    let sink = Sink::start(Mode::Accept);
    let transport = transport(&sink);
    transport.send(&mail(1)).await.expect("taken");
    transport.send(&mail(2)).await.expect("taken");
    assert_eq!(sink.connections(), 1);
    sink.kick();
    transport.send(&mail(3)).await.expect("taken over a fresh connection");
    assert_eq!(sink.wait_for(3).len(), 3);
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn q43_a_server_that_is_down_is_temporary() {
    let sink = Sink::start(Mode::Accept);
    let (transport, port) = (transport(&sink), sink.port());
    transport.send(&mail(1)).await.expect("taken");
    drop(sink);
    let reason = temporary(transport.send(&mail(2)).await);
    assert!(reason.contains("接続できません"), "{reason}");
    let sink = Setup::default().port(port).start(Mode::Accept);
    transport.send(&mail(2)).await.expect("taken when it is back");
    assert_eq!(sink.wait_for(1)[0].to, ["tantou2@example.jp"]);
}

#[tokio::test]
async fn no_more_connections_than_allowed() {
    let sink = Sink::start(Mode::Accept);
    let options = Options { connections: 3, timeout: PATIENCE, ..Options::default() };
    let transport = Transport::with(sink.url().parse().expect("a URL"), options).expect("usable");
    let sending = (0..40).map(|n| {
        let transport = transport.clone();
        tokio::spawn(async move { transport.send(&mail(n)).await })
    });
    for task in sending.collect::<Vec<_>>() {
        task.await.expect("no panic").expect("taken");
    }
    assert_eq!(sink.wait_for(40).len(), 40);
    assert!(sink.most_open() <= 3 && sink.connections() <= 3, "{} connections", sink.connections());
    transport.close().await;
    assert!(verbs(&sink).iter().filter(|v| *v == "QUIT").count() >= 1);
}

#[tokio::test]
async fn idle_connections_are_closed_after_a_while() {
    let sink = Sink::start(Mode::Accept);
    let options = Options { idle: Duration::ZERO, timeout: PATIENCE, ..Options::default() };
    let transport = Transport::with(sink.url().parse().expect("a URL"), options).expect("usable");
    transport.send(&mail(1)).await.expect("taken");
    transport.send(&mail(2)).await.expect("taken");
    sink.wait_for(2);
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn probe_opens_a_connection_and_sends_nothing() {
    let sink = Setup::default().starttls("localhost").auth("kaigo", "s3cret").start(Mode::Accept);
    transport(&sink).probe().await.expect("all well");
    assert!(verbs(&sink).contains(&"AUTH".to_owned()) && !verbs(&sink).contains(&"MAIL".to_owned()));
    let (gone, port) = (transport(&sink), sink.port());
    drop(sink);
    assert!(temporary(gone.probe().await).contains("接続できません"), "port {port}");
}

#[tokio::test]
async fn the_memory_mailer_keeps_fails_on_order_and_refuses_what_smtp_would() {
    let memory = Memory::keeping(2);
    let mailer: &dyn Deliver = &memory;
    memory.fail_next(1, SendError::Temporary { reason: "451".into() });
    temporary(mailer.deliver(&mail(1)).await);
    for n in 1..=3 {
        mailer.deliver(&mail(n)).await.expect("kept");
    }
    let kept: Vec<String> = memory.mails().into_iter().map(|m| m.to).collect();
    assert_eq!(kept, ["tantou2@example.jp", "tantou3@example.jp"]);
    memory.fail_with(Some(SendError::Permanent { reason: "550".into() }));
    permanent(mailer.deliver(&mail(4)).await);
    permanent(mailer.deliver(&mail(4)).await);
    memory.fail_with(None);
    let mut bad = mail(5);
    bad.subject = "a\r\nb".into();
    permanent(mailer.deliver(&bad).await);
    assert_eq!(memory.take().len(), 2);
    assert!(memory.mails().is_empty());
}
