"""A reader for each file format, and the tables that they return."""
