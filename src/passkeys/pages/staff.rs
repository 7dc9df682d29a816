//! Staff: beside their name.

use poem::handler;
use poem::web::Data;

use super::frame::Frame;
use super::own::{self, Arrival};
use crate::app::App;
use crate::staff::Desk;
use crate::web::{Answer, Form, Kept, Query, Visit};

/// 【パスキー】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, desk: Desk, Query(arrival): Query<Arrival>) -> Answer {
    own::list(&app, &Frame::Staff(visit, desk), &arrival)
}

/// 【パスキーの登録】
#[handler]
pub fn new(app: Data<&App>, visit: Visit, desk: Desk, kept: Kept) -> Answer {
    own::new(&app, &Frame::Staff(visit, desk), kept.form().map_or("", |form| form.get("name")))
}

/// \[次へ\]
#[handler]
pub async fn begin(app: Data<&App>, visit: Visit, desk: Desk, form: Form) -> Answer {
    own::begin(&app, &Frame::Staff(visit, desk), &form).await
}

/// \[登録\]
#[handler]
pub async fn register(app: Data<&App>, visit: Visit, desk: Desk, form: Form) -> Answer {
    own::register(&app, &Frame::Staff(visit, desk), &form).await
}

/// \[削除\]
#[handler]
pub async fn remove(app: Data<&App>, visit: Visit, desk: Desk, form: Form) -> Answer {
    own::remove(&app, &Frame::Staff(visit, desk), &form).await
}
