"""What learns to classify: one file per kind of classifier, which declares itself."""
