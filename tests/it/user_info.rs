//! ユーザ情報変更: password and address for notices.
