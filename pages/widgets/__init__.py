"""Parts that pages share: each draws one thing from engine data and holds no state of its own."""
