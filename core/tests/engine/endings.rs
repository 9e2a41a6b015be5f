//! The end of a stream where it is not plain to see.
