"""The append-only log: sequencing of batches, checkpoints, cosignatures, inclusion proofs."""
