"""What all facades let their clients do with movers and runs, and how it can fail, without any facade's words."""
