"""What is told of a battle that is over or was stopped."""
