"""Labs and the tutor."""
