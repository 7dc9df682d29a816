//! A clerk at the desk of the first federation, through the real screens.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use uketsuke::kernel::{Clock, Secret};
use uketsuke::staff::Authenticator;

use crate::Outcome;
use crate::house::Site;
use crate::http::Browser;
use crate::statistics::millis;

const NAME: &str = "見本太郎";
const PASSWORD: &str = "kettle orbit wax 47";

/// A member of staff who can log in.
pub struct Clerk {
    authenticator: Authenticator,
}

/// The clerk's browser, logged in.
pub struct Desk {
    pub browser: Browser,
}

impl Clerk {
    /// Adds the member on the running server, and enrols. The proving code is that of the step before, so that the present one still
    /// logs in.
    pub async fn enrol(site: &Site) -> Outcome<Self> {
        let told = site.run(&["staff", "add", NAME, "--prefecture", "07", "--role", "clerk"])?;
        let origin = format!("http://localhost:{}", site.port);
        let link = told.lines().find_map(|line| line.strip_prefix(&origin)).ok_or("no link was printed")?;
        let mut browser = Browser::open(site.port).await?;
        let there = browser.get(link).await?;
        let next = there.headers("location").next().unwrap_or(link).to_owned();
        browser.page(&next).await?;
        let fields = [("new_password", PASSWORD), ("new_password_again", PASSWORD)];
        expect(&browser.post("/staff/enrol", &fields).await?, 303)?;
        let page = browser.page("/staff/enrol/app").await?;
        let at = page.find("setup-key\">").ok_or("the screen shows no secret")? + "setup-key\">".len();
        let text: String = page[at..].chars().take_while(|c| *c != '<').filter(|c| !c.is_whitespace()).collect();
        let secret = data_encoding::BASE32_NOPAD.decode(text.as_bytes())?;
        let authenticator = Authenticator::from_secret(Secret::new(secret));
        let code = authenticator.code(Clock::system().now() - SignedDuration::from_secs(30));
        expect(&browser.post("/staff/enrol/app", &[("code", &code)]).await?, 303)?;
        Ok(Self { authenticator })
    }

    /// Each code opens once: a second login within half a minute waits for the next.
    pub async fn log_in(&self, port: u16) -> Outcome<Desk> {
        let begin = Instant::now();
        loop {
            let mut browser = Browser::open(port).await?;
            browser.page("/staff/login").await?;
            expect(&browser.post("/staff/login", &[("name", NAME), ("password", PASSWORD)]).await?, 303)?;
            browser.page("/staff/login/code").await?;
            let code = self.authenticator.code(Clock::system().now());
            let answer = browser.post("/staff/login/code", &[("code", &code)]).await?;
            if answer.status == 303 {
                return Ok(Desk { browser });
            }
            if begin.elapsed() > Duration::from_secs(70) {
                return Err(format!("the clerk cannot log in: {}", answer.head).into());
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    }
}

fn expect(answer: &crate::http::Answer, status: u16) -> Outcome<()> {
    if answer.status == status { Ok(()) } else { Err(format!("{}{}", answer.head, answer.text()).into()) }
}

/// A print and how long it took.
pub struct Printed {
    /// The page of the batch.
    pub batch: String,
    pub letters: usize,
    /// From the button to the page that offers the PDF, in milliseconds.
    pub millis: f64,
}

impl Desk {
    /// Prints up to `most` of the letters that wait.
    pub async fn print(&mut self, most: usize) -> Outcome<Printed> {
        let page = self.browser.page("/staff/letters").await?;
        let token = value(&page, "name=\"token\" value=\"").ok_or("no letter waits")?;
        let choices: Vec<String> = page
            .split("name=\"choice\" value=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .take(most)
            .map(str::to_owned)
            .collect();
        let fields: Vec<(&str, &str)> =
            choices.iter().map(|choice| ("choice", choice.as_str())).chain([("token", token.as_str())]).collect();
        self.wait_for("/staff/letters/print", &fields, choices.len()).await
    }

    /// Prints all letters of a batch once more.
    pub async fn print_again(&mut self, before: &Printed) -> Outcome<Printed> {
        let page = self.browser.page(&before.batch).await?;
        let token = value(&page, "name=\"token\" value=\"").ok_or("the batch cannot be printed again")?;
        let fields = [("token", token.as_str()), ("reason", "紙づまりのため")];
        self.wait_for(&format!("{}/again", before.batch), &fields, before.letters).await
    }

    async fn wait_for(&mut self, path: &str, fields: &[(&str, &str)], letters: usize) -> Outcome<Printed> {
        let begin = Instant::now();
        let answer = self.browser.post(path, fields).await?;
        expect(&answer, 303)?;
        let batch = answer.headers("location").next().ok_or("no batch")?.to_owned();
        // A page of many letters costs the server something too: not to be asked for too often.
        let pause = Duration::from_micros(if letters > 10 { 40_000 } else { 500 });
        loop {
            tokio::time::sleep(pause).await;
            let page = self.browser.page(&batch).await?;
            if !page.contains("PDFを作成しています") {
                let millis = millis(begin.elapsed());
                let done = format!("{letters}通のPDFができました");
                return if page.contains(&done) { Ok(Printed { batch, letters, millis }) } else { Err(page.into()) };
            }
        }
    }

    /// Fetches the PDF of a batch, so that the server does not keep it.
    pub async fn fetch(&mut self, printed: &Printed) -> Outcome<usize> {
        self.browser.page(&printed.batch).await?;
        let answer = self.browser.post(&format!("{}/pdf", printed.batch), &[]).await?;
        if answer.body.starts_with(b"%PDF") { Ok(answer.body.len()) } else { Err(answer.head.into()) }
    }
}

fn value(page: &str, before: &str) -> Option<String> {
    let at = page.find(before)? + before.len();
    Some(page[at..].split('"').next()?.to_owned())
}
