//! The figures, each beside its floor and its peers.

use std::time::{Duration, Instant};

use telit_benches::{Report, Row, Target};

use crate::check::Checked;
use crate::measurement::{Measurement, Traffic};
use crate::{Error, READ_SIZES, callgrind, why};

const METHOD: &str = "\
What is counted: instructions, by valgrind's callgrind, inside one function of the bench, which runs itself under valgrind \
once a figure (release profile, nothing set for a package; `memchr` and `memcpy` choose AVX2 there). A line is one that is \
not empty, final results included; each comes as `CR LF line CR LF`, as Telit modules send it. One command is under \
way at a time, and no read reaches beyond the answer and the codes behind it; the read size is the most that one read \
gives.

*Text*: rounds of ten turns with 67 lines in 2.3 kB. Polls (`+CSQ` twice, `+CEREG?`, `#MQCONN?`, `#SSLS?`, `+CCLK?`) and \
settings (`#SSLCFG?` with six lines twice, `+CGDCONT?` with three) are answered by 22 lines and nine `OK`; 36 codes that nobody \
asked for come in front of, among and behind those lines, and twenty `#MQRING` in one burst, as after a subscription. Each \
line is taken apart into a type with its numbers and texts; the answer to a poll and the code of the same name \
(`+CEREG`) are told apart.

*Short fields*: rounds of three turns with 58 lines of two to four fields in 1.2 kB (`+CSQ`, `#MQCONN?`, `#SSLS?`, `SSLSRING`, \
`#MQRING` with a topic of three characters), most of them in bursts that fill a read.

*Engine alone*: bytes into the engine, typed values out. *Reader only*: the same bytes without a command under way, so that every \
line is cut out, handed on and typed (the `OK` among them are no type), but belongs to nothing. *Delivered*: a driver on a transport in memory, one task that \
awaits the answer to its command and one that awaits codes; from the first byte of the answer until both have their typed \
values, tokio's current-thread runtime included. *And the commands before them sent*: the same, from the moment at which the \
task asks. The pause between commands is zero.

*Bodies*: rounds of eight turns with 16.4 kB of bodies: four blocks of `#FTPRECV` (3000 bytes), two of `#HTTPRCV` \
(1500), one of `#SSLRECV` (1000) and one of `#MQREAD` (400), each the largest that its command gives but the last; bytes as of a \
compressed file; three codes among them. The figure is all instructions, those for heads, results and codes \
included, over the bytes of the bodies. *A file in the largest blocks*: 288 kB in blocks of `#FTPRECV` (3000 bytes) alone, no code \
among them. That a body is not copied is seen by its address: bytes that were read \
together with its head can move when room is made for the rest.

Beside them: `atat` 0.25 with its ingress, its own digester, derived types and its channels; `LinesCodec` of `tokio-util`, which \
gives strings and no types; finding every line feed with `memchr`; copying every read with `memcpy`. Time is the shortest \
of fifteen runs in turn, and that of the SDK includes beginning the exchanges. Every event and every body of the SDK is compared with what was sent, at every read size, \
before anything is measured.";

/// How often the time of a measurement is taken, one after the other.
const REPETITIONS: usize = 15;

/// Measures everything.
pub(crate) fn report(traffic: &Traffic, checked: &[Checked]) -> Result<Report, Error> {
    let mut report = Report::new("engine_cost", "What the engine costs for a line and for a byte", METHOD);
    if callgrind::is_here() {
        instructions(&mut report, traffic)?;
    } else {
        println!("valgrind is missing: instructions are not counted, only time is taken");
    }
    time(&mut report, traffic)?;
    damage(&mut report, checked);
    Ok(report)
}

