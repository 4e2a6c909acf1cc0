/**
 * Opens base models and generates images: the facade of {@code likeness-diffusion-core}.
 *
 * <p>A {@link BaseModel} is opened from a diffusers folder, a Hugging Face cache folder or a single
 * file. Several threads can use it. An {@link dev.likeness.diffusion.request.ImageRequest}
 * describes the images to generate. Each {@link GeneratedImage} comes with its seed, its latents
 * and the request with every default filled in. An {@link Identity} is a person in a request: a
 * trained LoRA or reference images. Its {@link Consent} records each {@link Purpose} that the
 * person agreed to. Work that requires a consent throws an exception if a person has no consent. A
 * {@link PreviewDecoder} decodes previews while images are sampled. The engine is in
 * {@code internal} packages, which may change at any time.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base.safetensors"), Compute.best())) {
 *   ImageRequest request = ImageRequest.of("studio portrait of a woman").negative("glasses");
 *   GeneratedImage image = base.generate(request.seed(1));
 *   Files.write(Path.of("portrait.png"), image.toPng());
 * }
 * }</pre>
 *
 * <p>To read the engine, start at {@code internal.pipeline.Pipeline}, which lists the stages of a
 * generation in order.
 */
@NullMarked
package dev.likeness.diffusion;

import org.jspecify.annotations.NullMarked;
