/**
 * Converts checkpoint files between formats.
 *
 * <p>{@link CheckpointConverter} converts a model between a diffusers folder and a single file,
 * changes the data type of its tensors, and rewrites pickles as safetensors. It reads tensor by
 * tensor, so a model may be larger than memory. From a pickle, it reads only the classes of an
 * allow-list, and it never executes code in the pickle.
 * {@code docs/reference/checkpoint-formats.md} lists the key formats.
 *
 * <pre>{@code
 * CheckpointConverter.convert(Path.of("base.ckpt"), Path.of("base"), DType.F16);
 * CheckpointConverter.convert(Path.of("lora.pt"), Path.of("lora.safetensors"));
 * }</pre>
 */
@NullMarked
package dev.likeness.diffusion.checkpoint;

import org.jspecify.annotations.NullMarked;
