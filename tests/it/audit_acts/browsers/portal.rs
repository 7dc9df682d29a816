//! What users of the portal bring about.

use jiff::SignedDuration;

use super::super::witness::{Who, Witness};
use crate::portal_guard::{self, ASK};
use crate::support::TestApp;

/// Asked for the password again, and wrong.
pub(super) async fn a_portal_user_is_asked_again(app: &TestApp, witness: &mut Witness) {
    let office = "KJ131377777777";
    app.office(office).await;
    let main = app.portal_main(office).await;
    let mut browser = portal_guard::at(app, &main).await;
    browser.get(portal_guard::PAGE).await;
    app.advance(SignedDuration::from_mins(10));
    assert_eq!(browser.post(ASK, &[("current_password", "wrong")]).await.status.as_u16(), 422);
    let about = format!("portal {}", main.institution.id);
    witness.expect(app, &[("portal.reauth", "refused", Who::Portal(main.user.id), &about)]);
}
