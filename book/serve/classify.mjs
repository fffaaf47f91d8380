// npm install @huggingface/transformers@3
import { env, pipeline } from "@huggingface/transformers";

env.localModelPath = "."; // where models lie; the one below is this folder itself
const classify = await pipeline("text-classification", ".", { dtype: "q8" }); // model_quantized.onnx

console.log(await classify(["Shares rose by a fifth.", "The cup final went to extra time."]));
