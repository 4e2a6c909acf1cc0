/**
 * Opens base models and generates images: the facade of {@code likeness-diffusion-core}.
 *
 * <p>A {@link BaseModel} opens from a diffusers folder, a Hugging Face cache folder or a single
 * file, and is shared by threads. An {@link dev.likeness.diffusion.request.ImageRequest} says what
 * to generate; each {@link GeneratedImage} comes with its seed, its latents and the completed
 * request. An {@link Identity} is a person in a request: a trained LoRA or reference images. Its
 * {@link Consent} says who agreed to which {@link Purpose}; where a consent is required, a person
 * without one is refused. A {@link PreviewDecoder} shows images while they are sampled. The engine
 * lies in {@code internal} packages, which may change at any time.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base.safetensors"), Compute.best())) {
 *   ImageRequest request = ImageRequest.of("studio portrait of a woman").negative("blurry");
 *   GeneratedImage image = base.generate(request.seed(1));
 *   Files.write(Path.of("portrait.png"), image.toPng());
 * }
 * }</pre>
 *
 * <p>To read the engine, start at {@code internal.pipeline.Pipeline}, which lists the stages of a
 * generation in order.
 */
package dev.likeness.diffusion;
