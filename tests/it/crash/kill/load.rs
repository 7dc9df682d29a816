//! The clients: visitors who apply, people who log in rightly and wrongly, staff who decide and print, an administrator who backs up.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use uketsuke::backup::Taken;
use uketsuke::cli::backup;
use uketsuke::cli::socket::{CallError, Request, Response, call};
use uketsuke::kernel::Clock;

use super::book::{Backup, Desk, Over};
use super::client::Client;
use crate::support::browser::Page;
use crate::support::office::PASSWORD;
use crate::support::sink::{Mail, Sink};
use crate::support::staff::{PASSWORD as STAFF_PASSWORD, shown_secret, step_before};

/// Wrong tries that unknown devices have on one account in an hour; more would not be counted.
const TRIES: u32 = 90;

/// Everything a client needs.
pub struct World<'a> {
    pub port: u16,
    pub desk: &'a Desk,
    pub sink: &'a Sink,
    /// Office numbers of the ledger of 07.
    pub offices: &'a [String],
    /// User IDs with [`PASSWORD`]: the first half is only tried, the second half enters.
    pub users: &'a [String],
    /// The data folder.
    pub data: &'a Path,
    /// Where backups are kept.
    pub backups: &'a Path,
    /// Networks that came before.
    pub next: AtomicU32,
}

