"""What battles show beyond a verdict: robustness, sources of a gap, calibration, forecasts, suites."""
