//! Who sits at the desk: role, reach, and the one federation the screens show.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::{Id, Prefecture};

/// What a staff member may do (spec 1, People).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// 受付担当: applications, letters and ledger search of the own federation.
    Clerk,
    /// 承認者: what a clerk may, and approve or reject.
    Approver,
    /// 管理者: what an approver may, and staff, notices, ledger import, audit log, mail queue.
    Admin,
    /// ポータル運営: the portal's inquiries and accounts, nothing of the federations' counters.
    Operator,
}

impl Role {
    /// All roles, in the order of their reach.
    pub const ALL: [Self; 4] = [Self::Clerk, Self::Approver, Self::Admin, Self::Operator];

    /// The word on screens (spec 1).
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Clerk => "受付担当",
            Self::Approver => "承認者",
            Self::Admin => "管理者",
            Self::Operator => "ポータル運営",
        }
    }

    /// The word of the command line and of the audit log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Approver => "approver",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }

    /// Whether someone of this role may do what `asked` may. The portal's operators stand apart: they may nothing of the
    /// counter, and nobody of the counter may theirs.
    #[must_use]
    pub const fn covers(self, asked: Self) -> bool {
        match asked {
            Self::Clerk => matches!(self, Self::Clerk | Self::Approver | Self::Admin),
            Self::Approver => matches!(self, Self::Approver | Self::Admin),
            Self::Admin => matches!(self, Self::Admin),
            Self::Operator => matches!(self, Self::Operator),
        }
    }
}

/// Whose offices a staff member sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Those of this federation and never another's.
    One(Prefecture),
    /// Those of every federation of the installation, one at a time.
    All,
}

impl Scope {
    /// Whether the federation of this prefecture lies in it.
    #[must_use]
    pub fn reaches(self, prefecture: Prefecture) -> bool {
        match self {
            Self::One(own) => own == prefecture,
            Self::All => true,
        }
    }
}

/// The two-digit code, or `all`, as on the command line.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(prefecture) => prefecture.fmt(f),
            Self::All => f.write_str("all"),
        }
    }
}

/// A logged-in staff member at the desk of one federation. The only handle through which staff screens read: whatever they
/// ask for is asked of [`Desk::prefecture`], and what belongs elsewhere does not exist for them (404).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// The staff member.
    pub id: Id,
    /// The name used at login; shown at the upper right and in the histories.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Where they may do it.
    pub scope: Scope,
    /// The name of the federation whose rows this desk shows.
    pub federation: String,
    at: Prefecture,
}

impl Desk {
    /// A desk at the federation of `at`; a scope of one federation overrules it.
    #[must_use]
    pub fn new(id: Id, name: String, role: Role, scope: Scope, at: Prefecture) -> Self {
        let at = match scope {
            Scope::One(own) => own,
            Scope::All => at,
        };
        Self { id, name, role, scope, federation: String::new(), at }
    }

    /// Names the federation, for the head of the page.
    #[must_use]
    pub fn of_federation(mut self, name: &str) -> Self {
        name.clone_into(&mut self.federation);
        self
    }

    /// The federation whose rows this desk shows.
    #[must_use]
    pub const fn prefecture(&self) -> Prefecture {
        self.at
    }

    /// Whether a row of this prefecture may be shown at this desk. Answer 404 if not.
    #[must_use]
    pub fn sees(&self, prefecture: Prefecture) -> bool {
        self.at == prefecture
    }

    /// Whether this staff member may do what `role` may.
    #[must_use]
    pub const fn may(&self, role: Role) -> bool {
        self.role.covers(role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Random;

    fn prefecture(number: u8) -> Prefecture {
        Prefecture::new(number).unwrap()
    }

    #[test]
    fn roles_of_the_counter_include_each_other_and_the_portal_stands_apart() {
        let may = |role: Role| Role::ALL.map(|asked| role.covers(asked));
        assert_eq!(may(Role::Clerk), [true, false, false, false]);
        assert_eq!(may(Role::Approver), [true, true, false, false]);
        assert_eq!(may(Role::Admin), [true, true, true, false]);
        assert_eq!(may(Role::Operator), [false, false, false, true]);
    }

    #[test]
    fn a_desk_shows_one_federation_only() {
        let id = Id::new(&Random::seeded(1));
        let own = Desk::new(id, "佐藤".into(), Role::Admin, Scope::One(prefecture(7)), prefecture(13));
        assert_eq!(own.prefecture(), prefecture(7), "the scope overrules where the desk was asked to stand");
        assert!(own.sees(prefecture(7)) && !own.sees(prefecture(13)));
        let all = Desk::new(id, "佐藤".into(), Role::Admin, Scope::All, prefecture(13));
        assert!(all.sees(prefecture(13)) && !all.sees(prefecture(7)), "one federation at a time");
    }
}
