"""What serves a fine-tuned model: one file per runtime, which declares itself."""
