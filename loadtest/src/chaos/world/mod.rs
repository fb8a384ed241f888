//! The servers of a run, and what is in front of them.
//!
//! | file | |
//! |---|---|
//! | `private` | Redis and Postgres |
//! | `pods` | processes of the relay |
//! | `front` | hands requests to any pod, and spoils connections |
//! | `rows` | what is stored |

pub mod front;
pub mod pods;
pub mod private;
pub mod rows;
