"""Files that Bascule writes for people: a distribution for a new scenario."""
