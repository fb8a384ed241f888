//! The native vocabulary as a client sees it: golden files for what goes out, arbitrary JSON for
//! what comes in, and the document that tells of both.

mod document;
mod golden;
mod properties;
mod samples;
mod written;
