"""Scores what a model wrote or ranked: which answer it gave, and what that is worth, as lm-eval has it."""