impl World<'_> {
    fn next(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Applies again and again.
    pub fn visit(&self) {
        while self.apply().is_ok() {}
    }

    /// A1 to A5. A flow that loses its server goes on in the next life.
    fn apply(&self) -> Result<(), Over> {
        let n = self.next();
        let (mut client, contact) = (Client::new(self.port, n), format!("v{n}@example.jp"));
        let number = &self.offices[n as usize % self.offices.len()];
        let fields = [("number", number.as_str()), ("contact", &contact), ("contact_again", &contact)];
        let at_code = self.desk.ask(|| {
            client.get("/reissue")?;
            client.post("/reissue", &fields)
        })?;
        assert_eq!(at_code.location(), Some("/reissue/code"), "{}", at_code.text());
        self.prove(&mut client, &contact)?;
        let sent = self.desk.ask(|| {
            client.open("/reissue/check")?;
            client.post("/reissue/check", &[])
        })?;
        assert_eq!(sent.location(), Some("/reissue/done"), "{}", sent.text());
        self.desk.book().sent.insert(contact.clone(), None);
        let done = self.desk.ask(|| client.get("/reissue/done"))?;
        let number = control_number(&done);
        let mut book = self.desk.book();
        book.sent.insert(contact, Some(number.clone()));
        book.queue.push_back(number);
        Ok(())
    }

    /// A3. Where the server died on the answer to A1, there are two flows and two codes; the right one is tried as well.
    fn prove(&self, client: &mut Client, contact: &str) -> Result<(), Over> {
        let mut tried = Vec::new();
        loop {
            let code = self.code(contact, &tried)?;
            // Sent twice, the second finds the step done.
            let answer = self.desk.ask(|| {
                client.get("/reissue/code")?;
                client.post("/reissue/code", &[("code", &code)])
            })?;
            if answer.location() == Some("/reissue/check") {
                return Ok(());
            }
            assert!(answer.says("確認コードが違います"), "{}", answer.text());
            tried.push(code);
        }
    }

    /// A code out of a mail, which comes whatever becomes of the server.
    fn code(&self, contact: &str, tried: &[String]) -> Result<String, Over> {
        let digits = |line: &&str| line.len() == 4 && line.bytes().all(|b| b.is_ascii_digit());
        let fresh = |mail: &Mail| mail.body.lines().find(digits).is_some_and(|code| !tried.contains(&code.to_owned()));
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            let mail = self.sink.first(Duration::from_millis(500), |mail| mail.to.iter().any(|to| to == contact) && fresh(mail));
            if let Some(mail) = mail {
                return Ok(mail.body.lines().find(digits).unwrap_or_else(|| panic!("{}", mail.body)).to_owned());
            }
            if self.desk.is_over() {
                return Err(Over);
            }
            assert!(Instant::now() < end, "the code for {contact} never came");
        }
    }

    /// Wrong and right passwords, each from a new browser.
    pub fn log_in(&self) {
        let (tried, entering) = self.users.split_at(self.users.len() / 2);
        for n in 0.. {
            let user = if n % 4 == 3 { Some(&entering[n as usize % entering.len()]) } else { None };
            let answered = match user {
                Some(user) => self.enter(user),
                None => match tried.get((n / TRIES) as usize) {
                    Some(user) => self.guess(user),
                    None => continue,
                },
            };
            if answered.is_err() {
                return;
            }
        }
    }

    fn guess(&self, user: &str) -> Result<(), Over> {
        let answer = self.send_login(user, "machigai-1")?;
        if let Some(page) = answer {
            assert!(page.status == 422 && page.says("ログインできませんでした"), "{}", page.text());
            *self.desk.book().wrong.entry(user.to_owned()).or_default() += 1;
        }
        Ok(())
    }

    fn enter(&self, user: &str) -> Result<(), Over> {
        if let Some(page) = self.send_login(user, PASSWORD)? {
            assert_eq!(page.location(), Some("/office"), "{}", page.text());
            *self.desk.book().entered.entry(user.to_owned()).or_default() += 1;
        }
        Ok(())
    }

    fn send_login(&self, user: &str, password: &str) -> Result<Option<Page>, Over> {
        let mut client = Client::new(self.port, self.next());
        self.desk.ask_once(|| {
            client.get("/login")?;
            client.post("/login", &[("user_id", user), ("password", password)])
        })
    }

    /// Backs up again and again, as the command does with a running server.
    pub fn back_up(&self) {
        let mut made = 0;
        while self.take_backup(&mut made).is_ok() {}
    }

    fn take_backup(&self, made: &mut u32) -> Result<(), Over> {
        let outgoing = self.data.join("outgoing");
        // What lies there was begun by a server that has died.
        for left in std::fs::read_dir(&outgoing).into_iter().flatten() {
            std::fs::remove_file(left.unwrap().path()).ok();
        }
        let numbers = self.desk.book().sent.values().flatten().cloned().collect();
        let request = Request { command: backup::COMMAND.to_owned(), args: serde_json::Value::Null };
        let answered = self.desk.ask_once(|| match call(self.data, &request, |_| {}) {
            Ok(Response(taken)) => Ok(serde_json::from_value::<Taken>(taken).unwrap()),
            Err(CallError::Refused(sentence)) => panic!("{sentence}"),
            Err(died) => Err(std::io::Error::other(died)),
        })?;
        if let Some(taken) = answered {
            *made += 1;
            let file = self.backups.join(format!("asked-for-{made}.redb"));
            std::fs::rename(&taken.file, &file).unwrap();
            self.desk.book().backups.push(Backup { file, numbers });
        }
        Ok(())
    }

    /// Takes, approves, prints.
    pub fn staff(&self, clerk: &mut Client, approver: &mut Client) {
        for n in 1.. {
            let number = self.desk.book().queue.pop_front();
            let went = match number {
                Some(number) => self.decide(clerk, approver, &number),
                None if self.desk.is_over() => Err(Over),
                None => {
                    std::thread::sleep(Duration::from_millis(5));
                    Ok(())
                }
            };
            if went.is_err() || n % 5 == 0 && self.print(clerk).is_err() {
                return;
            }
        }
    }

    fn decide(&self, clerk: &mut Client, approver: &mut Client, number: &str) -> Result<(), Over> {
        let path = format!("/staff/applications/{number}");
        self.make(clerk, &path, &path, number, "take")?;
        self.make(approver, &path, &format!("{path}/decision"), number, "approve")
    }

    /// A move; where it was not answered, the page says in the next life whether it was made.
    fn make(&self, client: &mut Client, path: &str, action: &str, number: &str, mv: &'static str) -> Result<(), Over> {
        loop {
            let page = self.desk.ask(|| client.get(path))?;
            assert_eq!(page.status, 200, "{}", page.text());
            if !page.body.contains(&format!("name=\"move\" value=\"{mv}\"")) {
                return Ok(());
            }
            let shown = page.value("shown").unwrap();
            if let Some(answer) = self.desk.ask_once(|| client.post(action, &[("move", mv), ("shown", &shown)]))? {
                assert_eq!(answer.status, 303, "{}", answer.text());
                self.desk.book().moves.push((number.to_owned(), mv));
                return Ok(());
            }
        }
    }

    /// Orders a print of up to three letters and fetches it, unless the server dies with it.
    fn print(&self, clerk: &mut Client) -> Result<(), Over> {
        let page = self.desk.ask(|| clerk.get("/staff/letters"))?;
        let choices = page.body.split("name=\"choice\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).take(3);
        let Some(token) = page.value("token") else { return Ok(()) };
        let mut fields = vec![("token", token.as_str())];
        fields.extend(choices.map(|choice| ("choice", choice)));
        let Some(ordered) = self.desk.ask_once(|| clerk.post("/staff/letters/print", &fields))? else { return Ok(()) };
        let batch = ordered.location().unwrap_or_else(|| panic!("{}", ordered.text())).to_owned();
        self.desk.book().prints.push(token.clone());
        loop {
            let page = self.desk.ask(|| clerk.get(&batch))?;
            if page.says("PDFを作成しています") {
                std::thread::sleep(Duration::from_millis(20));
            } else if page.says("通のPDFができました") {
                let pdf = self.desk.ask_once(|| clerk.post(&format!("{batch}/pdf"), &[]))?;
                let fetched = pdf.is_some_and(|page| page.bytes.starts_with(b"%PDF"));
                self.desk.book().fetched += u32::from(fetched);
                return Ok(());
            } else {
                let ended = ["サーバーが再起動しました", "受け取り済み", "PDFを作成できませんでした"];
                assert!(ended.iter().any(|how| page.says(how)), "{}", page.text());
                return Ok(());
            }
        }
    }
}

