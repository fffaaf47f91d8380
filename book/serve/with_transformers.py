# pip install torch transformers
from transformers import pipeline

classify = pipeline("text-classification", ".", truncation=True, batch_size=16)

if __name__ == "__main__":
    print(classify(["Shares rose by a fifth.", "The cup final went to extra time."]))
