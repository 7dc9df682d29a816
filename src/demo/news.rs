//! What stands on the top menu of the demo. All of it is invented; dates count from the demo's first day.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::kernel::{Id, Moment, Prefecture};
use crate::notices::{self, Public, Version};
use crate::store::{StoreError, Tx};

struct News {
    /// Days from today; negative is past. `None` is a draft.
    from: Option<i64>,
    until: Option<i64>,
    place: Option<u8>,
    important: bool,
    title: &'static str,
    body: &'static str,
}

const fn news(from: i64, title: &'static str, body: &'static str) -> News {
    News { from: Some(from), until: None, place: None, important: false, title, body }
}

const NEWS: [News; 8] = [
    News {
        important: true,
        ..news(
            -2,
            "セキュリティ用メールアドレスの登録をお願いします",
            "ログイン情報がわからなくなったとき、登録済みのメールアドレスがあれば、その場でお手続きいただけます。\n\
             まだ登録していない事業所は、ログイン後の画面から登録してください。\n\n\
             アドレスは5件まで登録できます。担当者が替わってもメールを受け取れるよう、2件以上の登録をおすすめします。",
        )
    },
    news(
        -6,
        "ログイン情報再発行申請が混み合っています",
        "ただいま申請が集中しており、通知書がお手元に届くまで2週間ほどかかる場合があります。\n\
         申請の状況は、トップメニューの「申請状況の確認」からいつでもご覧いただけます。",
    ),
    News {
        until: Some(5),
        ..news(
            -9,
            "システムメンテナンスのお知らせ",
            "今週末の午前1時から午前5時まで、機器の点検のためサービスを停止します。\nご不便をおかけしますが、よろしくお願いいたします。",
        )
    },
    News {
        place: Some(13),
        ..news(
            -16,
            "東京都の事業所の方へ: 返信用封筒のお願い",
            "再発行の通知書をお急ぎの場合は、切手を貼った返信用封筒を連合会までお送りください。\n封筒が届いた申請から順に発送します。",
        )
    },
    News {
        important: true,
        ..news(
            -34,
            "連合会を名乗る不審なメールにご注意ください",
            "連合会からのメールで、パスワードをお尋ねすることはありません。\n\
             身に覚えのないメールが届いたときは、本文のリンクを開かず、連合会までお知らせください。",
        )
    },
    news(-58, "操作マニュアルを改訂しました", "ログイン情報の再発行の章に、画面の図を加えました。"),
    News {
        until: Some(-20), ..news(-70, "休日の受付について", "連休中に受け付けた申請は、連休明けから順に審査します。")
    },
    News { from: None, ..news(0, "（下書き）来月の受付日程", "日程が決まり次第、掲載します。") },
];

const VERSIONS: [(i64, &str); 3] = [
    (-20, "介護請求送信ソフト（見本） 9.1.0"),
    (-64, "請求データ点検ツール（見本） 3.4.2"),
    (-121, "証明書導入ツール（見本） 2.0.1"),
];

/// Puts everything on the top menu.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn put(tx: &mut Tx<'_>, moment: &Moment, today: Date) -> Result<(), StoreError> {
    let random = moment.part("news").random();
    let day = |days: i64| today.saturating_add(days.days());
    for one in &NEWS {
        let notice = Public {
            id: Id::new(&random),
            prefecture: one.place.and_then(Prefecture::new),
            title: one.title.to_owned(),
            body: one.body.to_owned(),
            important: one.important,
            from: one.from.map(day),
            until: one.until.map(day),
        };
        notices::put_public(tx, &notice)?;
    }
    for (days, name) in VERSIONS {
        let version =
            Version { id: Id::new(&random), name: name.to_owned(), updated: day(days), from: Some(day(days)), until: None };
        notices::put_version(tx, &version)?;
    }
    Ok(())
}
