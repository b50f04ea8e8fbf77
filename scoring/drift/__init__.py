"""Population drift: does an agent call its tools as it did in the pinned baseline? Pure maths on counts."""
