//! Operators and the portal's users: institutions of the own federation, suspension, a new initial password, locks (issue 4 of spec 2, Portal).

pub mod desk;
mod flow;
mod model;
