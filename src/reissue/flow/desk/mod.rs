//! What federation staff do with applications: look through the queue, examine one, decide, enter one at the window.
//!
//! Everything starts from a [`Clerk`]: another federation's application does not exist for it.

pub mod again;
pub mod decide;
pub mod dossier;
pub mod enter;
pub mod flags;
pub mod queue;

use std::net::IpAddr;

use super::super::model::{By, MoveKind, Person};
use super::mark::Acting;
use crate::kernel::Prefecture;
use crate::staff::{Desk, Role};

/// A staff member at the desk of one federation, as a use case needs them.
#[derive(Clone, Debug)]
pub struct Clerk {
    /// The federation whose applications they see.
    pub prefecture: Prefecture,
    /// Who they are.
    pub person: Person,
    /// What they may do.
    pub role: Role,
    /// Where they sit, for the audit log.
    pub client: IpAddr,
}

impl Clerk {
    /// The member at `desk`, calling from `client`.
    #[must_use]
    pub fn of(desk: &Desk, client: IpAddr) -> Self {
        let person = Person { id: desk.id, name: desk.name.clone() };
        Self { prefecture: desk.prefecture(), person, role: desk.role, client }
    }

    /// As the one who makes a move.
    #[must_use]
    pub fn by(&self) -> By {
        By::Staff(self.person.clone())
    }

    pub(super) fn acting(&self) -> Acting {
        self.by().at(self.client)
    }
}

/// Whose business a move is among staff (spec 1, People): approvers approve and reject, clerks do the rest.
#[must_use]
pub const fn role_for(kind: MoveKind) -> Role {
    match kind {
        MoveKind::Approve | MoveKind::Reject => Role::Approver,
        _ => Role::Clerk,
    }
}
