//! The hub on Redis, for any number of pods: every write is one Lua script on the keys of one
//! partition, which publishes last.
//!
//! ```text
//! keys     what everything is called            link     connections, repeating, holding
//! script   a script, its arguments, its answer  pack     values held as one
//! *.rs     an operation of the contract, with its .lua beside it
//! subscriber  from the channels to the pods of this process
//! ```

mod keys;
mod link;
mod pack;
mod script;
mod signal;
