"""Rolling a merge back through its own lane: found, computed, proposed, judged, passed through the window, told."""
