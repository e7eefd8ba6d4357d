"""What every facade lets its clients do with movers and runs, and how it can fail; no facade's words or shapes."""
