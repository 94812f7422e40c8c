//! A file of each class of fault, with the exact answer.
