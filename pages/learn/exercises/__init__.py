"""The exercise of a lab: its sheet, the fields that keep themselves, the calculator."""
