"""How a model is asked: settings, prompts, variants of a prompt, and whether two settings may be compared."""
