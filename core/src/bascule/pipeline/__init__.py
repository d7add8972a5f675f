"""The order of the stages: decide (reads only), then act."""
