"""Facit's second verifier: an evidence bundle checked with nothing but Python's standard library.

Read in this order: `verify` (the steps), `bundle` (the zip file and its manifest), `notes`, `ed25519` and `tree` (what was
signed, and what a checkpoint covers), `journal` (entries and texts), `state` (what the entries lead to), `facts`, `standings`
and `sums` (where each partner stands), `figures` and `completeness` (the numbers), `places` (names). `cel` evaluates the
programme's rules.
"""
