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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The networks and measures of a review. Thread-safe.
 *
 * <p>The tools own the objects that they open: the built-in detector and BRISQUE measure, and the
 * networks from files. The caller owns the objects that it passes, and closes them after the last
 * use. After these tools are closed, the owned objects and the {@code with} methods that open a
 * file throw {@link IllegalStateException}.
 *
 * <p>Each {@code with} method returns new tools and does not change these tools. The new tools and
 * these tools can be used at the same time. Because both share all owned objects, closing either
 * closes both. In a chain such as {@code ReviewTools.builtIn().withDetector(file)}, it is enough to
 * close the last tools. If a {@code with} method cannot open its file, these tools stay open.
 */
public final class ReviewTools implements AutoCloseable {
  private final FaceDetector detector;
  private final Optional<FaceEmbedder> embedder;
  private final Supplier<Optional<Brisque>> brisque;
  private final Optional<FaceQuality> quality;
  private final Owned owned;

  private ReviewTools(
      FaceDetector detector,
      Optional<FaceEmbedder> embedder,
      Supplier<Optional<Brisque>> brisque,
      Optional<FaceQuality> quality,
      Owned owned) {
    this.detector = Objects.requireNonNull(detector, "detector");
    this.embedder = embedder;
    this.brisque = brisque;
    this.quality = quality;
    this.owned = owned;
  }

  /**
   * Returns the tools that need no file: OpenCV's Haar cascades as the face detector, and BRISQUE
   * as the measure of distortion.
   *
   * @return the tools; the caller closes them
   * @throws ResourceLimitException if OpenCV's native libraries are missing
   */
  public static ReviewTools builtIn() {
    Owned owned = new Owned();
    CascadeDetector detector = owned.add(new CascadeDetector(), CascadeDetector::close);
    return new ReviewTools(
        detector, Optional.empty(), owned::builtInBrisque, Optional.empty(), owned);
  }

  /**
   * Returns tools with a face detector and no optional tool.
   *
   * @param detector the face detector; the caller closes it
   * @return the tools; the caller need not close them
   */
  public static ReviewTools of(FaceDetector detector) {
    return new ReviewTools(
        detector, Optional.empty(), Optional::empty, Optional.empty(), new Owned());
  }

  /** {@return the face detector} */
  public FaceDetector detector() {
    return detector;
  }

  /**
   * {@return the face embedder; empty if these tools have none} The review uses the embedder to
   * find photos of another person, and crops of the same shot.
   */
  public Optional<FaceEmbedder> embedder() {
    return embedder;
  }

  /**
   * {@return the measure of distortion such as noise and compression; empty if these tools have no
   * such measure}
   */
  public Optional<Brisque> brisque() {
    return brisque.get();
  }

  /**
   * {@return the network that rates how well a face can be recognised; empty if these tools have no
   * such network}
   */
  public Optional<FaceQuality> quality() {
    return quality;
  }

  /**
   * Returns these tools with YuNet as the face detector.
   *
   * @param file an ONNX file of YuNet with a fixed square input size
   * @return the changed tools; closing them also closes these tools
   * @throws InvalidInputException if the file is not YuNet, or the network in the file has no fixed
   *     square input size
   * @throws ResourceLimitException if OpenCV's native libraries are missing
   */
  public ReviewTools withDetector(Path file) {
    return withDetector(owned.add(YuNetDetector.open(file), FaceDetector::close));
  }

  /**
   * Returns a copy of these tools with the given face detector.
   *
   * @param other the face detector; the caller closes it
   * @return the changed tools; closing them also closes these tools
   */
  public ReviewTools withDetector(FaceDetector other) {
    return new ReviewTools(other, embedder, brisque, quality, owned);
  }

  /**
   * Returns these tools with a face embedder from a file.
   *
   * @param file an ONNX file whose name contains the kind of embedder, such as {@code sface}; see
   *     {@link EmbedderSpec#of(Path)}
   * @param policy the intended use, which the embedder's licence must allow
   * @return the changed tools; closing them also closes these tools
   * @throws InvalidInputException if the name contains no known kind, the licence forbids the use,
   *     or the file does not fit the kind
   * @throws ResourceLimitException if OpenCV's native libraries are missing
   */
  public ReviewTools withEmbedder(Path file, UsePolicy policy) {
    return withEmbedder(
        owned.add(OnnxEmbedder.open(file, EmbedderSpec.of(file), policy), FaceEmbedder::close));
  }

