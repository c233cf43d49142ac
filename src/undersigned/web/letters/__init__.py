"""Letters, from draft to a fixed manifest, and their access codes."""
