//! Points on which the sources disagree, or real firmware is said to differ.

use std::str::FromStr;

macro_rules! quirks {
    ($($(#[doc = $doc:expr])+ $variant:ident, $field:ident, $name:literal;)+) => {
        /// A way in which a real module may differ from the manual. All are off by default.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Quirk {
            $($(#[doc = $doc])+ $variant,)+
        }

        /// The quirks that are on.
        #[derive(Debug, Clone, Copy, Default)]
        pub(crate) struct Quirks {
            $(pub(crate) $field: bool,)+
        }

        impl Quirk {
            /// Every quirk.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on a command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        impl Quirks {
            pub(crate) fn set(&mut self, quirk: Quirk) {
                match quirk { $(Quirk::$variant => self.$field = true,)+ }
            }
        }
    };
}

quirks! {
    /// TLS errors as numbers 830..841 instead of 1000..1012. Source: SSL guide 12.2.
    GuideSslNumbers, guide_ssl_numbers, "guide-ssl-numbers";
    /// MQTT errors as `+CMS ERROR`. Source: M37 p28 against p1188.
    MqttErrorsAsCms, mqtt_errors_as_cms, "mqtt-errors-as-cms";
    /// Inner lines of an information text end in a lone line feed. Source: M37 p31-32.
    LineFeedOnly, line_feed_only, "line-feed-only";
    /// A line with an extended command and anything else is an error, and nothing of it is done. M37 p19 takes such lines; that
    /// all firmware does is known of no other.
    ChainsRefused, chains_refused, "chains-refused";
    /// Of such a line the first command is done and answered with `OK`, and the others are not.
    ChainsCut, chains_cut, "chains-cut";
    /// `>` without the blank behind it.
    BarePrompt, bare_prompt, "bare-prompt";
    /// Suite value 0 offers the eight CBC suites alone. Source: SSL guide 12.1.7.
    GuideDefaultSuites, guide_default_suites, "guide-default-suites";
    /// The multiplexer hears nothing any more, until it is reset, once a frame has come too soon after `OK`. Source: a
    /// public report on the ME910G1-WW.
    MultiplexerSticks, multiplexer_sticks, "multiplexer-sticks";
    /// The multiplexer takes UIH frames for itself only if the host marks them as commands. Source: a public report on
    /// the ME910.
    MultiplexerWantsCommands, multiplexer_wants_commands, "multiplexer-wants-commands";
    /// `#SSLEN=n,0` is an error while nothing is enabled.
    DisableTwiceIsError, disable_twice_is_error, "disable-twice-is-error";
    /// `#SSLD` in online mode prints `OK` before `CONNECT`. Source: M37 p898.
    OkBeforeConnect, ok_before_connect, "ok-before-connect";
    /// The count of `SSLSRING` includes the overhead of the records. Source: M37 p879.
    RingCountsRecords, ring_counts_records, "ring-counts-records";
    /// `SSLSRING:1,400` without a blank. Source: SSL guide 7.1.2.2 against 7.4.4.
    RingWithoutBlank, ring_without_blank, "ring-without-blank";
    /// `#SSLRECV` answers `DISCONNECTED` without the line that counts, as public drivers of older modules expect it.
    BareDisconnected, bare_disconnected, "bare-disconnected";
    /// `#HTTPRCV` answers without `<<<`. Source: SSL guide 8.2.
    BodyWithoutMark, body_without_mark, "body-without-mark";
    /// Bodies of answers outside 200..206 cannot be read.
    ErrorBodiesHidden, error_bodies_hidden, "error-bodies-hidden";
    /// A request that cannot be sent ends in `OK` and then in `#HTTPRING` with status 0. No source tells which failures
    /// show where.
    HttpFailuresRing, http_failures_ring, "http-failures-ring";
    /// `#HTTPSND` connects before it prompts, so that a server that is not there is an error instead of a prompt. No source
    /// tells which comes first.
    ConnectsBeforePrompt, connects_before_prompt, "connects-before-prompt";
    /// `#HTTPSND` takes bodies of no bytes. No source has a number.
    EmptyBodiesTaken, empty_bodies_taken, "empty-bodies-taken";
    /// `#HTTPRING` of status 0 has two blanks behind the colon. Source: a public driver of an STM32.
    HttpringTwoBlanks, httpring_two_blanks, "httpring-two-blanks";
    /// `#HTTPRING` without quotes around the type. Source: the syntax line of M37 p862 against what was captured.
    HttpringWithoutQuotes, httpring_without_quotes, "httpring-without-quotes";
    /// `#HTTPRING` ends behind the status where type and size are not told. Source: M37 p862, read as "this field is
    /// empty".
    HttpringWithoutTail, httpring_without_tail, "httpring-without-tail";
    /// Chunks reach the host with their framing. That the module removes it is known from one log only.
    ChunksAsTheyCome, chunks_as_they_come, "chunks-as-they-come";
    /// A request is in the wrong state while a body is left unread. No source says what happens.
    UnreadBodyBlocks, unread_body_blocks, "unread-body-blocks";
    /// `#HTTPRCV` gives what has arrived, be it less than a block. Source: M37 p869 calls it a maximum.
    HttpBlocksShort, http_blocks_short, "http-blocks-short";
    /// A body of unknown length ends in an error, without an empty block before it. One log shows the block.
    NoEmptyBlock, no_empty_block, "no-empty-block";
    /// The HTTP client has no TLS and `#HTTPCFG` nine fields. Source: the test answer of an HE910 in public code.
    HttpWithoutTls, http_without_tls, "http-without-tls";
    /// There is no HTTP client. Source: a public driver about LE910 firmware 17.00.503.
    NoHttp, no_http, "no-http";
    /// `#MQREAD` sends the payload right behind `<<<`.
    PayloadBehindMark, payload_behind_mark, "payload-behind-mark";
    /// Any `#MQWCFG` restarts the module, as an LE910R1 with firmware M0Q does by public notes.
    WillRestarts, will_restarts, "will-restarts";
    /// `#MQREAD` ends its header in a comma. Source: the syntax line of M37 p1031 against its examples.
    MqreadHeaderComma, mqread_header_comma, "mqread-header-comma";
    /// `#MQCFG` has no `<sslInstance>`: an MQTT client has the secure socket of its own number. Source: notes on
    /// firmware M0Q.010001, and M37 before revision 14.
    MqcfgWithoutSocket, mqcfg_without_socket, "mqcfg-without-socket";
    /// `#MQSUB` has no `<qos>` and asks for 1. Source: as for `MqcfgWithoutSocket`.
    MqsubWithoutQos, mqsub_without_qos, "mqsub-without-qos";
    /// `#MQPUBS` takes 140 characters. Source: the vendor's public wrapper of 2021.
    ShortMessages, short_messages, "short-messages";
    /// There is no `#MQPUBSEXT`. Source: M37 before revision 12.
    NoMqpubsext, no_mqpubsext, "no-mqpubsext";
    /// `#MQCFG2` takes a keep-alive from 1 s, and has 20 s by default. Source: IPE28 p138 against M37 p1018.
    OldKeepAlive, old_keep_alive, "old-keep-alive";
    /// `#MQCFG` with TLS works while `#SSLEN` has the socket on. Source: notes on firmware M0Q.010001.
    MqttTakesEnabledSocket, mqtt_takes_enabled_socket, "mqtt-takes-enabled-socket";
    /// `#MQCONN?` lists clients that are not enabled, too. Source: examples of M37 p1017 and IPE28 p140.
    EveryClientListed, every_client_listed, "every-client-listed";
    /// A subscription that the broker refuses ends in `OK`. No source says what happens.
    RefusedSubscriptionIsOk, refused_subscription_is_ok, "refused-subscription-is-ok";
    /// Of a message that came, no more than 1024 bytes are there. The client's receive buffer has that size; no source
    /// says what `#MQREAD` makes of more.
    MessagesTruncated, messages_truncated, "messages-truncated";
    /// A message of more than 1024 bytes takes several slots, one for each piece. As for `MessagesTruncated`.
    MessagesSplit, messages_split, "messages-split";
    /// `#FTPRECV:n` without a blank. Source: M37 p831.
    BlockWithoutBlank, block_without_blank, "block-without-blank";
    /// `#FTPGETPKT?` reports the end of the file after the transfer was cut.
    EndOfFileAfterCut, end_of_file_after_cut, "end-of-file-after-cut";
    /// `#FTPDELE` ends in `ERROR` before the server has answered, and `#FTPMSG` is empty until then. Source: M37 p816.
    LateDeletes, late_deletes, "late-deletes";
    /// `#FTPMSG` and `#FTPPWD` print what the server said as it is. The form of the former is printed nowhere.
    BareMessages, bare_messages, "bare-messages";
    /// `#FTPMSG` tells the last reply after `#FTPOPEN` has failed, too. No source says whether it does.
    LastMessageKept, last_message_kept, "last-message-kept";
    /// A download that the server does not let begin in the middle begins at the start. No source says what happens.
    RefusedRestartIgnored, refused_restart_ignored, "refused-restart-ignored";
    /// A second `#FTPGETPKT` in a session is refused, as a public driver of the LE910 V2 implies.
    OneDownloadASession, one_download_a_session, "one-download-a-session";
    /// Data connections end in `NOCARRIER`. Source: IPE28 p126.
    NoCarrierInOneWord, no_carrier_in_one_word, "no-carrier-in-one-word";
    /// The last `#FTPAPPEXT` ends before the server has said how it stored the file. No source tells which comes first.
    AppendsEndEarly, appends_end_early, "appends-end-early";
    /// `#FTPAPPEXT` takes at most half of a block. Source: M37 p809.
    ShortAppends, short_appends, "short-appends";
}

/// The text names no quirk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown quirk `{0}`")]
pub struct UnknownQuirk(String);

impl FromStr for Quirk {
    type Err = UnknownQuirk;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|quirk| quirk.name() == text)
            .ok_or_else(|| UnknownQuirk(text.to_owned()))
    }
}
