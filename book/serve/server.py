# pip install onnxruntime tokenizers fastapi uvicorn, then: uvicorn server:app
from typing import Annotated

from classify import classify
from fastapi import Body, FastAPI

app = FastAPI()


@app.post("/classify")
def answer(texts: Annotated[list[str], Body(min_length=1, max_length=64)]) -> list[str]:
    return classify(texts)
