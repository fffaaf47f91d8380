// npm install @huggingface/transformers@3
import { env, pipeline } from "@huggingface/transformers";

env.localModelPath = "."; // where models are looked for; the one below is this folder itself
const classify = await pipeline("text-classification", ".", { dtype: "q8" }); // onnx/model_quantized.onnx

console.log(await classify(["Shares rose by a fifth after the company raised its forecast.", "The cup final went to extra time."]));
