//! 【ダッシュボード】: what waits now, how long offices wait, how many applications come; and what the member is told of their own account.

use jiff::civil::Date;
use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{news, warnings};
use crate::app::App;
use crate::config::Federation;
use crate::contact_form;
use crate::kernel::{Prefecture, jst};
use crate::letters;
use crate::mail::outbox;
use crate::reissue::{self, Figures, State};
use crate::staff::{self, Desk, Nav, Role, Scope};
use crate::store::{Reads, StoreError};
use crate::web::components::{Bar, Choice, Tile, Tone, bar_chart, hidden, select, tiles};
use crate::web::{Answer, Visit};

/// Counting stops here; a queue as long as this is long in any case.
const COUNT_MOST: usize = 1_000;
/// Days of the chart, today included, and of the median.
const DAYS: i64 = 30;
/// From this many days on the oldest application stands out: the mails promise days to a week.
const LATE: i32 = 7;

/// What the dashboard of one federation shows.
struct Now {
    /// Applications that wait for the federation or for the applicant.
    applications: Vec<(State, usize)>,
    /// Letters, of applications and of first issues.
    letters: Vec<(letters::State, usize)>,
    /// The day the oldest of these applications came in.
    oldest: Option<Date>,
    /// The last [`DAYS`] days.
    days: Vec<(Date, Figures)>,
    failed_mails: usize,
}

/// The dashboard.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub async fn show(Data(app): Data<&App>, visit: Visit, desk: Desk) -> Answer {
    let own = news::passkeys(app, &visit, &desk)?;
    if !desk.may(Role::Clerk) {
        let federations = choose_federation(&desk, &visit, &app.config.federation);
        let waiting = app.store.read(|r| contact_form::tiles(r, desk.prefecture(), visit.now))?;
        let body = html! {
            (own) (federations)
            section { h2.vh { "現在の件数" } (waiting) }
            p { a href="/staff/portal" { "ポータルの問い合わせを開く" } }
            p { a href="/staff/portal/institutions" { "ポータルの利用者を探す" } }
        };
        return staff::page(&desk, &visit, "ダッシュボード", Nav::Dashboard, body);
    }
    let today = jst::date(visit.now);
    let now = app.store.read(|r| look(r, desk.prefecture(), today))?;
    let federations = choose_federation(&desk, &visit, &app.config.federation);
    // Whoever can telephone the system administrator; clerks have no use for it.
    let warnings = if desk.may(Role::Admin) {
        html! { (warnings::clock(app, &visit)?) (warnings::backups(app, &visit)?) }
    } else {
        html! {}
    };
    let body = html! { (own) (federations) (warnings) (figures(&now, today)) (chart(&now)) };
    staff::page(&desk, &visit, "ダッシュボード", Nav::Dashboard, body)
}

/// States in which an application waits.
const OPEN: [State; 3] = [State::Received, State::UnderReview, State::Inquiring];

fn look(r: &impl Reads, prefecture: Prefecture, today: Date) -> Result<Now, StoreError> {
    let (mut applications, mut oldest) = (Vec::new(), None::<Date>);
    for state in OPEN {
        applications.push((state, reissue::count_in_state(r, prefecture, state, COUNT_MOST)?));
        let first = reissue::in_state(r, prefecture, state, None, 1)?.pop().map(|one| jst::date(one.received));
        oldest = [oldest, first].into_iter().flatten().min();
    }
    let mut out = Vec::new();
    for state in [letters::State::Waiting, letters::State::Printed, letters::State::Returned] {
        let mut count = letters::count_in_state(r, prefecture, state, COUNT_MOST)?;
        if state == letters::State::Waiting {
            // An approved application gets its letter when it is printed.
            count += reissue::count_in_state(r, prefecture, State::Approved, COUNT_MOST)?;
        }
        out.push((state, count));
    }
    let first = today.checked_sub(jiff::Span::new().days(DAYS - 1)).unwrap_or(today);
    Ok(Now {
        applications,
        letters: out,
        oldest,
        days: reissue::figures(r, prefecture, first, today)?,
        failed_mails: outbox::count(r, outbox::State::Failed, Some(prefecture), COUNT_MOST)?,
    })
}

/// A tile with its own texts.
struct Figure {
    label: String,
    value: String,
    unit: &'static str,
    note: String,
    href: Option<String>,
    tone: Tone,
}

