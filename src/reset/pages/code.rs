//! R3 of a reset.

use poem::handler;
use poem::web::Data;

use super::one_time;
use crate::app::App;
use crate::reset::model::Way;
use crate::web::{Answer, Form, Visit};

/// R3
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    one_time::show(&app, &visit, Way::Reset)
}

/// R3 \[次へ\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    one_time::enter(&app, &visit, Way::Reset, &form).await
}

/// R3 \[再送\]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    one_time::resend(&app, &visit, Way::Reset).await
}
