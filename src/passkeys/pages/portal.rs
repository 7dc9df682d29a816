//! Users of the portal: below マイページ.

use poem::handler;
use poem::web::Data;

use super::frame::Frame;
use super::own::{self, Arrival};
use crate::app::App;
use crate::portal::Bearer;
use crate::web::{Answer, Form, Query, Visit};

/// 【パスキー】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, bearer: Bearer, Query(arrival): Query<Arrival>) -> Answer {
    own::list(&app, &Frame::Portal(visit, bearer), &arrival)
}

/// 【パスキーの登録】
#[handler]
pub fn new(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    own::new(&app, &Frame::Portal(visit, bearer), "")
}

/// \[次へ\]
#[handler]
pub async fn begin(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    own::begin(&app, &Frame::Portal(visit, bearer), &form).await
}

/// \[登録\]
#[handler]
pub async fn register(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    own::register(&app, &Frame::Portal(visit, bearer), &form).await
}

/// \[削除\]
#[handler]
pub async fn remove(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    own::remove(&app, &Frame::Portal(visit, bearer), &form).await
}
