package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.photos.quality.Brisque;
import dev.likeness.photos.quality.FaceQuality;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The networks and measures of a review. Thread-safe.
 *
 * <p>{@link #close()} closes all of them. Each {@code with} method returns new tools, which take
 * over the unchanged tools. Therefore only the tools returned last must be closed. If a
 * {@code with} method cannot open its file, it closes all tools before it throws.
 *
 * @param detector finds faces
 * @param embedder compares faces to find photos of another person, and crops of the same shot;
 *     optional
 * @param brisque measures distortion such as noise and compression; optional
 * @param quality a network that rates how well each face can be recognised; optional
 */
public record ReviewTools(
    FaceDetector detector,
    Optional<FaceEmbedder> embedder,
    Optional<Brisque> brisque,
    Optional<FaceQuality> quality)
    implements AutoCloseable {
  /**
   * Returns the tools that need no file: OpenCV's Haar cascades and BRISQUE.
   *
   * @return the tools; the caller closes them
   * @throws ResourceLimitException if OpenCV's native libraries are missing
   */
  public static ReviewTools builtIn() {
    return new ReviewTools(
        new CascadeDetector(), Optional.empty(), Optional.of(Brisque.builtIn()), Optional.empty());
  }

  /**
   * Returns tools with a face detector and no optional tool.
   *
   * @param detector the face detector; closing the tools closes it
   * @return the tools; the caller closes them
   */
  public static ReviewTools of(FaceDetector detector) {
    return new ReviewTools(detector, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * Returns these tools with YuNet as the face detector. Closes the previous detector.
   *
   * @param file an ONNX file of YuNet with a fixed input size
   * @return the new tools; the caller closes them instead of these tools
   * @throws InvalidInputException if the file is not YuNet or has no fixed input size
   */
  public ReviewTools withDetector(Path file) {
    return withDetector(openOrClose(() -> YuNetDetector.open(file)));
  }

  /**
   * Returns these tools with another face detector. Closes the previous detector.
   *
   * @param other the new face detector; closing the tools closes it
   * @return the new tools; the caller closes them instead of these tools
   */
  public ReviewTools withDetector(FaceDetector other) {
    detector.close();
    return new ReviewTools(other, embedder, brisque, quality);
  }

  /**
   * Returns these tools with a face embedder from a file. Closes the previous embedder.
   *
   * @param file an ONNX file whose name contains the kind of embedder, such as {@code sface}; see
   *     {@link EmbedderSpec#of(Path)}
   * @param policy the intended use, which the embedder's licence must allow
   * @return the new tools; the caller closes them instead of these tools
   * @throws InvalidInputException if the name contains no known kind, the licence forbids the use,
   *     or the file does not fit the kind
   */
  public ReviewTools withEmbedder(Path file, UsePolicy policy) {
    return withEmbedder(openOrClose(() -> OnnxEmbedder.open(file, EmbedderSpec.of(file), policy)));
  }

  /**
   * Opens the face embedder in a base model's folder. If a base model generates people in a style
   * of its own, its folder contains an embedder that was trained on that style.
   *
   * @param folder the folder of the base model
   * @return the embedder, which the caller closes; empty if the folder contains no embedder
   * @throws InvalidInputException if the embedder's files are damaged or of another kind
   */
  public static Optional<FaceEmbedder> embedderIn(Path folder) {
    return TorchEmbedder.findIn(folder).map(Function.identity());
  }

  /**
   * Returns these tools with another face embedder. Closes the previous embedder.
   *
   * @param other the new embedder; closing the tools closes it
   * @return the new tools; the caller closes them instead of these tools
   */
  public ReviewTools withEmbedder(FaceEmbedder other) {
    embedder.ifPresent(FaceEmbedder::close);
    return new ReviewTools(detector, Optional.of(other), brisque, quality);
  }

  /**
   * Returns these tools with another BRISQUE model. Closes the previous model.
   *
   * @param model OpenCV's YAML file of the regression
   * @param range OpenCV's YAML file with the ranges of the regression's inputs
   * @return the new tools; the caller closes them instead of these tools
   * @throws InvalidInputException if a file cannot be read or is not a BRISQUE file
   */
  public ReviewTools withBrisque(Path model, Path range) {
    Brisque other = openOrClose(() -> Brisque.open(model, range));
    brisque.ifPresent(Brisque::close);
    return new ReviewTools(detector, embedder, Optional.of(other), quality);
  }

  /**
   * Returns these tools with a face-quality network. Closes the previous network.
   *
   * @param file an ONNX file of the network of {@link FaceQuality.OnnxFaceQuality}
   * @return the new tools; the caller closes them instead of these tools
   * @throws InvalidInputException if the file does not contain this network
   */
  public ReviewTools withQuality(Path file) {
    FaceQuality other = openOrClose(() -> FaceQuality.OnnxFaceQuality.open(file));
    quality.ifPresent(FaceQuality::close);
    return new ReviewTools(detector, embedder, brisque, Optional.of(other));
  }

  // The caller cannot close these tools if a call in the middle of a chain fails.
  private <T> T openOrClose(Supplier<T> opening) {
    try {
      return opening.get();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Closes the detector and all optional tools. */
  @Override
  public void close() {
    detector.close();
    embedder.ifPresent(FaceEmbedder::close);
    brisque.ifPresent(Brisque::close);
    quality.ifPresent(FaceQuality::close);
  }
}
