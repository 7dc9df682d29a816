//! セキュリティ用メールアドレス: the list, adding, changing, deleting, the 通知先.
