"""Whether a message is substantive, what it applies, and which belief it shows: by rules, locally, or by a model."""
