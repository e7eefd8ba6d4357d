"""What DataSync remembers: locations, tasks, their tags; and the rules of the operations on them."""
