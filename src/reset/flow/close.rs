//! A pair of office and address is closed for a day after too many wrong codes. Only the office itself is told, in its account.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{A_DAY, CLOSING, MOST_WRONG, Visitor, registered};
use crate::app::App;
use crate::audit;
use crate::jobs::{self, Job, Kind, Lane, Outcome};
use crate::kernel::{Id, MailAddress, Moment, OfficeKey, UserId, jst};
use crate::notices::{self, Notice};
use crate::store::{StoreError, Tx};

/// Tells the office that a pair was closed, if the address is one of its own. A job, and one in any case: what the answer waits for must
/// not depend on that.
pub const CLOSE: Kind = Kind::new("reset.close", Lane::Clock);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Closed {
    user_id: UserId,
    address: MailAddress,
}

pub(super) fn shut(tx: &mut Tx<'_>, visitor: &Visitor<'_>, office: OfficeKey, address: &MailAddress) -> Result<(), StoreError> {
    let now = visitor.moment.now;
    let id = Id::new(&visitor.moment.part("close").random());
    let closed = Closed { user_id: UserId::of(office), address: address.clone() };
    jobs::enqueue(tx, id, now, CLOSE, now, &closed)?;
    audit::record(tx, &visitor.moment, visitor.event(CLOSING, office, address))
}

/// Handles [`CLOSE`].
pub async fn close(app: App, job: Job) -> Outcome {
    let (moment, in_hand) = (app.moment(), job.clone());
    let closed = match job.payload::<Closed>() {
        Ok(closed) => closed,
        Err(error) => {
            tracing::error!(error, "a closed reset cannot be told");
            return Outcome::Done;
        }
    };
    let told = app.store.write(move |tx| {
        tell(tx, &moment, &closed, in_hand.created)?;
        jobs::finish(tx, &in_hand)
    });
    match told.await {
        Ok(()) => Outcome::Finished,
        Err(error) => {
            tracing::error!(%error, "a closed reset could not be told");
            Outcome::Again(job.now.saturating_add(SignedDuration::from_mins(10)).unwrap_or(job.now))
        }
    }
}

/// N-5, and M-6 to the address for notices.
fn tell(tx: &mut Tx<'_>, moment: &Moment, closed: &Closed, since: Timestamp) -> Result<(), StoreError> {
    let Some(account) = registered(tx, closed.user_id.office(), &closed.address)? else { return Ok(()) };
    let until = jst::sentence_time(since.saturating_add(A_DAY).unwrap_or(Timestamp::MAX));
    let body = format!(
        "ワンタイムパスワードの誤りが24時間に{MOST_WRONG}回になったため、次のセキュリティ用メールアドレスによるログイン情報再設定と端末の確認の受付を、{until}まで停止しています。\
         \n\n[セキュリティ用メールアドレス]\n{}\
         \n\nパスワードやセキュリティコードは変更されていません。ほかに登録されているセキュリティ用メールアドレスでは、引き続きお手続きいただけます。\
         \n\nお心当たりがない場合は、第三者がログイン情報を再設定しようとした可能性があります。国保連合会へお電話ください。",
        closed.address.masked()
    );
    let title = "ログイン情報再設定の受付を一時停止しました".to_owned();
    notices::tell_office(tx, moment, account.user_id, Notice { kind: "N-5", title, body }, account.notice_mail.as_ref()).map(drop)
}
