//! D3 【ポータルの利用者】 and D4, one institution.

mod forms;
pub mod list;
mod members;
pub mod one;

use crate::kernel::Id;
use crate::portal::{Institution, What};

/// Where the list is.
const LIST: &str = "/staff/portal/institutions";

/// Where one institution is.
fn path(institution: Id) -> String {
    format!("{LIST}/{institution}")
}

/// Its kind, on screens.
const fn kind(institution: &Institution) -> &'static str {
    match institution.what {
        What::Care(_) => "介護事業所",
        What::Medical(_) => "医療機関",
    }
}

/// The number that it is known by.
fn number(institution: &Institution) -> String {
    match &institution.what {
        What::Care(user_id) => user_id.office().number.to_string(),
        What::Medical(medical) => medical.code.to_string(),
    }
}
