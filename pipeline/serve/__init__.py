"""A saved run behind HTTP, with a web page."""
