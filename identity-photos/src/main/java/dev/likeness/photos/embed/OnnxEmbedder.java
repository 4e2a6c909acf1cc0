package dev.likeness.photos.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.onnx.OnnxFile;
import dev.likeness.photos.internal.opencv.OpenCvNetwork;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * A face embedder from an ONNX file, run by OpenCV. Thread-safe; one face is processed at a time. A
 * closed embedder throws {@link IllegalStateException}.
 */
public final class OnnxEmbedder implements FaceEmbedder {
  // Of f32 vectors that were divided by their length.
  private static final double UNIT_TOLERANCE = 1e-5;

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

  /**
   * Returns the embedding.
   *
   * @throws InvalidInputException if a number of the embedding is NaN or infinite, or all are zero
   */
  @Override
  public float[] embed(RgbImage image, Face face) {
    float[] numbers = features(image, face);
    double length = length(numbers);
    float[] out = new float[numbers.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (numbers[i] / length);
    }
    return out;
  }

  /**
   * Returns the embedding before normalisation to unit length.
   *
   * @throws InvalidInputException if a number of the embedding is NaN or infinite, all are zero, or
   *     the network in the file normalises its embeddings
   */
  @Override
  public float[] embedRaw(RgbImage image, Face face) {
    float[] numbers = features(image, face);
    return Math.abs(length(numbers) - 1) < UNIT_TOLERANCE
        ? FaceEmbedder.super.embedRaw(image, face)
        : numbers;
  }

  private float[] features(RgbImage image, Face face) {
    RgbImage aligned = spec.template().align(image, face);
    float[] numbers = network.forward(
        aligned, spec.rgb(), takesBytes ? 0 : spec.mean(), takesBytes ? 1 : spec.scale());
    if (length(numbers) == 0) {
      throw new InvalidInputException(network.source() + " returns an embedding of zeros, because"
          + " its weights are damaged; download the file again");
    }
    return numbers;
  }

  @Override
  public OptionalInt embeddingLength() {
    return OptionalInt.of(network.outputLength());
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

  private static double length(float[] numbers) {
    double square = 0;
    for (float number : numbers) {
      square += (double) number * number;
    }
    return Math.sqrt(square);
  }
}
