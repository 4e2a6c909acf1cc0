/**
 * Inspection of LoRA files: key format, algorithms, and the keys that fit a base model.
 *
 * <p>{@link KeyFormat} names the conventions by which programs name the tensors of a LoRA file
 * (peft, diffusers, kohya, ComfyUI, XLabs and others); {@link LoraAlgorithm} says how a layer's
 * tensors become a change of its weight (LoRA, LoHa, LoKr, OFT and others). A
 * {@link LoraInspection} reports format and algorithms, and every key that fits no layer.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best())) {
 *   LoraInspection report = Lora.inspect(Path.of("film.safetensors"), base);
 *   System.out.println(report.keyFormat() + " " + report.algorithms() + " rank " + report.rank());
 *   report.unmatched().forEach(System.out::println);
 * }
 * }</pre>
 */
package dev.likeness.lora.file;
