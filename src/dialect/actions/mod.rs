//! The server actions of seed 004, as routes: what they take, and the rows that they return.

mod asked;
mod row;

pub use asked::{MarkRead, Page, Picture, Save, join, mark_read, page, save};
pub use row::{Known, message, recent};
