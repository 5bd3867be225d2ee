"""The second documentation. Same tree as the code; run with `pytest`, and nothing here touches a network."""
