"""One module a command: `run(options)`, and `add_options(parser)` where it has some."""
