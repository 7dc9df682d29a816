//! The plain text of a mail, put together from the parts that all our mails share (spec 4).

use crate::config::Config;
use crate::kernel::Prefecture;

/// A mail's text in the making. Parts are parted by an empty line.
#[derive(Clone, Debug, Default)]
pub struct Words(String);

impl Words {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The greeting: which federation writes, and that a machine does.
    #[must_use]
    pub fn from_federation(config: &Config, prefecture: Option<Prefecture>) -> Self {
        let name = prefecture.and_then(|p| config.federation_of(p)).map_or("", |federation| &federation.name);
        let sender = if name.is_empty() { String::new() } else { format!("{name}の") };
        Self::new().paragraph(&format!("{sender}介護電子請求受付システムからのお知らせです。"))
    }

    /// The greeting of mails to users of 介護情報基盤ポータル, which is nobody's of one federation.
    #[must_use]
    pub fn from_portal() -> Self {
        Self::new().paragraph("介護情報基盤ポータルからのお知らせです。")
    }

    /// A paragraph.
    #[must_use]
    pub fn paragraph(mut self, text: &str) -> Self {
        self.0.push_str(text.trim_end());
        self.0.push_str("\n\n");
        self
    }

    /// A label in brackets with its value on the next line, as the seeds set them.
    #[must_use]
    pub fn fact(mut self, label: &str, value: &str) -> Self {
        // Facts stand together: the empty line goes between label groups only.
        if self.0.ends_with("\n\n") && self.last_part_is_fact() {
            self.0.pop();
        }
        self.0.push_str(&format!("[{label}]\n{value}\n\n"));
        self
    }

    /// A heading over the parts that follow.
    #[must_use]
    pub fn heading(mut self, text: &str) -> Self {
        self.0.push_str(&format!("■ {text}\n"));
        self
    }

    /// Numbered lines.
    #[must_use]
    pub fn numbered(mut self, lines: &[&str]) -> Self {
        for (number, line) in (1..).zip(lines) {
            self.0.push_str(&format!("{number}. {line}\n"));
        }
        self.0.push('\n');
        self
    }

    /// The federation's own paragraph under its postal address, to which such paragraphs refer; nothing if it has none.
    #[must_use]
    pub fn own_paragraph(self, config: &Config, prefecture: Prefecture) -> Self {
        let Some(federation) = config.federation_of(prefecture).filter(|one| !one.paragraph.trim().is_empty()) else {
            return self;
        };
        self.heading("連合会からのご案内")
            .paragraph(&format!(
                "{} {}\n〒{} {}",
                federation.name, federation.department, federation.postal_code, federation.address
            ))
            .paragraph(&federation.paragraph)
    }

    /// What to do for somebody who did not ask for it.
    #[must_use]
    pub fn not_asked(self, what_to_do: &str) -> Self {
        self.heading("お心当たりがない場合").paragraph(what_to_do)
    }

    /// Whom to ask, and that nobody reads answers. Ends the text.
    #[must_use]
    pub fn closing(mut self, config: &Config, prefecture: Option<Prefecture>) -> String {
        self.0.push_str("――――――――――\n");
        if let Some(federation) = prefecture.and_then(|p| config.federation_of(p)) {
            self.0.push_str(&format!(
                "[申請・事業所台帳についてのお問い合わせ]\n{}\n{}\n電話 {}\n",
                federation.name, federation.department, federation.telephone
            ));
        }
        if let Some(desk) = &config.mail.help_desk {
            self.0.push_str(&format!("[操作についてのお問い合わせ]\nヘルプデスク 電話 {desk}\n"));
        }
        self.0.push_str(
            "\nこのメールはシステムが自動でお送りしています。返信いただいてもお答えできませんので、上記までお問い合わせください。\n",
        );
        self.0
    }

    fn last_part_is_fact(&self) -> bool {
        let part = self.0.trim_end().rsplit("\n\n").next().unwrap_or_default();
        part.lines().next().is_some_and(|line| line.starts_with('['))
    }
}
