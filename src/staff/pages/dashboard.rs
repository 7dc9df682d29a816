//! 【ダッシュボード】: what waits now, how long offices wait, how many applications come.

use jiff::civil::Date;
use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use crate::app::App;
use crate::config::Federation;
use crate::kernel::{Prefecture, jst};
use crate::mail::outbox;
use crate::reissue::{self, Figures, State};
use crate::staff::{self, Desk, Nav, Role, Scope};
use crate::store::{Reads, StoreError};
use crate::web::components::{Bar, Choice, Tile, Tone, bar_chart, form, select, tiles};
use crate::web::{Answer, Visit};

/// Counting stops here; a queue as long as this is long in any case.
const COUNT_MOST: usize = 1_000;
/// Days of the chart, today included, and of the median.
const DAYS: i64 = 30;

/// What the dashboard of one federation shows.
struct Now {
    /// (state, how many).
    waiting: Vec<(State, usize)>,
    /// The day the oldest application that waits for the federation came in.
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
    let federations = choose_federation(&desk, &visit, &app.config.federation);
    if !desk.may(Role::Clerk) {
        let body = html! { (federations) p { "この担当で使える画面は、まだありません。" } };
        return staff::page(&desk, &visit, "ダッシュボード", Nav::Dashboard, body);
    }
    let today = jst::date(visit.now);
    let now = app.store.read(|r| look(r, desk.prefecture(), today))?;
    let body = html! { (federations) (figures(&now, today)) (chart(&now)) };
    staff::page(&desk, &visit, "ダッシュボード", Nav::Dashboard, body)
}

/// The states that wait for the federation itself, then those that wait for others.
const WATCHED: [State; 6] =
    [State::Received, State::UnderReview, State::Inquiring, State::Approved, State::Printed, State::Returned];

fn look(r: &impl Reads, prefecture: Prefecture, today: Date) -> Result<Now, StoreError> {
    let mut waiting = Vec::new();
    for state in WATCHED {
        waiting.push((state, reissue::count_in_state(r, prefecture, state, COUNT_MOST)?));
    }
    let mut oldest: Option<Date> = None;
    for state in [State::Received, State::UnderReview, State::Inquiring] {
        let first = reissue::in_state(r, prefecture, state, None, 1)?.pop().map(|one| jst::date(one.received));
        oldest = [oldest, first].into_iter().flatten().min();
    }
    let first = today.checked_sub(jiff::Span::new().days(DAYS - 1)).unwrap_or(today);
    Ok(Now {
        waiting,
        oldest,
        days: reissue::figures(r, prefecture, first, today)?,
        failed_mails: outbox::count(r, outbox::State::Failed, Some(prefecture), COUNT_MOST)?,
    })
}

fn figures(now: &Now, today: Date) -> Markup {
    let shown = |count: usize| if count >= COUNT_MOST { format!("{COUNT_MOST}以上") } else { count.to_string() };
    let counts: Vec<(State, String, usize)> = now.waiting.iter().map(|(state, n)| (*state, shown(*n), *n)).collect();
    let age = now.oldest.map(|day| today.since(day).map_or(0, |span| span.get_days()));
    let (age_value, age_unit) = age.map_or(("—".to_owned(), ""), |days| (days.to_string(), "日前"));
    let oldest = now.oldest.map(|day| format!("{}受付", jst::list(day))).unwrap_or_default();
    let median = reissue::median_days(&now.days).map_or("—".to_owned(), |days| days.to_string());
    let failed = shown(now.failed_mails);
    let mut all: Vec<Tile<'_>> = counts
        .iter()
        .map(|(state, count, n)| Tile {
            label: label(*state),
            value: count,
            unit: "件",
            note: "",
            href: None,
            tone: if *n == 0 { Tone::Quiet } else { tone(*state) },
        })
        .collect();
    let plain = |label, value, unit, note, tone| Tile { label, value, unit, note, href: None, tone };
    all.push(plain("最も古い審査待ち", &age_value, age_unit, &oldest, if age >= Some(7) { Tone::Bad } else { Tone::Quiet }));
    all.push(plain("受付から発送まで", &median, if median == "—" { "" } else { "日" }, "30日間の中央値", Tone::Quiet));
    let mail = if now.failed_mails == 0 { Tone::Quiet } else { Tone::Bad };
    all.push(plain("送れなかったメール", &failed, "通", "", mail));
    html! { section { h2.vh { "現在の件数" } (tiles(&all)) } }
}

/// What the tile of a state is called: what is to be done, where the state's own name does not say it.
const fn label(state: State) -> &'static str {
    match state {
        State::Received => "受付済（未着手）",
        State::UnderReview => "審査中",
        State::Inquiring => "照会中",
        State::Approved => "承認（印刷待ち）",
        State::Printed => "印刷済（発送待ち）",
        _ => "返戻",
    }
}

const fn tone(state: State) -> Tone {
    match state {
        State::Received => Tone::New,
        State::UnderReview => Tone::Active,
        State::Inquiring => Tone::Waiting,
        State::Returned => Tone::Bad,
        _ => Tone::Good,
    }
}

fn chart(now: &Now) -> Markup {
    let labels: Vec<(String, u32)> =
        now.days.iter().map(|(day, figures)| (format!("{}/{}", day.month(), day.day()), figures.received)).collect();
    let bars: Vec<Bar<'_>> = labels.iter().map(|(label, value)| Bar { label, value: *value }).collect();
    html! {
        section.card {
            h2 { "日ごとの受付件数" }
            (bar_chart("30日間に受け付けた再発行申請", "件", &bars))
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
        section.card {
            h2 { "表示する連合会" }
            (form("/staff/federation", &visit.csrf(), html! {
                (select("prefecture", "連合会", &choices).chosen(&here))
                button.button type="submit" { "切り替える" }
            }))
        }
    }
}
