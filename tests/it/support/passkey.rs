//! A device that holds one passkey, in software: it answers what our pages ask of a browser – rightly, or with one thing wrong.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::browser::{Browser, Page};
use super::{TestApp, office, portal, staff};

/// Where an office looks after its passkeys.
pub const LIST: &str = "/office/user/passkeys";

/// A device with a passkey.
pub struct Device {
    key: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub handle: Vec<u8>,
    /// Rises with every answer; one that never counts stays at 0.
    pub counter: u32,
    pub counts: bool,
    /// Whether it has asked for a finger, a face or a code.
    pub verifies: bool,
    /// The page it believes to be on.
    pub origin: String,
    place: String,
}

/// What the page hands to the browser.
pub fn options(page: &Page) -> Value {
    let at = page.body.find("data-options=\"").unwrap_or_else(|| panic!("no ceremony: {}", page.text())) + 14;
    let text = page.body[at..].split('"').next().unwrap();
    let text = text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str::<Value>(&text).unwrap()["publicKey"].clone()
}

fn text(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

impl Device {
    /// A device that has made a passkey for the page's options.
    pub fn new(app: &TestApp, options: &Value) -> Self {
        let handle = BASE64URL_NOPAD.decode(options["user"]["id"].as_str().unwrap().as_bytes()).unwrap();
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: app.app.random.bytes::<20>().to_vec(),
            handle,
            counter: 0,
            counts: true,
            verifies: true,
            origin: app.app.config.server.public_url.origin().to_owned(),
            place: app.app.config.server.public_url.host().to_owned(),
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false });
        data.to_string().into_bytes()
    }

    fn authenticator_data(&mut self, more: u8) -> Vec<u8> {
        self.counter += u32::from(self.counts);
        let flags = 0x01 | if self.verifies { 0x04 } else { 0 } | more;
        [Sha256::digest(self.place.as_bytes()).as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// The answer to a registration.
    pub fn created(&mut self, options: &Value) -> String {
        let point = self.key.public_key().as_ref().to_vec();
        let (x, y) = point[1..].split_at(32);
        let id_length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let mut data = self.authenticator_data(0x40);
        // No model, the id, and the key as COSE: EC2, ES256, P-256.
        data.extend([[0; 16].as_slice(), &id_length, &self.id, b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x].concat());
        data.extend([b"\x22\x58\x20".as_slice(), y].concat());
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".as_slice(), &length, &data].concat();
        let response = json!({
            "attestationObject": text(&object), "clientDataJSON": text(&self.client_data("webauthn.create", options)),
        });
        self.answer(&response)
    }

    /// The answer to a login.
    pub fn signed(&mut self, options: &Value) -> String {
        let (data, client) = (self.authenticator_data(0), self.client_data("webauthn.get", options));
        let message = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &message).unwrap();
        let response = json!({
            "authenticatorData": text(&data), "clientDataJSON": text(&client), "signature": text(signature.as_ref()),
            "userHandle": text(&self.handle),
        });
        self.answer(&response)
    }

    fn answer(&self, response: &Value) -> String {
        let id = text(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "extensions": {}, "response": response }).to_string()
    }
}

/// A passkey as it is kept, with this id of its credential; no device knows it.
pub fn kept(id: &[u8]) -> String {
    let key = json!({ "curve": "SECP256R1", "x": text(&[1; 32]), "y": text(&[2; 32]) });
    json!({ "cred": {
        "cred_id": text(id), "cred": { "type_": "ES256", "key": { "EC_EC2": key } }, "counter": 1, "transports": null,
        "user_verified": true, "backup_eligible": false, "backup_state": false, "registration_policy": "required",
        "extensions": {}, "attestation": { "data": "None", "metadata": "None" }, "attestation_format": "none",
    } })
    .to_string()
}

impl Browser {
    /// [次へ] on the first screen of a registration; gives what is to be signed.
    pub async fn begin_passkey(&mut self, list: &str) -> Value {
        self.get(&format!("{list}/new")).await;
        let password = match list.split('/').nth(1) {
            Some("staff") => staff::PASSWORD,
            Some("portal") => portal::PORTAL_PASSWORD,
            _ => office::PASSWORD,
        };
        let page = self.submit(&format!("{list}/begin"), &[("current_password", password)]).await;
        options(&page)
    }

    /// [登録], without following.
    pub async fn name_passkey(&mut self, list: &str, name: &str, answer: &str) -> Page {
        self.post(&format!("{list}/new"), &[("name", name), ("credential", answer)]).await
    }

    /// A new passkey of whoever is logged in, on a device of its own.
    pub async fn register(&mut self, app: &TestApp, list: &str, name: &str) -> Device {
        let options = self.begin_passkey(list).await;
        let mut device = Device::new(app, &options);
        let page = self.name_passkey(list, name, &device.created(&options)).await;
        assert_eq!(page.location(), Some(format!("{list}?notice=added").as_str()), "{}", page.text());
        device
    }

    /// \[パスキーでログイン\] on the login page of offices, without following.
    pub async fn begin_passkey_login(&mut self) -> Page {
        self.get("/login").await;
        self.post("/login/passkey/begin", &[]).await
    }

    /// Begins a login, and gives what is to be signed.
    pub async fn asked_for_passkey(&mut self) -> Value {
        assert_eq!(self.begin_passkey_login().await.location(), Some("/login/passkey"));
        options(&self.get("/login/passkey").await)
    }

    /// The browser's answer, without following.
    pub async fn answer_with_passkey(&mut self, answer: &str) -> Page {
        self.post("/login/passkey", &[("credential", answer)]).await
    }

    /// The whole login with this device.
    pub async fn enter_with(&mut self, device: &mut Device) -> Page {
        let options = self.asked_for_passkey().await;
        self.answer_with_passkey(&device.signed(&options)).await
    }
}
