"""The data set: one reader per kind of source, then cleaned, split and described."""
