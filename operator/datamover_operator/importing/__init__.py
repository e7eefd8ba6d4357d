"""`datamover-operator import`: movers that the older REST service made, as DataMovers that adopt them."""
