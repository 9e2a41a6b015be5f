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
//! A fault on a single byte may be followed by one second try of the next operation, which is counted: what was read
//! before may be wrong. Nothing else gets one.
//!
//! Some things nobody can tell, and they are classified apart. A serial line has no checksum: where the fault hits a byte
//! of a payload, that byte may differ and nothing else (`damaged`). A module that waits for counted bytes and misses some
//! takes what is said next to find the line again; the error says that it may have taken effect (`unknown and done`). A
//! module that says it refused what it has done is believed (`misled`). In online mode, a module that may not be asked
//! has restarted in silence until the socket is closed; closing has to tell (`unknown`).
//!
//! Each job prints a report, and the sum of all so far. Environment:
//!
//! | variable | what it does |
//! |---|---|
//! | `TELIT_FAULTS` | `whole` (of platform 37, and one in 20 of each other one), `everywhere` (all of all), `every-byte` (of platform 37, not only the first, middle and last of each piece), or `one-in-N` of all |
//! | `TELIT_FAULT_SEED` | another sample; any number |
//! | `TELIT_FAULT_CASE` | runs the one case of this name and prints its conversation |

mod bench;
mod bring_up;
mod cancellation;
mod case;
mod credentials;
mod doctor;
mod fault;
mod ftps;
mod https;
mod line;
mod matrix;
mod mqtt;
mod outcome;
mod panics;
mod payload;
mod platforms;
mod point;
mod provision;
mod report;
mod scenario;
mod set_up;
mod silence;
mod socket;
mod strike;
mod supervised;
mod tape;
mod trial;
mod watchdog;