/// A member of staff, enrolled by the link and logged in. Before anybody is killed.
pub fn member(port: u16, link: &str, name: &str) -> Client {
    let mut client = Client::new(port, 0);
    let path = &link[link.find("/staff/").unwrap()..];
    client.open(path).unwrap();
    let fields = [("new_password", STAFF_PASSWORD), ("new_password_again", STAFF_PASSWORD)];
    assert_eq!(client.post("/staff/enrol", &fields).unwrap().status, 303);
    let authenticator = shown_secret(&client.get("/staff/enrol/app").unwrap());
    let now = Clock::system().now();
    let proven = client.post("/staff/enrol/app", &[("code", &authenticator.code(step_before(now)))]).unwrap();
    assert_eq!(proven.status, 303, "{}", proven.text());
    client.open("/staff/login").unwrap();
    let password = client.post("/staff/login", &[("name", name), ("password", STAFF_PASSWORD)]).unwrap();
    assert_eq!(password.location(), Some("/staff/login/code"), "{}", password.text());
    client.get("/staff/login/code").unwrap();
    let code = authenticator.code(Clock::system().now());
    let entered = client.post("/staff/login/code", &[("code", &code)]).unwrap();
    assert_eq!(entered.location(), Some("/staff"), "{}", entered.text());
    client
}

fn control_number(page: &Page) -> String {
    let text = page.text();
    let is_number = |word: &&str| word.len() == 13 && word.starts_with('U');
    text.split(|c: char| !c.is_ascii_alphanumeric()).find(is_number).unwrap_or_else(|| panic!("{text}")).to_owned()
}
