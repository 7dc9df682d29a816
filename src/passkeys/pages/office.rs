//! Offices: below ユーザ情報変更.

use poem::handler;
use poem::web::Data;

use super::frame::Frame;
use super::own::{self, Arrival};
use crate::app::App;
use crate::login::Office;
use crate::web::{Answer, Form, Query, Visit};

/// 【パスキー】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, office: Office, Query(arrival): Query<Arrival>) -> Answer {
    own::list(&app, &Frame::Office(visit, office), &arrival)
}

/// 【パスキーの登録】
#[handler]
pub fn new(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    own::new(&app, &Frame::Office(visit, office), "")
}

/// \[次へ\]
#[handler]
pub async fn begin(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    own::begin(&app, &Frame::Office(visit, office), &form).await
}

/// \[登録\]
#[handler]
pub async fn register(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    own::register(&app, &Frame::Office(visit, office), &form).await
}

/// \[削除\]
#[handler]
pub async fn remove(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    own::remove(&app, &Frame::Office(visit, office), &form).await
}
