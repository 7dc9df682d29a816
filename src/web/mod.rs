//! The web shell: the document around every screen, the parts screens are made of, and the files browsers fetch.

mod agent;
mod answer;
pub mod assets;
pub mod components;
pub mod cookies;
mod fault;
mod flow_cookie;
mod form;
mod front;
pub mod health;
mod icons;
pub(crate) mod kept;
pub mod layout;
mod query;
mod shell;
mod shell_layer;
mod throttled;
mod typed_address;
mod visit;

pub use answer::{Answer, attachment, form_page, html, page, page_422, see_other};
pub use cookies::Cookie;
pub use fault::Fault;
pub use flow_cookie::FlowCookie;
pub use form::{BodyLimit, DEFAULT_LIMIT, Errors, Form, LARGE_AT_ONCE, SMALL};
pub use front::Front;
pub use kept::{Kept, ShownAt};
pub use query::Query;
pub use shell_layer::Layer;
pub use throttled::{come_again, too_many_forms, too_many_logins, too_many_new_devices};
pub use typed_address::{Twice, typed_address};
pub use visit::{BACKGROUND, Visit};
