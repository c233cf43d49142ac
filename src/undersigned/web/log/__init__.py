"""The append-only log: sequencing, checkpoints, cosignatures, proofs."""
