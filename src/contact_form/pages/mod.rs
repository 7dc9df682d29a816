//! Screens Q1–Q4 of 【お問い合わせ】. Each says which states of the flow may see it; everybody else is sent to the screen of their state.

pub mod category;
pub mod check;
pub mod content;
pub mod done;
mod fields;

use std::net::IpAddr;

use poem::Response;

use super::flow::ask::{self as flow, Visitor};
use super::model::{Asking, Screen};
use crate::app::App;
use crate::kernel::Moment;
use crate::web::{self, Answer, Fault, Visit, see_other};

/// The screens' name.
const TITLE: &str = "お問い合わせ";
/// Steps of an inquiry (D).
const STEPS: [&str; 4] = ["区分の選択", "内容の入力", "送信確認", "終了"];
/// See [`crate::web::FlowCookie::offer`].
const FLOW: &str = "flow";
/// The name of \[戻る\], which sends what was typed.
const BACK: &str = "back";

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
        let (network, client) = (visit.network.to_string(), visit.client);
        Self { app: app.clone(), moment: app.moment(), flow, network, client }
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

/// Too many forms came from this network: nothing of this one is looked at, so that nobody keeps the writer busy.
fn crowded(app: &App, visit: &Visit) -> Option<Response> {
    let again_at = app.contacts().admit(visit.network, visit.now).err()?;
    Some(web::too_many_forms(visit, TITLE, Screen::Category.path(), again_at))
}

/// The flow of this browser, if there is one.
fn current(app: &App, visit: &Visit) -> Result<Option<Asking>, Fault> {
    match visit.flow() {
        Some(key) => Ok(app.store.read(|r| flow::current(r, &app.config, visit.now, key))?),
        None => Ok(None),
    }
}

/// Where a browser belongs that may not see the screen it asked for.
fn home(flow: Option<&Asking>) -> Answer {
    see_other(flow.map_or(Screen::Category, |flow| flow.stage.home()).path())
}
