//! What is measured, and what it is called.

use metrics::Unit;

use crate::pool::figures::ModuleFigures;
use crate::pool::module::PoolState;

pub(super) struct Series<V = ()> {
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    pub(super) description: &'static str,
    pub(super) value: V,
}

type Counted = fn(&ModuleFigures) -> u64;

const fn counted(name: &'static str, description: &'static str, value: Counted) -> Series<Counted> {
    Series { name, unit: Unit::Count, description, value }
}

/// One for each module.
pub(super) const COUNTERS: [Series<Counted>; 14] = [
    Series {
        name: "telit_module_received_bytes_total",
        unit: Unit::Bytes,
        description: "Bytes read from the ports of the module",
        value: |figures| figures.port.bytes_read,
    },
    Series {
        name: "telit_module_sent_bytes_total",
        unit: Unit::Bytes,
        description: "Bytes written to the ports of the module",
        value: |figures| figures.port.bytes_written,
    },
    counted("telit_module_commands_total", "AT commands that were begun", |figures| figures.port.exchanges),
    counted("telit_module_resyncs_total", "How often the engine had to get back in step", |figures| {
        figures.port.resyncs
    }),
    counted("telit_module_starts_total", "How often the module was started", |figures| figures.starts),
    counted("telit_module_failed_starts_total", "How often it could not be started", |figures| {
        figures.failed_starts
    }),
    counted("telit_module_restarts_total", "How often it was seen to have restarted", |figures| {
        figures.restarts
    }),
    counted("telit_module_port_losses_total", "How often its port was lost", |figures| figures.port_losses),
    counted("telit_module_recoveries_total", "How often its supervisor has brought it back", |figures| {
        figures.recoveries
    }),
    counted(
        "telit_module_sessions_lost_total",
        "Sessions, connections and transfers that were lost",
        |figures| figures.sessions_lost,
    ),
    counted(
        "telit_module_reconnects_total",
        "Sessions, connections and transfers that came back",
        |figures| figures.sessions_resumed,
    ),
    counted("telit_module_failed_work_total", "How often its work has failed or panicked", |figures| {
        figures.failed_work
    }),
    counted(
        "telit_module_dropped_bytes_total",
        "Bytes that were dropped on the way back in step",
        |figures| figures.port.dropped_bytes,
    ),
    Series {
        name: "telit_module_on_line_seconds_total",
        unit: Unit::Seconds,
        description: "How long the module was on line",
        value: |figures| figures.time_on_line.as_secs(),
    },
];

/// One for each module and category.
pub(super) const ERRORS: Series = Series {
    name: "telit_module_errors_total",
    unit: Unit::Count,
    description: "Commands and starts that failed, and what the work has recorded",
    value: (),
};

pub(super) const WAITING: Series = Series {
    name: "telit_module_commands_waiting",
    unit: Unit::Count,
    description: "AT commands that wait for their turn",
    value: (),
};

pub(super) const ON_LINE: Series = Series {
    name: "telit_module_on_line",
    unit: Unit::Count,
    description: "1 while the module is on line, otherwise 0",
    value: (),
};

/// One for each state.
pub(super) const MODULES: Series =
    Series { name: "telit_pool_modules", unit: Unit::Count, description: "Modules in the pool", value: () };

pub(super) const GAUGES: [Series; 3] = [WAITING, ON_LINE, MODULES];

pub(super) const STATES: [(PoolState, &str); 6] = [
    (PoolState::Waiting, "waiting"),
    (PoolState::Starting, "starting"),
    (PoolState::Up, "up"),
    (PoolState::Recovering, "recovering"),
    (PoolState::Down, "down"),
    (PoolState::Leaving, "leaving"),
];
