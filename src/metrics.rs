//! Prometheus metrics: one struct per layer, made on one registry in `main` and handed in.
//!
//! No label holds an id, an address or anything that a client chose.

use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder, core::Collector,
};

/// Everything that is measured, on one registry.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    pub server: ServerMetrics,
    pub chat: ChatMetrics,
    pub hub: HubMetrics,
    pub history: HistoryMetrics,
    pub rest: RestMetrics,
    pub files: FileMetrics,
}

#[derive(Clone, Debug)]
pub struct ServerMetrics {
    pub connections: IntGaugeVec,
    pub opened: IntCounterVec,
    pub closed: IntCounterVec,
    pub upgrades: IntCounterVec,
    pub encoded: IntCounter,
    pub delivered: IntCounterVec,
    pub delivery_seconds: HistogramVec,
    pub resumes: IntCounterVec,
    pub slow_consumers: IntCounterVec,
    pub refused: IntCounterVec,
    pub draining: IntGauge,
    pub leases_lost: IntCounter,
    pub reaped: IntCounter,
    pub auth_failures: IntCounterVec,
    pub jwks_fetches: IntCounterVec,
}

#[derive(Clone, Debug)]
pub struct ChatMetrics {
    pub received: IntCounterVec,
    pub failed: IntCounterVec,
    pub duplicates: IntCounterVec,
    /// The same as [`ServerMetrics::refused`].
    pub limited: IntCounterVec,
}

#[derive(Clone, Debug)]
pub struct RestMetrics {
    pub logins: IntCounterVec,
    pub request_seconds: HistogramVec,
}

#[derive(Clone, Debug)]
pub struct FileMetrics {
    /// The same as [`ServerMetrics::refused`].
    pub limited: IntCounterVec,
    pub uploads: IntCounterVec,
    pub errors: IntCounter,
}

#[derive(Clone, Debug)]
pub struct HubMetrics {
    pub up: IntGauge,
    pub commands: IntCounterVec,
    pub command_seconds: HistogramVec,
    pub errors: IntCounterVec,
    pub lagged: IntCounter,
    /// Per cent of the fullest server.
    pub memory: IntGauge,
    pub reruns: IntCounterVec,
}

#[derive(Clone, Debug)]
pub struct HistoryMetrics {
    pub up: IntGauge,
    pub persist_seconds: Histogram,
    pub query_seconds: HistogramVec,
    pub spool: IntGauge,
    pub duplicates: IntCounter,
    pub poisoned: IntCounter,
    pub restored: IntCounter,
    pub left: IntCounter,
}

/// From a loopback hop to a held ack at its limit.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let make = Make(Registry::new_custom(Some("switchboard".into()), None)?);
        let info = make.gauges(
            "build_info",
            "Always 1; the version is its label.",
            &["version"],
        )?;
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let server = ServerMetrics::new(&make)?;
        Ok(Self {
            chat: ChatMetrics::new(&make, &server)?,
            files: FileMetrics::new(&make, &server)?,
            server,
            hub: HubMetrics::new(&make)?,
            history: HistoryMetrics::new(&make)?,
            rest: RestMetrics::new(&make)?,
            registry: make.0,
        })
    }

    /// The text exposition format.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut page = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut page)?;
        Ok(page)
    }
}

impl ServerMetrics {
    fn new(make: &Make) -> Result<Self, prometheus::Error> {
        Ok(Self {
            connections: {
                let connections =
                    make.gauges("connections", "Open connections.", &["transport"])?;
                // An autoscaler takes a series that is not there for a pod that tells nothing.
                for transport in ["polling", "websocket"] {
                    connections.with_label_values(&[transport]).set(0);
                }
                connections
            },
            opened: make.counters(
                "connections_opened_total",
                "Connections opened.",
                &["transport"],
            )?,
            closed: make.counters(
                "connections_closed_total",
                "Connections ended.",
                &["transport", "reason"],
            )?,
            upgrades: make.counters("upgrade_total", "Upgrades to WebSocket.", &["result"])?,
            encoded: make.counter(
                "entries_encoded_total",
                "Entries put into words: once for all clients of a pod that are told the same.",
            )?,
            delivered: make.counters(
                "messages_delivered_total",
                "Events written to clients.",
                &["transport"],
            )?,
            delivery_seconds: make.histograms(
                "message_delivery_seconds",
                "From commit to writing to a receiver.",
                &["transport"],
            )?,
            resumes: make.counters(
                "resume_total",
                "Sockets that asked to be recovered.",
                &["result"],
            )?,
            slow_consumers: make.counters(
                "slow_consumer_total",
                "Sockets that fell behind.",
                &["action"],
            )?,
            refused: make.counters("limit_total", "Times that a bound was hit.", &["limit"])?,
            draining: make.gauge("draining", "1 while the process is being drained.")?,
            leases_lost: make.counter(
                "pod_lease_lost_total",
                "Times that the pod closed its WebSockets since it could not renew its lease.",
            )?,
            reaped: make.counter(
                "departures_reaped_total",
                "Departures of WebSockets written for a pod that could not.",
            )?,
            auth_failures: make.counters(
                "auth_failures_total",
                "Tokens of operators that were refused.",
                &["reason"],
            )?,
            jwks_fetches: make.counters(
                "jwks_fetches_total",
                "Times that JWKS_URL was asked for its keys.",
                &["outcome"],
            )?,
        })
    }
}

