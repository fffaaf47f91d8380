"""What exports share: the graph of a network as ONNX, and an exported network's tokenizer."""
