//! The relying party of WebAuthn: the one place that speaks the protocol, through the library.
//!
//! Passkeys are discoverable and verify their user: a list of allowed credentials at the login would tell which user IDs exist, and a passkey
//! stands for two factors only where the device asks for a finger, a face or a code.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid,
    Webauthn, WebauthnBuilder, WebauthnError,
};

use super::model::Passkey;
use crate::config::PublicUrl;
use crate::web::layout::PRODUCT;

/// An answer longer than this is none, in bytes.
const LONGEST_ANSWER: usize = 16 * 1024;

/// Longest id of a credential in bytes (WebAuthn 5.1.3).
const LONGEST_ID: usize = 1023;

/// This installation as authenticators see it.
#[derive(Clone, Debug)]
pub struct Relying(Webauthn);

/// The library could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RelyingError {
    /// Its own reason.
    #[error("webauthn: {0:?}")]
    Library(WebauthnError),
    /// What we keep of it could not be written or read.
    #[error("webauthn: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<WebauthnError> for RelyingError {
    fn from(error: WebauthnError) -> Self {
        Self::Library(error)
    }
}

/// A ceremony that was begun.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    /// For the page.
    pub options: String,
    /// For the check.
    pub state: String,
}

/// Whom a new passkey names to its device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    /// What they log in with.
    pub name: &'a str,
    /// What they are called.
    pub display: &'a str,
}

/// A new credential.
#[derive(Clone, Debug)]
pub(super) struct Registered {
    /// SHA-256 of its id.
    pub digest: [u8; 32],
    /// As it is kept.
    pub credential: String,
}

/// An answer at the login, not yet looked at.
#[derive(Clone, Debug)]
pub(super) struct Assertion(PublicKeyCredential);

impl Assertion {
    /// Reads what the page sent. `None`: no browser sends that.
    pub(super) fn read(typed: &str) -> Option<Self> {
        (typed.len() <= LONGEST_ANSWER).then(|| serde_json::from_str(typed).ok()).flatten().map(Self)
    }

    /// SHA-256 of the id of the credential that it names.
    pub(super) fn digest(&self) -> [u8; 32] {
        digest(self.0.get_credential_id())
    }
}

/// Why an answer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unproven {
    /// Not signed by this passkey for this ceremony, page and user; or the user was not verified.
    Wrong,
    /// Its counter has not gone on: there may be a copy of the passkey.
    Copied,
}

impl Relying {
    /// The installation under this address. `None` where passkeys cannot be: an IP address is no place that they could be bound to.
    #[must_use]
    pub fn of(url: &PublicUrl) -> Option<Self> {
        let origin = Url::parse(url.origin()).ok()?;
        let host = origin.domain()?.to_owned();
        let built = WebauthnBuilder::new(&host, &origin).and_then(|builder| builder.rp_name(PRODUCT).build());
        built.map(Self).ok()
    }

    /// Begins to register a passkey; a device that holds one of `existing` offers itself no more.
    pub(super) fn begin_registration(
        &self,
        named: Named<'_>,
        handle: [u8; 16],
        existing: &[Passkey],
    ) -> Result<Begun, RelyingError> {
        let exclude: Vec<CredentialID> = existing.iter().filter_map(id_of).collect();
        let (options, state) =
            self.0.start_passkey_registration(Uuid::from_bytes(handle), named.name, named.display, Some(exclude))?;
        let mut options = serde_json::to_value(&options)?;
        // The library leaves it to the device; at the login nothing is typed, so the device itself must know whose it is.
        if let Some(Value::Object(selection)) = options.pointer_mut("/publicKey/authenticatorSelection") {
            selection.insert("residentKey".to_owned(), json!("required"));
            selection.insert("requireResidentKey".to_owned(), json!(true));
        }
        Ok(Begun { options: options.to_string(), state: serde_json::to_string(&state)? })
    }

    /// Checks the answer to [`Relying::begin_registration`]. `None` if it is not one.
    pub(super) fn finish_registration(&self, typed: &str, state: &str) -> Result<Option<Registered>, RelyingError> {
        let state: PasskeyRegistration = serde_json::from_str(state)?;
        let answer = (typed.len() <= LONGEST_ANSWER).then(|| serde_json::from_str::<RegisterPublicKeyCredential>(typed).ok());
        let Some(answer) = answer.flatten() else { return Ok(None) };
        match self.0.finish_passkey_registration(&answer, &state) {
            Ok(passkey) if passkey.cred_id().len() <= LONGEST_ID => {
                let digest = digest(passkey.cred_id());
                Ok(Some(Registered { digest, credential: serde_json::to_string(&passkey)? }))
            }
            Ok(_) => Ok(None),
            Err(error) => {
                tracing::info!(why = %reason(&error), "a passkey was not registered");
                Ok(None)
            }
        }
    }