impl ChatMetrics {
    fn new(make: &Make, server: &ServerMetrics) -> Result<Self, prometheus::Error> {
        Ok(Self {
            received: make.counters("messages_received_total", "Messages accepted.", &["role"])?,
            failed: make.counters(
                "commands_failed_total",
                "Commands refused.",
                &["role", "reason"],
            )?,
            duplicates: make.counters(
                "duplicate_total",
                "Repeats that were recognised.",
                &["source"],
            )?,
            limited: server.refused.clone(),
        })
    }
}

impl HubMetrics {
    fn new(make: &Make) -> Result<Self, prometheus::Error> {
        Ok(Self {
            up: make.gauge("hub_up", "1 while the hub answers.")?,
            commands: make.counters(
                "hub_commands_total",
                "Commands sent to Redis, by script.",
                &["script"],
            )?,
            command_seconds: make.histograms(
                "hub_command_seconds",
                "Time of a command to Redis, by script.",
                &["script"],
            )?,
            errors: make.counters(
                "hub_errors_total",
                "Operations without a known result.",
                &["op"],
            )?,
            lagged: make.counter(
                "hub_lagged_total",
                "Times that publications were lost and read again.",
            )?,
            memory: make.gauge(
                "hub_memory_percent",
                "How full the fullest Redis is; 0 without a maximum.",
            )?,
            reruns: make.counters(
                "hub_reruns_total",
                "Acknowledged commits told to another Redis than before.",
                &["outcome"],
            )?,
        })
    }
}

impl FileMetrics {
    fn new(make: &Make, server: &ServerMetrics) -> Result<Self, prometheus::Error> {
        Ok(Self {
            limited: server.refused.clone(),
            uploads: make.counters(
                "uploads_total",
                "Files that came, stored or refused.",
                &["outcome"],
            )?,
            errors: make.counter(
                "file_store_errors_total",
                "Files that could not be written or read.",
            )?,
        })
    }
}

impl RestMetrics {
    fn new(make: &Make) -> Result<Self, prometheus::Error> {
        Ok(Self {
            logins: make.counters("logins_total", "Logins with a password.", &["result"])?,
            request_seconds: make.histograms(
                "rest_request_seconds",
                "Time of a request over REST, by its route.",
                &["route", "status"],
            )?,
        })
    }
}

impl HistoryMetrics {
    fn new(make: &Make) -> Result<Self, prometheus::Error> {
        Ok(Self {
            up: make.gauge("history_up", "1 while the history takes writes.")?,
            persist_seconds: make
                .histogram("message_persist_seconds", "From commit to being stored.")?,
            query_seconds: make.histograms(
                "db_query_seconds",
                "Time of a database call.",
                &["query"],
            )?,
            spool: make.gauge(
                "spool_entries",
                "Entries of the last batch that wait to be stored.",
            )?,
            duplicates: make
                .counter("history_duplicates_total", "Rows that were there already.")?,
            poisoned: make.counter(
                "history_poisoned_total",
                "Entries that only the table poison could take.",
            )?,
            restored: make.counter(
                "sessions_restored_total",
                "Open sessions put back into a hot state that was lost.",
            )?,
            left: make.counter(
                "history_left_total",
                "Times that what is to be stored was left to a later release.",
            )?,
        })
    }
}

/// Makes and registers; every metric is registered once, at start.
struct Make(Registry);

impl Make {
    fn add<C: Collector + Clone + 'static>(&self, collector: C) -> Result<C, prometheus::Error> {
        self.0.register(Box::new(collector.clone()))?;
        Ok(collector)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.add(IntCounter::new(name, help)?)
    }

    fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        self.add(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.add(IntGauge::new(name, help)?)
    }

    fn gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntGaugeVec, prometheus::Error> {
        self.add(IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    fn histogram(&self, name: &str, help: &str) -> Result<Histogram, prometheus::Error> {
        self.add(Histogram::with_opts(
            HistogramOpts::new(name, help).buckets(SECONDS.to_vec()),
        )?)
    }

    fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<HistogramVec, prometheus::Error> {
        let opts = HistogramOpts::new(name, help).buckets(SECONDS.to_vec());
        self.add(HistogramVec::new(opts, labels)?)
    }
}
