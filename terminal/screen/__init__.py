"""From a view to pixels and a lamp."""
