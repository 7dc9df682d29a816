//! Screens A1–A6 (spec 3). Each says which states of the flow may see it; everybody else is sent to the screen of their state.

pub mod apply;
pub mod check;
pub mod code;
mod course;
pub mod progress;
pub mod withdraw;

use std::net::IpAddr;

pub use course::{course_of, state_badge};

use super::flow::apply::{self as flow, Visitor};
use super::model::{Applying, Screen};
use crate::app::App;
use crate::kernel::Moment;
use crate::lost;
use crate::web::{Answer, Fault, Visit, see_other};

/// Steps of a reissue (spec 3).
const STEPS: [&str; 5] = [lost::TITLE, "ログイン情報再発行申請", "確認コード入力", "送信確認", "終了"];

/// What a use case needs of a request, owned, so that the writer thread can have it.
#[derive(Clone)]
struct Here {
    app: App,
    moment: Moment,
    flow: [u8; 32],
    network: String,
    client: IpAddr,
}

impl Here {
    fn new(app: &App, visit: &Visit, flow: [u8; 32]) -> Self {
        Self { app: app.clone(), moment: app.moment(), flow, network: visit.network.to_string(), client: visit.client }
    }

    fn visitor(&self) -> Visitor<'_> {
        Visitor {
            moment: self.moment,
            config: &self.app.config,
            keys: &self.app.keys,
            flow: self.flow,
            network: self.network.clone(),
            client: self.client,
        }
    }
}

/// The flow A1–A5 of this browser, if there is one.
fn current(app: &App, visit: &Visit) -> Result<Option<Applying>, Fault> {
    match visit.flow() {
        Some(key) => Ok(app.store.read(|r| flow::current(r, &app.config, visit.now, key))?),
        None => Ok(None),
    }
}

/// Where a browser belongs that may not see the screen it asked for.
fn home(flow: Option<&Applying>) -> Answer {
    see_other(flow.map_or(Screen::Apply, |flow| flow.stage.home()).path())
}
