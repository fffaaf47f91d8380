# pip install onnxruntime tokenizers
import json

import onnxruntime
from tokenizers import Tokenizer

labels = json.load(open("config.json", encoding="utf-8"))["id2label"]
tokenizer = Tokenizer.from_file("tokenizer.json")  # pads a batch, and cuts at the run's max_length
session = onnxruntime.InferenceSession("onnxruntime/model_int8.onnx")


def classify(texts):
    rows = tokenizer.encode_batch(texts)
    known = {
        "input_ids": [row.ids for row in rows],
        "attention_mask": [row.attention_mask for row in rows],
        "token_type_ids": [row.type_ids for row in rows],
    }
    (logits,) = session.run(["logits"], {one.name: known[one.name] for one in session.get_inputs()})
    return [labels[str(best)] for best in logits.argmax(axis=1)]


if __name__ == "__main__":
    print(classify(["Shares rose by a fifth.", "The cup final went to extra time."]))
