package dev.likeness.photos;

import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.quality.FaceQuality;
import dev.likeness.photos.quality.OnnxFaceQuality;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The networks that a review works with; safe for threads, to be closed by whoever opened them.
 *
 * @param detector finds the faces
 * @param embedder finds out who does not belong, when there is one
 * @param quality a second opinion on each face, when there is one
 */
public record ReviewTools(FaceDetector detector, Optional<FaceEmbedder> embedder, Optional<FaceQuality> quality)
    implements AutoCloseable {
  /** The cascades, which need no file. */
  public static ReviewTools builtIn() {
    return new ReviewTools(new CascadeDetector(), Optional.empty(), Optional.empty());
  }

  /** The same with YuNet from {@code file} as the detector; closes the one it replaces. */
  public ReviewTools withDetector(Path file) {
    YuNetDetector better = orClose(() -> YuNetDetector.open(file));
    detector.close();
    return new ReviewTools(better, embedder, quality);
  }

  /** The same with the embedder in {@code file}, whose name must say which it is ({@link EmbedderSpec#of(Path)}). */
  public ReviewTools withEmbedder(Path file, UsePolicy policy) {
    OnnxEmbedder other = orClose(() -> OnnxEmbedder.open(file, EmbedderSpec.of(file), policy));
    return new ReviewTools(detector, Optional.of(other), quality);
  }

  /** The same with the face-quality network in {@code file}. */
  public ReviewTools withQuality(Path file) {
    return new ReviewTools(detector, embedder, Optional.of(orClose(() -> OnnxFaceQuality.open(file))));
  }

  // Calls are chained, so a file that cannot be opened must not leave the tools before it open.
  private <T> T orClose(Supplier<T> opening) {
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
    quality.ifPresent(FaceQuality::close);
  }
}
