//! Everything that is asked. Shapes of answers:
//!
//! | shape | answer |
//! |---|---|
//! | `length` | 200 with a length, or the part that `Range` asks for with 206 |
//! | `last` | the same, and the connection ends |
//! | `chunked`, `until-close` | 200 without a length |
//! | `untyped`, `odd-type` | without a type, and with one that has to be quoted with care |
//! | `long-header`, `many-headers`, `same-headers` | 200 with a length, and that |
//! | `100`, `103`, `103-often` | 200 behind one interim answer, and behind many |
//! | a status | that status with a length |
//! | `echo` | the request's body and type back |

use super::case::{Case, delete, get, head, other, post, put};
use super::refusal::Refusal::{Body, BodyTooLong, Header, HeadersTooLong, LineTooLong};

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];
const OCTETS: &[(&str, &str)] = &[("Content-Type", "application/octet-stream")];
const FORM: &[(&str, &str)] = &[("Content-Type", "application/x-www-form-urlencoded")];
const ODD: &[(&str, &str)] = &[("Content-Type", "text/plain; charset=utf-8; x='a, b; c'")];
const WAITING: &[(&str, &str)] = &[("Content-Type", "text/plain"), ("Expect", "100-continue")];
const RANGE: &[(&str, &str)] = &[("Range", "bytes=100-1600")];
const LAST_BYTE: &[(&str, &str)] = &[("Range", "bytes=1500-1500")];
const SEVERAL: &[(&str, &str)] =
    &[("Accept", "text/plain, */*;q=0.1"), ("X-First", "1; a=b"), ("X-Second", "two words")];
/// A token that fits beside nothing else.
const BEARER: &[(&str, &str)] = &[(
    "Authorization",
    "Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmV4YW1wbGUiLCJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
)];
/// As long as the address of an object in a store that signs them.
const SIGNED: &str = "length/1501?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20240501%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20240501T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEDQaCWV1LXdlc3QtMSJHMEUCIQD4vSyPhX5V9k8ZVWcS1qF0mXQmYyq9Yb2jA0Z0m1kQ";

pub(super) const CASES: &[Case] = &[
    // Bodies with a length.
    get("length/0"),
    get("length/1"),
    get("length/1499"),
    get("length/1500"),
    get("length/1501"),
    get("length/65536"),
    get("length/all-values"),
    get("length/mark"),
    get("length/okay"),
    get("length/error"),
    get("length/prompt"),
    get("length/no-carrier"),
    get("length/ring"),
    get("length/escape"),
    get("length/end-of-block"),
    // In chunks.
    get("chunked/0"),
    get("chunked/1"),
    get("chunked/1500"),
    get("chunked/1501"),
    get("chunked/65536"),
    get("chunked/all-values"),
    get("chunked/mark"),
    get("chunked/okay"),
    get("chunked/error"),
    get("chunked/ring"),
    get("chunked/end-of-block"),
    // Until the connection ends.
    get("until-close/0"),
    get("until-close/1"),
    get("until-close/1500"),
    get("until-close/1501"),
    get("until-close/65536"),
    get("until-close/all-values"),
    get("until-close/okay"),
    get("until-close/no-carrier"),
    get("until-close/end-of-block"),
    // A connection that is kept, and one that is not.
    get("length/1500").twice(),
    get("chunked/1501").twice(),
    get("length/0").twice(),
    get("last/0"),
    get("last/1501"),
    get("last/1501").twice(),
    // Every status with a body that reads like an answer of the module.
    get("200/okay"),
    get("201/1"),
    get("204"),
    get("301"),
    get("304"),
    get("400/okay"),
    get("401/1501"),
    get("404/okay"),
    get("404/0"),
    get("404/65536"),
    get("418/1"),
    get("500/error"),
    get("503/1500"),
    // Interim answers before the answer.
    get("103/1500"),
    get("103-often/okay"),
    get("100/okay"),
    post("1501").with(WAITING).refused(Header),
    put("okay").with(WAITING).refused(Header),
    // Headers of the answer.
    get("untyped/1501"),
    get("odd-type/1501"),
    get("odd-type/0"),
    get("long-header/1501"),
    get("many-headers/1501"),
    get("same-headers/1501"),
    // Headers and addresses of the request.
    get("length/65536").with(RANGE),
    get("length/1501").with(LAST_BYTE),
    get("length/1").with(SEVERAL),
    get("length/1?a=1&b=%20x%22y&c"),
    get("length/1501").with(BEARER).refused(HeadersTooLong),
    get(SIGNED).refused(LineTooLong),
    // HEAD.
    head("length/65536"),
    head("length/0"),
    head("chunked/1501"),
    head("404/1501"),
    head("204"),
    // DELETE.
    delete("204"),
    delete("200/1501"),
    delete("404/okay"),
    delete("echo").sending("1").with(JSON).refused(Body),
    // POST.
    post("0").with(JSON).refused(Body),
    post("1").with(JSON),
    post("1499").with(OCTETS),
    post("1500").with(OCTETS),
    post("1501").with(OCTETS),
    post("65535").with(OCTETS),
    post("65536").with(OCTETS).refused(BodyTooLong),
    post("all-values").with(OCTETS),
    post("mark").with(FORM),
    post("okay").with(JSON),
    post("error").with(JSON),
    post("prompt").with(ODD),
    post("no-carrier").with(JSON),
    post("ring").with(JSON),
    post("escape").with(JSON),
    post("1"),
    post("okay").to("201/1501").with(JSON),
    post("okay").to("400/error").with(JSON),
    post("okay").to("503/0").with(JSON),
    // PUT.
    put("0").with(JSON).refused(Body),
    put("1").with(JSON),
    put("1500").with(OCTETS),
    put("1501").with(OCTETS),
    put("65535").with(OCTETS),
    put("65536").with(OCTETS).refused(BodyTooLong),
    put("all-values").with(ODD),
    put("mark").with(OCTETS),
    put("error").with(OCTETS),
    put("prompt").with(OCTETS),
    put("ring").with(OCTETS),
    put("okay").to("204").with(JSON),
    put("okay").to("500/okay").with(JSON),
    // What the module's client has not.
    other("PATCH", "echo").sending("okay").with(JSON),
    other("PATCH", "echo").sending("65536").with(OCTETS),
    other("OPTIONS", "echo"),
    other("OPTIONS", "204"),
];
