//! The fault matrix: everything that can go wrong, at every point of every job, one thing at a time.
//!
//! A job is run once without a fault. What was said on the line is cut into its [points](point): each command line and
//! payload of the host, each line, prompt and body of the module. Then, for each point and each [fault](fault), the job
//! is run again from scratch in a [world](trial) of its own, in virtual time, with that one fault, and it is checked
//! that
//!
//! 1. every operation ends within the bound that its documentation gives,
//! 2. its result is right, or a typed error that tells the truth about what module and peer have seen,
//! 3. the next operation on the same handles works, after what the documentation asks for, and
//! 4. no byte of any payload differs.
//!
//! A serial line has no checksum. Where the fault hits a byte that nothing protects, that byte may differ and nothing
//! else: such runs are counted as damaged.
//!
//! Each job prints a report. Environment:
//!
//! | variable | what it does |
//! |---|---|
//! | `TELIT_FAULTS` | `one-in-N` of all cases, `whole`, or `every-byte`: not only the first, middle and last of each piece |
//! | `TELIT_FAULT_SEED` | another sample; any number |
//! | `TELIT_FAULT_CASE` | runs the one case of this name and prints its conversation |

mod bench;
mod bring_up;
mod cancellation;
mod case;
mod credentials;
mod fault;
mod ftps;
mod https;
mod line;
mod matrix;
mod mqtt;
mod outcome;
mod panics;
mod payload;
mod point;
mod provision;
mod report;
mod scenario;
mod set_up;
mod socket;
mod tape;
mod trial;
mod watchdog;
