"""Letters, from draft to fixed manifest, and their access codes."""
