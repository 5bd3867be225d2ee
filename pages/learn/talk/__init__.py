"""The talk of a lab, and what stands around it."""