    /// Begins a login of whomever the device will name.
    pub(super) fn begin_login(&self) -> Result<Begun, RelyingError> {
        let (options, state) = self.0.start_discoverable_authentication()?;
        let mut options = serde_json::to_value(&options)?;
        // The library means it for suggestions in a field of the form; ours has a button.
        if let Value::Object(options) = &mut options {
            options.remove("mediation");
        }
        Ok(Begun { options: options.to_string(), state: serde_json::to_string(&state)? })
    }

    /// Checks an answer to [`Relying::begin_login`] against the passkey that it names; gives it as it is to be kept, its counter gone on.
    pub(super) fn verify(
        &self,
        assertion: &Assertion,
        state: &str,
        passkey: &Passkey,
    ) -> Result<Result<String, Unproven>, RelyingError> {
        let state: DiscoverableAuthentication = serde_json::from_str(state)?;
        let mut credential: webauthn_rs::prelude::Passkey = serde_json::from_str(&passkey.credential)?;
        // Nothing was typed before: the device says whose it is, and it must be the owner (WebAuthn 7.2, step 6).
        let named = self.0.identify_discoverable_authentication(&assertion.0);
        if !named.is_ok_and(|(handle, _)| handle.as_bytes() == &passkey.handle) {
            return Ok(Err(Unproven::Wrong));
        }
        match self.0.finish_discoverable_authentication_v2(&assertion.0, state, &credential) {
            Ok(result) => {
                credential.update_credential(&result);
                Ok(Ok(serde_json::to_string(&credential)?))
            }
            Err(WebauthnError::CredentialPossibleCompromise) => Ok(Err(Unproven::Copied)),
            Err(error) => {
                tracing::info!(why = %reason(&error), "a login with a passkey was refused");
                Ok(Err(Unproven::Wrong))
            }
        }
    }
}

/// The credential that the answer to a registration says it is about: to know an answer again that comes twice, for nothing else.
pub(super) fn said_digest(typed: &str) -> Option<[u8; 32]> {
    let answer: RegisterPublicKeyCredential =
        (typed.len() <= LONGEST_ANSWER).then(|| serde_json::from_str(typed).ok()).flatten()?;
    Some(digest(&answer.raw_id))
}

/// Whether what is kept of a passkey can be read, and is of the credential that its index names.
pub(super) fn is_whole(passkey: &Passkey) -> bool {
    id_of(passkey).is_some_and(|id| digest(&id) == passkey.digest)
}

fn id_of(passkey: &Passkey) -> Option<CredentialID> {
    let credential: webauthn_rs::prelude::Passkey = serde_json::from_str(&passkey.credential).ok()?;
    Some(credential.cred_id().clone())
}

/// The library's word for it, without what was sent, which some of its reasons quote.
fn reason(error: &WebauthnError) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn digest(id: &[u8]) -> [u8; 32] {
    Sha256::digest(id).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_bound_to_a_name_and_not_to_an_address() {
        let of = |url: &str| Relying::of(&url.parse().unwrap()).is_some();
        assert!(of("https://uketsuke.example.jp") && of("https://uketsuke.example.jp:8443") && of("http://localhost:8080"));
        assert!(!of("https://203.0.113.9") && !of("https://[2001:db8::1]") && !of("http://127.0.0.1:8080"));
    }

    #[test]
    fn a_login_names_nobody_and_a_registration_asks_for_what_it_needs() {
        let relying = Relying::of(&PublicUrl::localhost(8080)).unwrap();
        let begun: Value = serde_json::from_str(&relying.begin_login().unwrap().options).unwrap();
        assert_eq!(begun["publicKey"]["allowCredentials"], json!([]));
        assert_eq!((&begun["publicKey"]["userVerification"], begun.get("mediation")), (&json!("required"), None));
        let named = Named { name: "KJ131311111111", display: "請求事業所A" };
        let begun = relying.begin_registration(named, [1; 16], &[]).unwrap();
        let begun: Value = serde_json::from_str(&begun.options).unwrap();
        let wanted = json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
        assert_eq!(begun["publicKey"]["authenticatorSelection"], wanted);
        assert_eq!(begun["publicKey"]["user"]["name"], "KJ131311111111");
        assert_eq!(begun["publicKey"]["attestation"], "none");
    }
}
