package dev.likeness.photos;

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
 * The tools of a review. Thread-safe; closed by the caller that opened them.
 *
 * @param detector finds faces
 * @param embedder finds photos of another person and duplicates; optional
 * @param brisque rates distortion; optional
 * @param quality a network that rates each face; optional
 */
public record ReviewTools(
    FaceDetector detector,
    Optional<FaceEmbedder> embedder,
    Optional<Brisque> brisque,
    Optional<FaceQuality> quality)
    implements AutoCloseable {
  /** The cascades and BRISQUE, which need no file. */
  public static ReviewTools builtIn() {
    return new ReviewTools(
        new CascadeDetector(), Optional.empty(), Optional.of(Brisque.builtIn()), Optional.empty());
  }

  /** A detector and nothing else. */
  public static ReviewTools of(FaceDetector detector) {
    return new ReviewTools(detector, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The same with YuNet from {@code file} as the detector; closes the one it replaces. */
  public ReviewTools withDetector(Path file) {
    return withDetector(openOrClose(() -> YuNetDetector.open(file)));
  }

  /** The same with another detector; closes the one it replaces. */
  public ReviewTools withDetector(FaceDetector better) {
    detector.close();
    return new ReviewTools(better, embedder, brisque, quality);
  }

  /**
   * The same with the embedder in {@code file}, whose name must say which it is
   * ({@link EmbedderSpec#of(Path)}).
   */
  public ReviewTools withEmbedder(Path file, UsePolicy policy) {
    return withEmbedder(openOrClose(() -> OnnxEmbedder.open(file, EmbedderSpec.of(file), policy)));
  }

  /**
   * The face embedder in a base model's folder, for bases whose people need one of their own; empty
   * if the folder has none. The caller closes it.
   */
  public static Optional<FaceEmbedder> embedderIn(Path folder) {
    return TorchEmbedder.findIn(folder).map(Function.identity());
  }

  /** The same with an embedder; closes the one it replaces. */
  public ReviewTools withEmbedder(FaceEmbedder other) {
    embedder.ifPresent(FaceEmbedder::close);
    return new ReviewTools(detector, Optional.of(other), brisque, quality);
  }

  /** The same with another BRISQUE model, OpenCV's two YAML files; closes the one it replaces. */
  public ReviewTools withBrisque(Path model, Path range) {
    Brisque other = openOrClose(() -> Brisque.open(model, range));
    brisque.ifPresent(Brisque::close);
    return new ReviewTools(detector, embedder, Optional.of(other), quality);
  }

  /** The same with the face-quality network in {@code file}; closes the one it replaces. */
  public ReviewTools withQuality(Path file) {
    FaceQuality other = openOrClose(() -> FaceQuality.OnnxFaceQuality.open(file));
    quality.ifPresent(FaceQuality::close);
    return new ReviewTools(detector, embedder, brisque, Optional.of(other));
  }

  // Calls are chained, so a file that cannot be opened must not leave the tools before it open.
  private <T> T openOrClose(Supplier<T> opening) {
    try {
      return opening.get();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public void close() {
    detector.close();
    embedder.ifPresent(FaceEmbedder::close);
    brisque.ifPresent(Brisque::close);
    quality.ifPresent(FaceQuality::close);
  }
}
