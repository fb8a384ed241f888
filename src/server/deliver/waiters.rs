use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::Mailbox;
use crate::{
    hub::Signal,
    model::{Frame, Sid},
};

/// Who on this pod is to be told what is said to a connection.
#[derive(Debug, Default)]
pub struct Waiters(Mutex<HashMap<Sid, Vec<Waiting>>>);

#[derive(Debug)]
enum Waiting {
    Poll(Arc<Parked>),
    Socket(u64, Mailbox),
}

/// Wakes a parked GET, and says why.
#[derive(Debug, Default)]
pub struct Parked {
    woken: Notify,
    signal: Mutex<Option<Signal>>,
    asides: Mutex<Vec<Frame>>,
}

/// What may be said beside the logs to one GET; more is lost.
const ASIDES_MAX: usize = 16;

/// A registration; gone when dropped, as it is when a client hangs up.
#[derive(Debug)]
pub struct Waiter {
    waiters: Arc<Waiters>,
    sid: Sid,
    what: What,
}

#[derive(Debug)]
enum What {
    Poll(Arc<Parked>),
    Socket(u64),
}

impl Waiters {
    pub fn park(self: &Arc<Self>, sid: &Sid) -> (Waiter, Arc<Parked>) {
        let parked = Arc::new(Parked::default());
        self.add(sid, Waiting::Poll(Arc::clone(&parked)));
        (self.waiter(sid, What::Poll(Arc::clone(&parked))), parked)
    }

    pub fn serve(self: &Arc<Self>, sid: &Sid, mailbox: Mailbox) -> Waiter {
        let key = rand::random();
        self.add(sid, Waiting::Socket(key, mailbox));
        self.waiter(sid, What::Socket(key))
    }

    pub fn serves(&self, sid: &Sid) -> bool {
        let is_socket = |waiting: &Waiting| matches!(waiting, Waiting::Socket(..));
        let waiters = self.lock();
        waiters
            .get(sid)
            .is_some_and(|list| list.iter().any(is_socket))
    }

    pub fn signal(&self, sid: &Sid, signal: Signal) {
        let waiters = self.lock();
        let Some(list) = waiters.get(sid) else { return };
        // A GET that replaces another one registers before the hub tells the other: the signal is
        // for the elder.
        let one = if signal == Signal::Replaced {
            1
        } else {
            list.len()
        };
        for waiting in list.iter().take(one) {
            match waiting {
                Waiting::Poll(parked) => parked.wake(Some(signal)),
                Waiting::Socket(_, mailbox) if signal == Signal::Fenced => mailbox.fence(),
                // What else is said to a connection concerns polling.
                Waiting::Socket(..) => {}
            }
        }
    }

    /// Signals may have been missed: a WebSocket looks itself whether it still holds its sockets, which nobody
    /// says twice.
    pub fn wake_all(&self) {
        for waiting in self.lock().values().flatten() {
            match waiting {
                Waiting::Poll(parked) => parked.wake(None),
                Waiting::Socket(_, mailbox) => {
                    mailbox.mark_behind();
                    mailbox.fence();
                }
            }
        }
    }

    fn waiter(self: &Arc<Self>, sid: &Sid, what: What) -> Waiter {
        Waiter {
            waiters: Arc::clone(self),
            sid: sid.clone(),
            what,
        }
    }

    fn add(&self, sid: &Sid, waiting: Waiting) {
        self.lock().entry(sid.clone()).or_default().push(waiting);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parked {
    pub fn wake(&self, signal: Option<Signal>) {
        if let Some(signal) = signal {
            let mut kept = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
            // What ends the wait is not overwritten by what only wakes, nor the end of the connection
            // by anything.
            if kept.is_none_or(|known| rank(known) < rank(signal)) {
                *kept = Some(signal);
            }
        }
        self.woken.notify_one();
    }

    pub fn put_aside(&self, frame: Frame) {
        let mut asides = self.asides.lock().unwrap_or_else(PoisonError::into_inner);
        if asides.len() < ASIDES_MAX {
            asides.push(frame);
        }
        drop(asides);
        self.wake(None);
    }

    pub fn take_asides(&self) -> Vec<Frame> {
        std::mem::take(&mut self.asides.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits to be woken; what was said meanwhile is not lost.
    pub async fn woken(&self) -> Option<Signal> {
        self.woken.notified().await;
        self.signal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// How much a signal says.
fn rank(signal: Signal) -> u8 {
    match signal {
        Signal::Wake | Signal::Fenced => 0,
        Signal::Replaced | Signal::Release => 1,
        Signal::Closed { .. } => 2,
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiters = self.waiters.lock();
        let Some(list) = waiters.get_mut(&self.sid) else {
            return;
        };
        list.retain(|waiting| match (waiting, &self.what) {
            (Waiting::Poll(parked), What::Poll(own)) => !Arc::ptr_eq(parked, own),
            (Waiting::Socket(key, _), What::Socket(own)) => key != own,
            _ => true,
        });
        if list.is_empty() {
            waiters.remove(&self.sid);
        }
    }
}
