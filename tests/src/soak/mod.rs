//! The soak: mixed traffic over a module that fails at random, for as long as one wants.
//!
//! Messages both ways, requests, downloads and TLS sockets take turns on one supervised module, while it restarts, its
//! port is pulled, its network goes, connections are cut and bytes are lost on the line, all from a seed that is
//! printed. Nothing may hang, nothing may be wrong, memory stays flat, and everything is accounted for: each message is
//! delivered, or its loss is reported.
//!
//! | variable | what it does |
//! |---|---|
//! | `TELIT_SOAK_MINUTES` | how long; default 1 |
//! | `TELIT_SOAK_SEED` | the seed of an earlier run; default a new one |

mod chaos;
mod ledger;
mod memory;
mod messages;
mod plan;
mod timeline;
mod transfers;
mod world;

use std::sync::Arc;

use chaos::Chaos;
use ledger::Ledger;
use memory::Memory;
use messages::Messages;
use plan::Plan;
use transfers::Transfers;
use world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute or more: cargo test -p telit-tests soak -- --ignored --nocapture"]
async fn mixed_traffic_over_a_failing_module() {
    let plan = Plan::from_environment();
    println!("soak for {:?}, TELIT_SOAK_SEED={}", plan.length, plan.seed);
    let world = Arc::new(World::start(&plan).await);
    let ledger = Ledger::new(world.supervisor.events());
    let messages = Messages::start(Arc::clone(&world), ledger.clone()).await;
    let transfers = Transfers::new(Arc::clone(&world), ledger.clone());
    let chaos = Chaos::start(Arc::clone(&world), ledger.clone(), plan.seed);
    let mut memory = Memory::default();
    while !plan.is_over() {
        messages.exchange().await;
        messages.step_aside().await;
        transfers.once().await;
        messages.come_back().await;
        memory.look();
    }
    chaos.end().await;
    messages.settle().await;
    messages.step_aside().await;
    transfers.all_right().await;
    println!("{}\n{memory}", ledger.report());
    ledger.check(&world);
    memory.check();
}
