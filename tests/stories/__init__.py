"""Stories told over HTTP as a municipality tells them, late and corrected; the figures were counted by hand."""
