//! Servers for tests: real ones, on free ports, with a data directory of their own.

pub mod bucket;
pub mod folder;
pub mod lengths;
pub mod lossy;
pub mod pods;
pub mod relay;
pub mod returning;
pub mod schema;
pub mod servers;
pub mod signer;
pub mod token;
pub mod translator;
