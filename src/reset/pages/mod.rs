//! Screens R1–R5 and those of 端末の確認 (spec 3). Each says which states of the flow may see it; everybody else is sent to the screen of
//! their state.

pub mod ask;
pub mod code;
pub mod device;
mod one_time;
pub mod password;

use std::net::IpAddr;

use poem::Response;

use super::flow::{self, Visitor};
use super::model::{Flow, Screen, Way};
use crate::app::App;
use crate::kernel::{Id, Moment};
use crate::lost;
use crate::security::devices;
use crate::web::{self, Answer, Cookie, Fault, Visit, cookies, see_other};

/// Steps of a reset (spec 3).
const STEPS: [&str; 5] = [lost::TITLE, "ログイン情報再設定認証", "ワンタイムパスワード入力", "ログイン情報再設定", "終了"];
/// Steps of 端末の確認.
const DEVICE_STEPS: [&str; 3] = ["端末の確認", "ワンタイムパスワード入力", "終了"];

/// See [`crate::web::FlowCookie::offer`].
const FLOW: &str = "flow";
/// The name of \[戻る\], which sends what was typed.
const BACK: &str = "back";
/// セキュリティ用メールアドレス.
const ADDRESS: &str = "address";
const ADDRESS_FIELD: (&str, &str) = (ADDRESS, "セキュリティ用メールアドレス");

/// What a use case needs of a request, owned, so that the writer thread can have it.
#[derive(Clone)]
struct Here {
    app: App,
    moment: Moment,
    way: Way,
    flow: [u8; 32],
    network: String,
    client: IpAddr,
}

impl Here {
    fn new(app: &App, visit: &Visit, way: Way, flow: [u8; 32]) -> Self {
        let (network, client) = (visit.network.to_string(), visit.client);
        Self { app: app.clone(), moment: app.moment(), way, flow, network, client }
    }

    fn visitor(&self) -> Visitor<'_> {
        Visitor {
            moment: self.moment,
            config: &self.app.config,
            keys: &self.app.keys,
            way: self.way,
            flow: self.flow,
            network: self.network.clone(),
            client: self.client,
        }
    }
}

/// The device of this browser, a new one where it has none of ours.
fn device(app: &App, visit: &Visit, moment: &Moment) -> Id {
    own_device(app, visit).unwrap_or_else(|| Id::new(&moment.part("device").random()))
}

fn own_device(app: &App, visit: &Visit) -> Option<Id> {
    visit.cookie(Cookie::Device).and_then(|value| devices::read(&app.keys, value))
}

/// The browser is `device` from now on, unless it is already. At every answer that tells of the end: of two clicks either may be the one
/// whose answer is shown, and a cookie that the account does not know would shut the office out while strangers are refused.
fn is_device(app: &App, visit: &Visit, response: &mut Response, device: Option<Id>) {
    if let Some(id) = device.filter(|id| own_device(app, visit) != Some(*id)) {
        cookies::set(response, Cookie::Device, &devices::cookie(&app.keys, id), visit.secure());
    }
}

/// Too many forms of resets and devices came from this network: nothing of this one is looked at, so that nobody keeps the writer busy.
fn crowded(app: &App, visit: &Visit, way: Way) -> Option<Response> {
    let title = if way == Way::Reset { STEPS[1] } else { DEVICE_STEPS[0] };
    let again_at = app.resets().admit(visit.network, visit.now).err()?;
    Some(web::too_many_forms(visit, title, way.path(Screen::Ask), again_at))
}

/// The flow of this browser, if there is one.
fn current(app: &App, visit: &Visit, way: Way) -> Result<Option<Flow>, Fault> {
    match visit.flow() {
        Some(key) => Ok(app.store.read(|r| flow::current(r, &app.config, visit.now, way, key))?),
        None => Ok(None),
    }
}

/// Where a browser belongs that may not see the screen it asked for.
fn home(app: &App, visit: &Visit, way: Way, flow: Option<&Flow>) -> Answer {
    see_other(way.path(flow.map_or(Screen::Ask, |flow| flow.home(&app.config.code, visit.now))))
}
