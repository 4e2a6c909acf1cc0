/**
 * Likeness from reference images, without training.
 *
 * <p>{@link IpAdapter} opens an IP-Adapter file for a base model, with an {@link ImageEncoder} if
 * the adapter needs it. The adapter encodes reference images as an {@link ImagePrompt}, which
 * requests use as an identity. {@link BlockWeights} limits an image prompt to blocks of the
 * network, for example to transfer only the style. {@link PersonAdapter} is an adapter with the
 * encoders that it needs, and encodes reviewed photos. {@link FaceReader} makes references from any
 * photo. {@link FaceGuidance} steers sampling so that generated faces match a person. Its face
 * embedder and tiny autoencoder come from the base folder or from other files.
 *
 * <pre>{@code
 * Compute compute = Compute.best();
 * try (BaseModel base = BaseModel.open(Path.of("base"), compute);
 *     ImageEncoder encoder = ImageEncoder.open(Path.of("image_encoder"), compute);
 *     IpAdapter adapter = IpAdapter.open(Path.of("ip-adapter.safetensors"), base, encoder)) {
 *   ImagePrompt ada = adapter.prompt(RgbImage.read(Path.of("selfie.jpg")));
 *   base.generate(ImageRequest.of("portrait in a navy suit").adapter(ada.at(0.7)));
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.ipadapter;

import org.jspecify.annotations.NullMarked;
