pub mod history;
pub mod hub;
pub mod metrics;
pub mod model;
pub mod wire;