  /**
   * Opens the face embedder in a base model's folder. If the base generates rendered people instead
   * of photographs, its folder can contain an embedder that was trained on such people.
   *
   * @param folder the folder of the base model
   * @return the embedder, which the caller closes; empty if the folder contains no embedder
   * @throws InvalidInputException if the embedder's files are damaged or contain another kind of
   *     network
   */
  public static Optional<FaceEmbedder> embedderIn(Path folder) {
    return TorchEmbedder.findIn(folder).map(Function.identity());
  }

  /**
   * Returns these tools with the face embedder in a base model's folder, if this embedder was
   * trained on photographs. An embedder that was trained on rendered faces cannot tell people in
   * photographs apart, so this method does not add it.
   *
   * @param folder the folder of the base model
   * @return the changed tools; these tools, unchanged, if they already have an embedder or the
   *     folder contains no embedder for photographs
   * @throws InvalidInputException if the embedder's files are damaged or contain another kind of
   *     network
   */
  public ReviewTools withEmbedderIn(Path folder) {
    Optional<FaceEmbedder> own = embedder.isPresent() ? Optional.empty() : embedderIn(folder);
    own.filter(eye -> !eye.isTrainedOnPhotographs()).ifPresent(FaceEmbedder::close);
    return own.filter(FaceEmbedder::isTrainedOnPhotographs)
        .map(eye -> withEmbedder(owned.add(eye, FaceEmbedder::close)))
        .orElse(this);
  }

  /**
   * Returns a copy of these tools with the given face embedder.
   *
   * @param other the embedder; the caller closes it
   * @return the changed tools; closing them also closes these tools
   */
  public ReviewTools withEmbedder(FaceEmbedder other) {
    return new ReviewTools(detector, Optional.of(other), brisque, quality, owned);
  }

  /** {@return new tools without a face embedder; closing them also closes these tools} */
  public ReviewTools withoutEmbedder() {
    return new ReviewTools(detector, Optional.empty(), brisque, quality, owned);
  }

  /**
   * Returns a copy of these tools with the given BRISQUE model.
   *
   * @param model the YAML file of the BRISQUE model, in OpenCV's format
   * @param range the YAML file with the ranges of the model's inputs, in OpenCV's format
   * @return the changed tools; closing them also closes these tools
   * @throws InvalidInputException if a file cannot be read or is not a BRISQUE file
   * @throws ResourceLimitException if OpenCV's native libraries are missing
   */
  public ReviewTools withBrisque(Path model, Path range) {
    Optional<Brisque> other = Optional.of(owned.add(Brisque.open(model, range), Brisque::close));
    return new ReviewTools(detector, embedder, () -> other, quality, owned);
  }

  /**
   * Returns these tools with a face-quality network.
   *
   * @param file the ONNX file of FaceChain's network; see {@link FaceQuality.OnnxFaceQuality}
   * @return the changed tools; closing them also closes these tools
   * @throws InvalidInputException if the file does not contain this network
   * @throws ResourceLimitException if OpenCV's native libraries are missing
   */
  public ReviewTools withQuality(Path file) {
    FaceQuality other = owned.add(FaceQuality.OnnxFaceQuality.open(file), FaceQuality::close);
    return new ReviewTools(detector, embedder, brisque, Optional.of(other), owned);
  }

  /**
   * Closes all objects that these tools own. Tools that were made from these tools, or from which
   * these tools were made, are closed too. A second call has no effect.
   */
  @Override
  public void close() {
    owned.close();
  }

  /** What a chain of tools has opened. The last is closed first. */
  private static final class Owned {
    private final Deque<Runnable> closing = new ArrayDeque<>();
    private Brisque builtIn;
    private boolean isClosed;

    synchronized <T> T add(T opened, Consumer<T> close) {
      if (isClosed) {
        close.accept(opened);
        throw new IllegalStateException("the review tools are closed; open new ones");
      }
      closing.push(() -> close.accept(opened));
      return opened;
    }

    // Opened at the first use, because tools with another model never use it.
    synchronized Optional<Brisque> builtInBrisque() {
      builtIn = builtIn == null ? add(Brisque.builtIn(), Brisque::close) : builtIn;
      return Optional.of(builtIn);
    }

    synchronized void close() {
      isClosed = true;
      while (!closing.isEmpty()) {
        closing.pop().run();
      }
    }
  }
}
