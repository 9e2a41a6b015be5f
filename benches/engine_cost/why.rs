//! What the profile shows where a target is missed, and what would help.

pub(crate) const ENGINE: &str = "\
Taking the line apart takes 370 of the instructions: its numbers 109 (three a line), the ends of its texts 45, that the texts \
are UTF-8 70 (`str::from_utf8` goes byte by byte up to the next aligned word), which type it is and building it 146. Finding the line, cutting \
it out of the read and queueing it takes 300 (`Pending::take_run`, the loop for codes and `front` 225, of which the search itself is 70; `Bytes::slice` and its \
counter 36; `Reader::take_run` 35), whose line it is 77 (`Pending::meaning`), keeping it for the answer 32, the ends of exchanges 60; \
taking the event out of the queue, the bench's loop and dropping the line 115. \
The lines are heavier than those the target was set for: `memchr` takes 138 for one instead of 91. Its `atat` of 1,479 was built \
with link-time optimisation, it seems: with `lto` and one codegen unit `atat` takes 1,576 here, the SDK 949 (780 as a reader alone), and 1,914 delivered. The rows \
of the reader alone leave out what is no reader's work, and those of short fields show the same on lines nearer to those of the target. \
What would help: text that is checked for UTF-8 once a read, which without `unsafe` takes a type of its own for lines that are text; \
events that are handed on by a call instead of a queue (70 a line); a search with AVX2 for all lines of a read in one pass.";

pub(crate) const DELIVERED: &str = "\
On top of the engine come 1,150 instructions a line, or 7,700 a turn, since a turn has 6.7 lines on average. 2,500 of \
them are the runtime's and the bench's: entering `Runtime::block_on`, its turns and parking, and the tasks that count. 1,900 wake and run the \
three tasks of a turn and hand an answer over by `oneshot`; 1,400 are the driver's wait and read, once for the \
bytes and once to find that there are no more; 600 go through the queue of codes (177 a code). What would help: a driver that polls \
handles only when they have woken it. Codes of one read handed over under one lock would spare little: taking and giving back a \
lock that nobody else wants is an estimated 35 of the 177.";

pub(crate) const GROWTH: &str = "\
A read costs 1,300 instructions however little it brings: 500 in the driver's loop with its wait and its deadline, 200 to poll \
the transport, 72 of them in that of the bench, 100 to ask the engine for its results, 380 in the engine, which takes what is whole off \
the buffer and looks again at a line that was cut. At 64 bytes a read brings 1.6 lines, at 4096 a whole turn. What would help: reading on in \
the same turn of the task for as long as the transport has bytes; but that costs a poll more wherever it has none, which is the usual \
case on a serial line, where bytes that come so few at a time each come with a wake-up of their own.";

pub(crate) const BODIES: &str = "\
No byte of a body is looked at, and none is moved: the room for it is made when its command begins, which is not counted (37 instructions a turn). What is left is counted by the turn \
and by the read. A turn has 2.3 lines, a body and its memory: 2,670 instructions, which are 1.3 a byte, since the average block \
has 2,050 (a block of 3,000 would make it 0.9). 225 of them copy the read into the buffer, 325 are the bench's loop and its taking codes apart, 190 the queue of events and dropping what was in it; \
the line that announces the body takes 950 (found 230, understood 170, kept 320 with its memory), the end of the exchange 250, the rest finds out what comes next. \
A read of 64 bytes costs 154 more: 90 in the bench's loop and its clock, 11 for the \
copy into the buffer, 55 in the engine, which counts it and finds that nothing has happened. What would help: an answer of one line that takes no memory of \
its own (150 a turn); a state for each kind of body, so that less is asked between the head and the result.";
