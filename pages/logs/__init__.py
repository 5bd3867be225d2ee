"""Results measured elsewhere: logs item by item, or two published scores."""