impl Figure {
    /// A number of things; zero is quiet.
    fn count(label: String, count: usize, unit: &'static str, tone: Tone) -> Self {
        let value = if count >= COUNT_MOST { format!("{COUNT_MOST}以上") } else { count.to_string() };
        let tone = if count == 0 { Tone::Quiet } else { tone };
        Self { label, value, unit, note: String::new(), href: None, tone }
    }

    /// Where the tile leads.
    fn to(self, href: String) -> Self {
        Self { href: Some(href), ..self }
    }
}

fn figures(now: &Now, today: Date) -> Markup {
    let applications = now.applications.iter().map(|(state, count)| {
        let tone = match state {
            State::Received => Tone::New,
            State::UnderReview => Tone::Active,
            _ => Tone::Waiting,
        };
        let href = format!("/staff/applications?state={}", state.word());
        Figure::count(state.title().to_owned(), *count, "件", tone).to(href)
    });
    let letters = now.letters.iter().map(|(state, count)| {
        let (label, tone) = match state {
            letters::State::Waiting => ("印刷待ち", Tone::Good),
            letters::State::Printed => ("発送待ち", Tone::Good),
            _ => ("返戻", Tone::Bad),
        };
        let href = format!("/staff/letters?list={}", state.word());
        Figure::count(format!("通知書の{label}"), *count, "通", tone).to(href)
    });
    let all: Vec<Figure> = applications.chain([age(now, today)]).chain(letters).chain([median(now), mails(now)]).collect();
    let all: Vec<Tile<'_>> = all
        .iter()
        .map(|one| Tile {
            label: &one.label,
            value: &one.value,
            unit: one.unit,
            note: &one.note,
            href: one.href.as_deref(),
            tone: one.tone,
        })
        .collect();
    html! { section { h2.vh { "現在の件数" } (tiles(&all)) } }
}

fn age(now: &Now, today: Date) -> Figure {
    let days = now.oldest.map(|day| today.since(day).map_or(0, |span| span.get_days()));
    Figure {
        label: "最も古い未処理".to_owned(),
        value: days.map_or("―".to_owned(), |days| days.to_string()),
        unit: if days.is_some() { "日前" } else { "" },
        note: now.oldest.map(|day| format!("{}受付", jst::list(day))).unwrap_or_default(),
        href: days.map(|_| "/staff/applications".to_owned()),
        tone: if days >= Some(LATE) { Tone::Bad } else { Tone::Quiet },
    }
}

fn median(now: &Now) -> Figure {
    let days = reissue::median_days(&now.days);
    Figure {
        label: "受付から発送まで".to_owned(),
        value: days.map_or("―".to_owned(), |days| days.to_string()),
        unit: if days.is_some() { "日" } else { "" },
        note: format!("{DAYS}日間の中央値"),
        href: None,
        tone: Tone::Quiet,
    }
}

fn mails(now: &Now) -> Figure {
    Figure::count("送れなかったメール".to_owned(), now.failed_mails, "通", Tone::Bad).to(super::mails::PATH.to_owned())
}

fn chart(now: &Now) -> Markup {
    let label = |(place, day): (usize, Date)| {
        // The month stands only where it begins: thirty whole dates do not fit beside each other.
        if place == 0 || day.day() == 1 { format!("{}/{}", day.month(), day.day()) } else { day.day().to_string() }
    };
    let labels: Vec<String> = now.days.iter().map(|(day, _)| *day).enumerate().map(label).collect();
    let bars = now.days.iter().zip(&labels).map(|((_, figures), label)| Bar { label, value: figures.received });
    let newest_first: Vec<Bar<'_>> = bars.rev().collect();
    html! {
        section.card.newest-first {
            h2 { "日ごとの受付件数" }
            (bar_chart("30日間に受け付けた再発行申請", "件", &newest_first))
        }
    }
}

/// For a member of all federations: whose desk this is, and the way to another.
fn choose_federation(desk: &Desk, visit: &Visit, all: &[Federation]) -> Markup {
    if desk.scope != Scope::All || all.len() < 2 {
        return html! {};
    }
    let codes: Vec<(String, &str)> = all.iter().map(|one| (one.prefecture.to_string(), one.name.as_str())).collect();
    let choices: Vec<Choice<'_>> = codes.iter().map(|(code, name)| Choice::new(code, name)).collect();
    let here = desk.prefecture().to_string();
    html! {
        form.filter.desk-choice method="post" action="/staff/federation" novalidate {
            (hidden("_csrf", &visit.csrf()))
            (select("prefecture", "表示する連合会", &choices).chosen(&here))
            button.button type="submit" { "切り替える" }
        }
    }
}
