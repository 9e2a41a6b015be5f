//! The way back in step: what is tried, when, and what is taken for an answer.
