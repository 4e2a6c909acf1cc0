/**
 * LoRA files: open, attach, fuse, merge, and train them.
 *
 * <p>{@link Lora} opens a file of any key format for a base model; {@link Lora#at(double)} returns
 * an adapter for requests. The base is never changed, so several people can share one base.
 * {@link LoraMerge} merges LoRAs, or extracts a LoRA from a fine-tuned model. {@link LoraTrainer}
 * trains a {@link LoraPerson}, with settings of {@code dev.likeness.lora.training}.
 * {@link DreamBooth} trains all weights of the denoising network.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best());
 *     Lora film = Lora.open(Path.of("film.safetensors"), base)) {
 *   System.out.println(film.inspection()); // key format, algorithm, layers
 *   base.generate(ImageRequest.of("portrait of a woman").adapter(film.at(0.8)));
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.lora;

import org.jspecify.annotations.NullMarked;
