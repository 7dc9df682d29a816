//! The counter while the story is played: each scene is the use case that a visitor, a clerk or an office would have called.

use std::collections::HashMap;

use jiff::Timestamp;

use super::fill::{CLIENT, FillError};
use super::offices::{self, Has, OFFICES};
use super::people::{self, STAFF};
use super::portal::{HOME, Players};
use super::story::{Paper, Scene, Tag};
use crate::accounts::{self, Kind, Temporary};
use crate::app::App;
use crate::audit::Actor;
use crate::kernel::{Clock, ControlNumber, Id, Prefecture, Secret, UserId, jst};
use crate::letters::{self, Choice, Letter, Occasion, Posting};
use crate::login::{self, LoginError, Outcome};
use crate::reissue::{self, Arrival, By, Channel, Inquiry, MarkError, Move, Person, Rejection, Slip, Source};
use crate::staff::{self, Desk, Role};
use crate::store::{StoreError, Tx};

/// The counter while the story is played.
pub(super) struct Counter {
    app: App,
    clock: Clock,
    /// Ids of [`STAFF`], in its order.
    staff: Vec<Id>,
    numbers: HashMap<Tag, ControlNumber>,
    portal: Players,
}

impl Counter {
    /// A counter with this staff, before anything has happened.
    pub(super) fn new(app: App, clock: Clock, staff: Vec<Id>) -> Self {
        Self { app, clock, staff, numbers: HashMap::new(), portal: Players::default() }
    }

    /// Lets the time pass, and everything happen that happens by itself.
    pub(super) async fn move_to(&self, at: Timestamp) -> Result<(), FillError> {
        self.clock.advance(at.duration_since(self.clock.now()));
        self.app.runner().run_due().await?;
        Ok(())
    }

    pub(super) async fn play(&mut self, scene: Scene) -> Result<(), FillError> {
        match scene {
            Scene::Issue(place) => self.issue(place).await,
            Scene::Arrive(tag, (place, serial), local) => {
                let contact = Some(offices::mail(local));
                self.receive(
                    tag,
                    Arrival { office: offices::key(place, serial), contact, source: Source::Visitor, client: CLIENT },
                )
                .await
            }
            Scene::Window(tag, (place, serial)) => {
                let by = self.person(place, Role::Clerk)?;
                let slip = Slip {
                    channel: Channel::Telephone,
                    name: "デイサービス こだま".to_owned(),
                    telephone: "0000-07-1234".to_owned(),
                    note: "元管理者の方からのお電話。前月分の請求が残っているとのこと。".to_owned(),
                    form: None,
                };
                let arrival = Arrival {
                    office: offices::key(place, serial),
                    contact: None,
                    source: Source::Desk { by, slip },
                    client: CLIENT,
                };
                self.receive(tag, arrival).await
            }
            Scene::Take(tag) => self.mark(tag, Role::Clerk, Move::Take).await,
            Scene::Inquire(tag, reason, text) => {
                let until = jst::date(jst::plus_days(self.clock.now(), 14));
                self.mark(tag, Role::Clerk, Move::Inquire(Inquiry { reason, text: text.to_owned(), until })).await
            }
            Scene::Resume(tag) => self.mark(tag, Role::Clerk, Move::Resume).await,
            Scene::Approve(tag) => self.mark(tag, Role::Approver, Move::Approve { two_person: false }).await,
            Scene::Reject(tag, reason, sentence) => {
                self.mark(tag, Role::Approver, Move::Reject(Rejection { reason, sentence: sentence.to_owned() })).await
            }
            Scene::Withdraw(tag) => self.move_by(tag, By::Applicant, Move::Withdraw { note: String::new() }).await,
            Scene::Print(place, papers) => self.print(place, papers).await,
            Scene::Post(place, papers) => self.post(place, papers).await,
            Scene::Return(paper, note) => self.take_back(paper, note).await,
            Scene::Tell((place, serial)) => self.tell(UserId::of(offices::key(place, serial))).await,
            Scene::FirstLogin((place, serial)) => self.first_login(UserId::of(offices::key(place, serial))).await,
            Scene::Portal(scene) => {
                let desk = self.operator()?;
                self.portal.play(&self.app, &desk, scene).await
            }
        }
    }

