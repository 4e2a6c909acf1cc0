/**
 * Inspection of LoRA files: key format, algorithms, and the keys that fit a base model.
 *
 * <p>{@link KeyFormat} lists the naming conventions for the tensors of a LoRA file (peft,
 * diffusers, kohya, ComfyUI, XLabs and others). {@link LoraAlgorithm} lists the algorithms that
 * compute a weight change from these tensors (LoRA, LoHa, LoKr, OFT and others). A
 * {@link LoraInspection} reports format and algorithms, and every key that fits no layer.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best())) {
 *   LoraInspection report = Lora.inspect(Path.of("film.safetensors"), base);
 *   System.out.println(report.keyFormat().orElseThrow() + " " + report.algorithms());
 *   report.keys().unmatched().forEach(System.out::println);
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.lora.file;

import org.jspecify.annotations.NullMarked;
