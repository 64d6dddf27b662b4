"""Reads of the live cluster before anything is declared."""
