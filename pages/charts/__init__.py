"""Pictures: each takes numbers, draws them once in Altair, and says its finding to whoever cannot see it."""
