"""The benchmarks, one small file each; `TASKS` at its end are the ways in which it is asked."""
