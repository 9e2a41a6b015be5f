//! The edges of the product: what a user may say, and what a module may.

mod numbers;
mod strings;
