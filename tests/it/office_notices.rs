//! お知らせ of an office: unread marks, texts, M-6.
