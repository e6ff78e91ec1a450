"""The driven side: stores, vault, views, and one file per neighbour."""
