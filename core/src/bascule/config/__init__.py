"""Configuration files: the strict YAML reader and `.github/bascule.yml`."""
