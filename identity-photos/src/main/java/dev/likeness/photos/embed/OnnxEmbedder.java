package dev.likeness.photos.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.onnx.OnnxFile;
import dev.likeness.photos.internal.opencv.OpenCvNetwork;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A face embedder from an ONNX file, run by OpenCV. Thread-safe; one face is processed at a time. A
 * closed embedder throws {@link IllegalStateException}.
 */
public final class OnnxEmbedder implements FaceEmbedder {
  private final EmbedderSpec spec;
  private final String name;
  private final OpenCvNetwork network;
  private final boolean takesBytes;

  private OnnxEmbedder(EmbedderSpec spec, String name, OpenCvNetwork network, boolean takesBytes) {
    this.spec = spec;
    this.takesBytes = takesBytes;
    this.name = name;
    this.network = network;
  }

  /**
   * Opens an ONNX face embedder. If the network in the file scales its input itself, pixel values
   * are passed unchanged.
   *
   * @param file the ONNX file
   * @param spec input format, threshold and licence
   * @param policy the intended use
   * @return the embedder; the caller closes it
   * @throws InvalidInputException if {@code policy} forbids the embedder, or the file does not fit
   *     {@code spec}
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  public static OnnxEmbedder open(Path file, EmbedderSpec spec, UsePolicy policy) {
    policy.require(spec);
    OnnxFile input = OnnxFile.read(file, "the face embedder");
    if (input.inputSize() > 0 && input.inputSize() != spec.template().size()) {
      throw new InvalidInputException(String.format(
          Locale.ROOT,
          "the face embedder %s needs %dx%d images, but the specification %s has %dx%d; give the"
              + " specification of this file",
          file,
          input.inputSize(),
          input.inputSize(),
          spec.name(),
          spec.template().size(),
          spec.template().size()));
    }
    return new OnnxEmbedder(
        spec,
        spec.name() + " " + input.fingerprint(),
        OpenCvNetwork.openForFaces(input, spec.template().size()),
        input.hasInputScaling());
  }

  @Override
  public float[] embed(RgbImage image, Face face) {
    return normalize(embedRaw(image, face));
  }

  @Override
  public float[] embedRaw(RgbImage image, Face face) {
    RgbImage aligned = spec.template().align(image, face);
    return network.forward(
        aligned, spec.rgb(), takesBytes ? 0 : spec.mean(), takesBytes ? 1 : spec.scale());
  }

  /**
   * Returns the name of the specification and a hash of the file. The hash is included because
   * embeddings made with different files cannot be compared.
   */
  @Override
  public String name() {
    return name;
  }

  @Override
  public double samePersonThreshold() {
    return spec.samePersonThreshold();
  }

  /** {@return the specification} */
  public EmbedderSpec spec() {
    return spec;
  }

  /** Frees the network. */
  @Override
  public void close() {
    network.close();
  }

  private static float[] normalize(float[] values) {
    double square = 0;
    for (float value : values) {
      square += (double) value * value;
    }
    float[] out = new float[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (values[i] / Math.sqrt(Math.max(square, 1e-20)));
    }
    return out;
  }
}
