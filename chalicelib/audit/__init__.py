"""The trail: a hash chain per entity, Merkle checkpoints over all of them, the offline verifier."""