fn instructions(report: &mut Report, traffic: &Traffic) -> Result<(), Error> {
    let each = |measurement: Measurement, read_size| -> Result<f64, Error> {
        let instructions = callgrind::instructions(measurement.name(), read_size)?;
        Ok(instructions as f64 / measurement.amount(traffic) as f64)
    };
    let mut delivered = Vec::new();
    for read_size in READ_SIZES {
        let line = |way: &str| format!("a text line, typed, {way}, {read_size}-byte reads");
        let floor = each(Measurement::TextFloor, read_size)?;
        let peer = each(Measurement::TextPeer, read_size)?;
        let beside = |row: Row| row.floor("memchr", floor).peer("atat 0.25", peer);
        let alone = each(Measurement::TextEngine, read_size)?;
        let engine = Row::new(line("engine alone"), alone, "instructions");
        let met = |row: Row, target| if read_size == 512 { row.target(target) } else { row };
        report.push(met(beside(engine), Target::AtMost(490.0)).why_missed(why::ENGINE));
        let figure = each(Measurement::TextDelivered, read_size)?;
        delivered.push(figure);
        let row = Row::new(line("delivered to waiting tasks"), figure, "instructions");
        report.push(met(beside(row), Target::AtMost(740.0)).why_missed(why::DELIVERED));
        let figure = each(Measurement::TextEverything, read_size)?;
        report.push(beside(Row::new(
            line("delivered, and the commands before them sent"),
            figure,
            "instructions",
        )));
        let reader = each(Measurement::TextReader, read_size)?;
        let row = Row::new(line("reader only, no command under way"), reader, "instructions");
        report.push(met(beside(row), Target::AtMost(490.0)).why_missed(why::ENGINE));
        let codec = each(Measurement::TextCodec, read_size)?;
        let row = Row::new(line("engine alone, beside a codec that types nothing"), alone, "instructions");
        report.push(row.peer("tokio-util LinesCodec", codec));
    }
    if let [small, _, large] = delivered[..] {
        let row =
            Row::new("a text line delivered, growth from 4096-byte to 64-byte reads", small / large, "x");
        report.push(row.target(Target::AtMost(1.15)).why_missed(why::GROWTH));
    }
    let beside = |row: Row| -> Result<Row, Error> {
        Ok(row
            .floor("memchr", each(Measurement::ShortFloor, 512)?)
            .peer("atat 0.25", each(Measurement::ShortPeer, 512)?))
    };
    let name = "a text line of short fields, typed, engine alone, 512-byte reads";
    report.push(beside(Row::new(name, each(Measurement::ShortEngine, 512)?, "instructions"))?);
    let name = "a text line of short fields, typed, reader only, no command under way, 512-byte reads";
    report.push(beside(Row::new(name, each(Measurement::ShortReader, 512)?, "instructions"))?);
    let name = "a text line of short fields, typed, delivered to waiting tasks, 512-byte reads";
    report.push(beside(Row::new(name, each(Measurement::ShortDelivered, 512)?, "instructions"))?);
    for (read_size, most) in READ_SIZES.into_iter().zip([2.7, 0.93, 0.62]) {
        let name = format!("a byte of a body in mixed traffic, {read_size}-byte reads");
        let row = Row::new(name, each(Measurement::BodiesEngine, read_size)?, "instructions")
            .floor("memcpy", each(Measurement::BodiesFloor, read_size)?)
            .peer("atat 0.25", each(Measurement::BodiesPeer, read_size)?);
        report.push(row.target(Target::AtMost(most)).why_missed(why::BODIES));
        let name = format!("a byte of a file in the largest blocks, {read_size}-byte reads");
        let row = Row::new(name, each(Measurement::FileEngine, read_size)?, "instructions")
            .floor("memcpy", each(Measurement::FileFloor, read_size)?)
            .peer("atat 0.25", each(Measurement::FilePeer, read_size)?);
        report.push(row.target(Target::AtMost(most)).why_missed(why::BODIES));
    }
    Ok(())
}

fn time(report: &mut Report, traffic: &Traffic) -> Result<(), Error> {
    for read_size in READ_SIZES {
        let [engine, delivered, peer, floor] = times(
            [
                Measurement::TextEngine,
                Measurement::TextDelivered,
                Measurement::TextPeer,
                Measurement::TextFloor,
            ],
            traffic,
            read_size,
        )?;
        let line = |way: &str| format!("time of a text line, typed, {way}, {read_size}-byte reads");
        let row =
            |way, figure| Row::new(line(way), figure, "ns").floor("memchr", floor).peer("atat 0.25", peer);
        report.push(row("engine alone", engine));
        report.push(row("delivered to waiting tasks", delivered));
    }
    for read_size in READ_SIZES {
        let [engine, peer, floor] = times(
            [Measurement::BodiesEngine, Measurement::BodiesPeer, Measurement::BodiesFloor],
            traffic,
            read_size,
        )?;
        let name = format!("time of a byte of a body in mixed traffic, {read_size}-byte reads");
        report.push(Row::new(name, engine, "ns").floor("memcpy", floor).peer("atat 0.25", peer));
    }
    Ok(())
}

/// The shortest time of each, taken in turn.
fn times<const N: usize>(
    measurements: [Measurement; N],
    traffic: &Traffic,
    read_size: usize,
) -> Result<[f64; N], Error> {
    let mut shortest = [Duration::MAX; N];
    for _ in 0..REPETITIONS {
        for (measurement, shortest) in measurements.iter().zip(&mut shortest) {
            let began = Instant::now();
            measurement.run(traffic, read_size)?;
            *shortest = (*shortest).min(began.elapsed());
        }
    }
    let mut shortest = shortest.into_iter();
    Ok(measurements.map(|measurement| {
        let nanoseconds = shortest.next().unwrap_or_default().as_nanos();
        nanoseconds as f64 / measurement.amount(traffic) as f64
    }))
}

fn damage(report: &mut Report, checked: &[Checked]) {
    for Checked {
        read_size,
        lines,
        peer_lines_wrong,
        bodies,
        peer_bodies_damaged,
        moved_bytes,
        body_bytes,
    } in checked
    {
        let row =
            |name: String, ours: f64, unit: &str| Row::new(name, ours, unit).target(Target::AtMost(0.0));
        report.push(
            row(format!("bodies damaged, of {bodies}, {read_size}-byte reads"), 0.0, "bodies")
                .peer("atat 0.25", *peer_bodies_damaged as f64),
        );
        report.push(
            row(format!("typed lines missing or wrong, of {lines}, {read_size}-byte reads"), 0.0, "lines")
                .peer("atat 0.25", *peer_lines_wrong as f64),
        );
        report.push(Row::new(
            format!("bytes of bodies moved after they were read, {read_size}-byte reads"),
            100.0 * *moved_bytes as f64 / *body_bytes as f64,
            "%",
        ));
    }
}
