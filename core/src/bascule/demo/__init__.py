"""The demonstration: the whole main job on the embedded simulator."""
