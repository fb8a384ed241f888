//! The native vocabulary as a client sees it: golden files for what goes out, arbitrary JSON for
//! what comes in.

mod golden;
mod properties;
mod samples;
