//! What a person's hands do on a page.
//!
//! The driver clicks by coordinates: it asks where an element is, and then presses the mouse there. Whatever moves the page between the
//! two sends the click elsewhere without an error. So nothing here believes that it was done: a field is looked at for what it now
//! holds, a box for its tick, a button for the page that it leads to.

use std::time::Instant;

use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::error::{CmdError, ErrorStatus};

use super::chrome::{Chrome, DEADLINE, PAUSE};

impl Chrome {
    /// Types into a field, in place of what stands there.
    pub async fn fill(&self, name: &str, text: &str) {
        let end = Instant::now() + DEADLINE;
        loop {
            let held = match self.type_into(name, text).await {
                Ok(held) => held,
                Err(error) if passes(&error) => None,
                Err(error) => panic!("#{name}: {error}"),
            };
            if held.as_deref() == Some(text) {
                return;
            }
            assert!(Instant::now() < end, "#{name} holds {held:?} on【{}】", self.title().await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What the field holds then.
    async fn type_into(&self, name: &str, text: &str) -> Result<Option<String>, CmdError> {
        let field = self.find(&format!("#{name}")).await;
        field.clear().await?;
        field.send_keys(text).await?;
        field.prop("value").await
    }

    /// Chooses a radio button or ticks a box.
    pub async fn choose(&self, name: &str, value: &str) {
        let css = format!("input[name='{name}'][value='{value}']");
        let end = Instant::now() + DEADLINE;
        while !self.is_chosen(&css).await {
            assert!(Instant::now() < end, "{css} is not chosen on【{}】", self.title().await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Clicks its label, unless it is chosen; whether it is so then.
    async fn is_chosen(&self, css: &str) -> bool {
        let input = self.find(css).await;
        let chosen = async {
            if !input.is_selected().await? {
                let id = input.attr("id").await?.unwrap_or_default();
                self.find(&format!("label[for='{id}']")).await.click().await?;
            }
            input.is_selected().await
        };
        match chosen.await {
            Ok(chosen) => chosen,
            Err(error) if passes(&error) => false,
            Err(error) => panic!("{css}: {error}"),
        }
    }

    /// Presses a button and waits for the page that it leads to.
    pub async fn press(&self, label: &str) {
        let before = self.find("main").await;
        self.click_button(label).await;
        self.wait_gone(before, label).await;
    }

    /// Presses the button that is found so, where what stands on it is not enough, and waits for the page that it leads to.
    pub async fn press_at(&self, xpath: &str) {
        let before = self.find("main").await;
        self.click_by(Locator::XPath(xpath)).await;
        self.wait_gone(before, xpath).await;
    }

    /// Presses a button that leads to no other page.
    pub async fn click_button(&self, label: &str) {
        self.click_by(Locator::XPath(&button_path(label))).await;
    }

    /// Clicks what is found so.
    pub async fn click(&self, css: &str) {
        self.click_by(Locator::Css(css)).await;
    }

    /// Follows a link by its text and waits for the page that it leads to.
    pub async fn follow(&self, text: &str) {
        let before = self.find("main").await;
        self.click_by(Locator::XPath(&format!("//a[contains(normalize-space(.), '{text}')]"))).await;
        self.wait_gone(before, text).await;
    }

    /// Clicks once: an element that has gone, or that another one covers, was not clicked.
    async fn click_by(&self, locator: Locator<'_>) {
        let end = Instant::now() + DEADLINE;
        loop {
            match self.find_by(locator).await.click().await {
                Ok(()) => return,
                Err(error) if passes(&error) && Instant::now() < end => tokio::time::sleep(PAUSE).await,
                Err(error) => panic!("{locator:?}: {error} on【{}】", self.title().await),
            }
        }
    }

    /// Waits for a button by what stands on it.
    pub async fn button(&self, label: &str) -> Element {
        self.find_by(Locator::XPath(&button_path(label))).await
    }

    /// Whether the page has such a button now.
    pub async fn has_button(&self, label: &str) -> bool {
        self.client.find(Locator::XPath(&button_path(label))).await.is_ok()
    }

    /// Opens the folded part of a page that holds this button, if it is closed.
    pub async fn open_panel(&self, button: &str) {
        let path = format!("//details[not(@open)][.//button[normalize-space(.)='{button}']]/summary");
        if self.client.find(Locator::XPath(&path)).await.is_ok() {
            self.click_by(Locator::XPath(&path)).await;
        }
    }

    /// Chooses from a list.
    pub async fn select(&self, name: &str, value: &str) {
        self.find(&format!("select[name='{name}']")).await.select_by_value(value).await.unwrap();
    }

    async fn wait_gone(&self, before: Element, what: &str) {
        let end = Instant::now() + DEADLINE;
        loop {
            match before.tag_name().await {
                Ok(_) => assert!(Instant::now() < end, "[{what}] led nowhere on【{}】", self.title().await),
                Err(error) if is_gone(&error) => return,
                Err(error) => panic!("[{what}]: {error}"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn button_path(label: &str) -> String {
    format!("//button[not(@hidden)][normalize-space(.)='{label}']")
}

fn status(error: &CmdError) -> Option<&ErrorStatus> {
    match error {
        CmdError::Standard(error) => Some(&error.error),
        _ => None,
    }
}

/// The element belongs to a page of before. While pages change, the driver has several words for it.
fn is_gone(error: &CmdError) -> bool {
    let words = ["does not belong to the document", "navigation", "context"];
    match status(error) {
        Some(ErrorStatus::StaleElementReference | ErrorStatus::NoSuchElement | ErrorStatus::DetachedShadowRoot) => true,
        Some(ErrorStatus::UnknownError | ErrorStatus::JavascriptError) => {
            let said = error.to_string();
            words.iter().any(|word| said.contains(word))
        }
        _ => false,
    }
}

/// Nothing was done because the page was being changed; it can be done in a moment.
fn passes(error: &CmdError) -> bool {
    let moving = matches!(status(error), Some(ErrorStatus::ElementClickIntercepted | ErrorStatus::ElementNotInteractable));
    moving || is_gone(error)
}
