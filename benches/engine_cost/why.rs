//! What the profile shows where a target is missed, and what would help.

pub(crate) const ENGINE: &str = "\
Taking the line apart takes 370 of the instructions, of which `str::from_utf8` takes 70, since it goes byte by byte up to the next aligned word, \
and the ends of its texts 60; the rest is its numbers (three a line), which type it is and building it. Finding the line, cutting \
it out of the read and queueing it takes 250, of which the search itself is 70 and `Bytes::slice` with its counter 25; \
whose line it is takes 65 (`Pending::meaning`), keeping it for the answer 20, the ends of exchanges 60; \
taking the event out of the queue, the bench's loop and dropping the line 100. \
The lines are heavier than those the target was set for: `memchr` takes 138 for one instead of 91. Its `atat` of 1,479 was built \
with link-time optimisation, it seems: with `lto` and one codegen unit `atat` takes 1,576 here. The rows \
of the reader alone leave out what is no reader's work, and those of short fields show the same on lines nearer to those of the target. \
What does not help: text that is checked for UTF-8 once a read and shared by its lines. Without `unsafe` that is a copy of the read, lines of two kinds and ends \
of fields that are checked to be ends of characters, which together take 70 more a line than they spare. \
What would help: events that are handed on by a call instead of a queue (50 a line); a search with AVX2 for all lines of a read in one pass.";

pub(crate) const DELIVERED: &str = "\
On top of the engine come 1,170 instructions a line, or 7,800 a turn, since a turn has 6.7 lines on average. 2,500 of \
them are the runtime's and the bench's: entering `Runtime::block_on`, its turns and parking, and the tasks that count. 1,900 wake and run the \
three tasks of a turn and hand an answer over by `oneshot`; 1,400 are the driver's wait and read, once for the \
bytes and once to find that there are no more; 600 go through the queue of codes (177 a code). What would help: a driver that polls \
handles only when they have woken it. Codes of one read handed over under one lock would spare little: taking and giving back a \
lock that nobody else wants is an estimated 35 of the 177.";

pub(crate) const GROWTH: &str = "\
A read costs 1,250 instructions however little it brings: 500 in the driver's loop with its wait and its deadline, 200 to poll \
the transport, 72 of them in that of the bench, 75 to ask the engine for its results, 380 in the engine, which takes what is whole off \
the buffer and looks again at a line that was cut. At 64 bytes a read brings 1.6 lines, at 4096 a whole turn. What would help: reading on in \
the same turn of the task for as long as the transport has bytes; but that costs a poll more wherever it has none, which is the usual \
case on a serial line, where bytes that come so few at a time each come with a wake-up of their own.";

pub(crate) const BODIES: &str = "\
No byte of a body is looked at, and none is moved: the room for it is made when its command begins, which is not counted (37 instructions a turn). What is left is counted by the turn \
and by the read. A turn has 2.3 lines, a body and its memory: some 2,450 instructions, which are 1.2 a byte, since the average block \
has 2,050; the rows of a file show the same for blocks of 3,000, whose head is taken in one step. 225 of them copy the read into the buffer, 280 are the bench's loop and its taking codes apart, 220 the queue of events and dropping what was in it, \
180 give memory back, mostly that of the command. \
A read of 64 bytes costs 115 more: 75 in the bench's loop and its clock, 11 for the \
copy into the buffer, 30 in the engine, which counts it. What would help: more kinds of bodies whose head is taken in one step, which is so for those that have their length in the first field; \
results that are handed on by a call instead of a queue.";
