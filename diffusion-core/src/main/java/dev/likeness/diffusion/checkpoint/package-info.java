/**
 * The supported face of checkpoint files.
 *
 * <p>{@link CheckpointConverter} converts a model between a diffusers folder and a single file,
 * changes the data type of its tensors, and rewrites pickles as safetensors. It reads tensor by
 * tensor, so a model may be larger than memory. Pickles are read by an allow-list and never run.
 * Which key formats open is documented in {@code docs/reference/checkpoint-formats.md}; their readers lie in
 * {@code internal.file} and {@code internal.model}.
 *
 * <pre>{@code
 * CheckpointConverter.convert(Path.of("base.ckpt"), Path.of("base"), DType.F16);
 * CheckpointConverter.convert(Path.of("lora.pt"), Path.of("lora.safetensors"), null);
 * }</pre>
 */
package dev.likeness.diffusion.checkpoint;
