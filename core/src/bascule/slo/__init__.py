"""Objectives, and the judge that says whether a merge broke one (docs/explanation/judge.md).

Pure: no clock, no network.
"""
