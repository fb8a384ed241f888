//! Servers for tests: real ones, on free ports, with a data directory of their own.

pub mod folder;
pub mod lossy;
pub mod relay;
pub mod servers;
