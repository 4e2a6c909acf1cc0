/**
 * Networks that OpenCV runs for callers outside of a review.
 *
 * <p>{@link SuperResolution} enlarges images by an ONNX network such as Real-ESRGAN. The library
 * brings no weights; give a file. It is closed by its caller and shared by threads.
 *
 * <pre>{@code
 * try (SuperResolution network = SuperResolution.open(Path.of("realesrgan-x4.onnx"))) {
 *   network.upscale(RgbImage.read(Path.of("small.png"))).writePng(Path.of("large.png"));
 * }
 * }</pre>
 */
package dev.likeness.photos.opencv;
