"""Results in words. Each module here knows one result and computes nothing; no result knows its words."""
