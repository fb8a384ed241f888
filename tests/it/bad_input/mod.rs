//! What clients should not send, said to the real program by both transports: a clear error to whoever
//! said it, or the end of that one connection; nothing of it is stored, logged or noticed by others.

pub mod client;
mod events;
mod fields;
mod frames;
mod garbage;
mod house;
mod noise;
mod offender;
mod packets;
mod payloads;
mod texts;
mod values;

use client::WAYS;
use house::House;
use offender::{Case, Offender, Side};

/// All cases, by both transports, one after the other; a side each, so that the sides run beside
/// each other.
async fn try_all(side: Side, cases: impl Fn(&Offender) -> Vec<Case>) {
    let mut house = House::open().await;
    for way in WAYS {
        let mut offender = Offender::come(&house, way, side).await;
        offender.goes_on().await;
        for case in cases(&offender) {
            offender.tries(&mut house, &case).await;
        }
        offender.goes_on().await;
    }
    house.close().await;
}
