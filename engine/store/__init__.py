"""What is written down: one database technology for ledger and journal."""
