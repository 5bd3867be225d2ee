"""What several sections show or ask in the same way."""
