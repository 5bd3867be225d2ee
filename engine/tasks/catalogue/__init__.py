"""The benchmarks, one small file each."""
