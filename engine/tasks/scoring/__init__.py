"""Reads what a model wrote: which answer it gave, and whether that is right. Rules as lm-eval has them."""