    async fn issue(&self, place: u8) -> Result<(), FillError> {
        let offices =
            OFFICES.iter().filter(|one| one.place == place && one.has == Has::Letter).map(|one| one.key().number).collect();
        let app = self.app.clone();
        let issue = move || {
            let world = (&app.clock, &app.random);
            let offices = letters::Offices::These(offices);
            letters::issue(&app.store, world, &Actor::Console, prefecture(place), &offices, Kind::New, &mut |_, _| {})
        };
        tokio::task::spawn_blocking(issue).await.map_err(|error| FillError::Refused(error.to_string()))??;
        Ok(())
    }

    async fn receive(&mut self, tag: Tag, arrival: Arrival) -> Result<(), FillError> {
        let moment = self.app.moment();
        let limits = self.app.config.limits.clone();
        let receive = move |tx: &mut Tx<'_>| reissue::receive(tx, &moment, &limits, arrival.clone());
        let one = self.app.store.write::<_, StoreError, _>(receive).await?;
        self.numbers.insert(tag, one.number);
        Ok(())
    }

    async fn mark(&self, tag: Tag, role: Role, mv: Move) -> Result<(), FillError> {
        let number = self.number(tag)?;
        let office = self.app.store.read(|r| reissue::find(r, number))?.map(|one| one.office);
        let place = office.map_or(0, |office| u8::from(office.prefecture));
        let by = By::Staff(self.person(place, role)?);
        self.move_by(tag, by, mv).await
    }

    async fn move_by(&self, tag: Tag, by: By, mv: Move) -> Result<(), FillError> {
        let (moment, number) = (self.app.moment(), self.number(tag)?);
        let moved = self.app.store.write(move |tx| reissue::mark(tx, &moment, number, mv.clone(), by.clone())).await;
        match moved {
            Ok(_) => Ok(()),
            Err(MarkError::Store(error)) => Err(error.into()),
            Err(refused) => Err(FillError::Refused(format!("{tag}: {refused}"))),
        }
    }

    async fn print(&self, place: u8, papers: &[Paper]) -> Result<(), FillError> {
        let desk = self.desk(place, Role::Clerk)?;
        let choices = papers.iter().map(|paper| self.choice(*paper)).collect::<Result<_, _>>()?;
        let token = Id::new(&self.app.moment().part("print").random());
        refused(letters::order(&self.app, &desk, CLIENT, token, choices, String::new()).await?)?;
        self.app.runner().run_due().await?;
        match letters::deliver(&self.app, &desk, CLIENT, token).await? {
            Some(_) => Ok(()),
            None => Err(FillError::Refused(format!("{papers:?}: nothing was printed"))),
        }
    }

    async fn post(&self, place: u8, papers: &[Paper]) -> Result<(), FillError> {
        let desk = self.desk(place, Role::Clerk)?;
        let postings = papers.iter().map(|paper| {
            let number = self.letter(*paper)?.number;
            Ok(Posting { given: number.map(|number| number.to_string()).unwrap_or_default(), number, tracking: String::new() })
        });
        let postings = postings.collect::<Result<_, FillError>>()?;
        for (_, posted) in letters::post(&self.app, &desk, CLIENT, postings, jst::date(self.clock.now())).await? {
            refused(posted)?;
        }
        Ok(())
    }

    async fn take_back(&self, paper: Paper, note: &str) -> Result<(), FillError> {
        let letter = self.letter(paper)?;
        let desk = self.desk(u8::from(letter.office.prefecture), Role::Clerk)?;
        match letters::take_back(&self.app, &desk, CLIENT, letter.id, note.to_owned()).await? {
            Some(done) => refused(done).map(drop),
            None => Err(FillError::Refused(format!("{paper:?}: no such letter"))),
        }
    }

    /// The password on the letter is made anew as always; that it is known here is the demo's own doing.
    async fn tell(&self, user_id: UserId) -> Result<(), FillError> {
        let keys = self.app.keys.clone();
        let told = self.app.store.write(move |tx| {
            let Some(printed) = accounts::find(tx, user_id)?.and_then(|account| account.temporary) else { return Ok(false) };
            let password = Secret::new(people::TEMPORARY_PASSWORD.to_owned());
            let temporary = Temporary::new(&keys, user_id, &password, printed.letter, printed.expires);
            accounts::set_temporary(tx, user_id, temporary)
        });
        if told.await? { Ok(()) } else { Err(FillError::Refused(format!("{user_id}: no letter is out"))) }
    }

