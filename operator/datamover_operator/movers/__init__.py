"""DataMovers: gather what AWS has, plan, carry the steps out, record."""
