"""The scene language: what a scenario file may say. Plain frozen values, checked when the YAML file is read."""