    async fn first_login(&self, user_id: UserId) -> Result<(), FillError> {
        let attempt = login::Attempt {
            typed: user_id.to_string(),
            password: Secret::new(people::TEMPORARY_PASSWORD.to_owned()),
            browser: self.app.random.bytes(),
            device: None,
            client: CLIENT.to_string(),
            agent: String::new(),
        };
        match login::log_in(&self.app, attempt).await {
            Ok(Outcome::Entered(_)) => {}
            Ok(_) | Err(LoginError::Ended) => {
                return Err(FillError::Refused(format!("{user_id}: the temporary password did not open")));
            }
            Err(LoginError::Store(error)) => return Err(error.into()),
            Err(LoginError::Busy(busy)) => return Err(busy.into()),
        }
        let now = self.clock.now();
        let choose = move |tx: &mut Tx<'_>| {
            let other = accounts::find(tx, UserId::of(OFFICES[0].key()))?.and_then(|account| account.password);
            if let (Some(mut account), Some(password)) = (accounts::find(tx, user_id)?, other) {
                account.set_password(password, now);
                // Gone through to the end, as far as an existing office has steps.
                account.review_addresses = false;
                account.settled = Some(now);
                accounts::save(tx, &account)?;
            }
            Ok::<_, StoreError>(())
        };
        Ok(self.app.store.write(choose).await?)
    }

    fn number(&self, tag: Tag) -> Result<ControlNumber, FillError> {
        self.numbers.get(tag).copied().ok_or_else(|| FillError::Refused(format!("{tag}: has not arrived")))
    }

    fn letter(&self, paper: Paper) -> Result<Letter, FillError> {
        let letter = match paper {
            Paper::Of(tag) => {
                let number = self.number(tag)?;
                self.app.store.read(|r| letters::of_application(r, number))?
            }
            Paper::First((place, serial)) => {
                let all = self.app.store.read(|r| letters::of_office(r, offices::key(place, serial)))?;
                all.into_iter().find(|letter| letter.occasion == Occasion::FirstIssue)
            }
        };
        letter.ok_or_else(|| FillError::Refused(format!("{paper:?}: no letter")))
    }

    fn choice(&self, paper: Paper) -> Result<Choice, FillError> {
        match paper {
            Paper::Of(tag) => self.number(tag).map(Choice::Application),
            Paper::First(_) => self.letter(paper).map(|letter| Choice::Letter(letter.id)),
        }
    }

    fn desk(&self, place: u8, role: Role) -> Result<Desk, FillError> {
        let Person { id, name } = self.person(place, role)?;
        let prefecture = prefecture(place);
        Ok(Desk::new(id, name, role, staff::Scope::One(prefecture), prefecture))
    }

    /// The operator of all federations, at the one in which the portal's story is set.
    fn operator(&self) -> Result<Desk, FillError> {
        let found = STAFF.iter().zip(&self.staff).find(|(one, _)| one.role == Role::Operator);
        let (one, id) = found.ok_or_else(|| FillError::Refused("nobody operates the portal".to_owned()))?;
        Ok(Desk::new(*id, one.name.to_owned(), Role::Operator, one.scope(), prefecture(HOME)))
    }

    fn person(&self, place: u8, role: Role) -> Result<Person, FillError> {
        let found = STAFF.iter().zip(&self.staff).find(|(one, _)| one.place == Some(place) && one.role == role);
        let (one, id) = found.ok_or_else(|| FillError::Refused(format!("{place}: nobody works there")))?;
        Ok(Person { id: *id, name: one.name.to_owned() })
    }
}

fn prefecture(place: u8) -> Prefecture {
    Prefecture::new(place).expect("the story names only prefectures that exist")
}

fn refused<T>(outcome: Result<T, letters::Refused>) -> Result<T, FillError> {
    outcome.map_err(|refused| FillError::Refused(refused.to_string()))
}
