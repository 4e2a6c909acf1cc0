/**
 * Networks that OpenCV runs outside of a review.
 *
 * <p>{@link SuperResolution} enlarges images with an ONNX network such as Real-ESRGAN. The library
 * contains no weights, so a file must be given. The network is thread-safe, and the caller closes
 * it.
 *
 * <pre>{@code
 * try (SuperResolution network = SuperResolution.open(Path.of("realesrgan-x4.onnx"))) {
 *   network.upscale(RgbImage.read(Path.of("small.png"))).writePng(Path.of("large.png"));
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.photos.opencv;

import org.jspecify.annotations.NullMarked;
