package dev.likeness.ipadapter.internal.guidance;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.Point;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The gradient guidance of one image, behind {@link dev.likeness.ipadapter.FaceGuidance}. */
public final class FaceGradientGuidance implements GradientGuidance {
  /**
   * The move of the denoised prediction per unit of noise-to-signal ratio, for latents of
   * {@link #REFERENCE_VALUES}. Each value of larger latents moves as far.
   */
  private static final double STEP_LENGTH = 6;

  private static final double REFERENCE_VALUES = 4 * 32 * 32;
  /** The noise-to-signal ratio is capped at this value. */
  private static final double MAX_NOISE = 5;
  /** Steps between two detections of the face. */
  private static final int DETECTION_INTERVAL = 2;

  private final LoadedAutoencoder autoencoder;
  private final EmbedderEnsemble embedders;
  private final FaceDetector detector;
  private final float[] person;
  private final Settings settings;
  private final FaceTrack track = new FaceTrack();
  private int row;
  private long values;
  private FaceAlignment alignment;

  /**
   * The settings of face guidance.
   *
   * @param weight 0 to 1
   * @param every rows of the plan from one guided row to the next
   * @param gradient how the gradient passes the network; empty if memory decides
   */
  public record Settings(double weight, int every, Optional<NetworkGradient> gradient) {}

  public FaceGradientGuidance(
      LoadedAutoencoder autoencoder,
      EmbedderEnsemble embedders,
      FaceDetector detector,
      float[] person,
      Settings settings) {
    this.autoencoder = autoencoder;
    this.embedders = embedders;
    this.detector = detector;
    this.person = person;
    this.settings = settings;
  }

  /** Returns the cosine to the person, -1 to 1; null as long as no face was found. */
  @Override
  public Tensor objective(Tensor denoised) {
    requireChannels(denoised.size(1));
    values = denoised.numel();
    Tensor latents = denoised.cpu();
    if (alignment == null || this.row % DETECTION_INTERVAL == 0) {
      detect(latents.detach());
    }
    int row = this.row++;
    if (alignment == null) {
      return null;
    }
    Tensor shown = autoencoder.decode(alignment.crop(latents)).to(ScalarType.Float);
    return embedders.similarity(alignment.align(shown, FaceAlignment.FaceViews.of(row)), person);
  }

  private void requireChannels(long channels) {
    if (channels != autoencoder.latentChannels()) {
      throw new InvalidInputException("the preview decoder of face guidance takes latents of "
          + autoencoder.latentChannels() + " channels, but this base has " + channels
          + "; give the tiny autoencoder of the base's family");
    }
  }

  @Override
  public Optional<NetworkGradient> networkGradient() {
    return settings.gradient;
  }

  @Override
  public boolean isActive(int row) {
    return row % settings.every == 0;
  }

  @Override
  public double stepLength(double noise) {
    double scale = Math.sqrt(values / REFERENCE_VALUES);
    return settings.weight * scale * STEP_LENGTH * Math.min(noise, MAX_NOISE);
  }

  /** Detects the face again; keeps the last position if none is found. */
  private void detect(Tensor latents) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      RgbImage image = ImageTensors.toImage(ImageTensors.toUnit(autoencoder.decode(latents)));
      List<Face> large = detector.detectLarge(image);
      List<Face> faces = large.isEmpty() ? detector.detect(image) : large;
      if (!faces.isEmpty()) {
        Face face = track.update(faces.get(0));
        alignment = FaceAlignment.forFace(
            face, (int) latents.size(3), (int) latents.size(2), autoencoder.vaeScaleFactor());
      }
    }
  }

  /**
   * Tracks the face over the steps while it forms. Its eyes and landmarks are the medians of the
   * last detections.
   */
  static final class FaceTrack {
    private static final int MAX_DETECTIONS = 3;

    private final Deque<Face.Eyes> eyes = new ArrayDeque<>();
    private final Deque<Face.Landmarks> landmarks = new ArrayDeque<>();

    /** Returns the last detection, with the median positions of the last successful detections. */
    Face update(Face found) {
      found.eyes().ifPresent(pair -> add(eyes, pair));
      found.landmarks().ifPresent(points -> add(landmarks, points));
      Optional<Face.Eyes> steady = eyes.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new Face.Eyes(median(eyes, Face.Eyes::left), median(eyes, Face.Eyes::right)));
      Optional<Face.Landmarks> five = landmarks.isEmpty()
          ? Optional.empty()
          : Optional.of(new Face.Landmarks(
              median(landmarks, Face.Landmarks::leftEye),
              median(landmarks, Face.Landmarks::rightEye),
              median(landmarks, Face.Landmarks::nose),
              median(landmarks, Face.Landmarks::leftMouth),
              median(landmarks, Face.Landmarks::rightMouth)));
      return new Face(found.box(), found.score(), found.pose(), steady, five);
    }

    private static <T> void add(Deque<T> last, T next) {
      last.addLast(next);
      if (last.size() > MAX_DETECTIONS) {
        last.removeFirst();
      }
    }

    private static <T> Point median(Deque<T> last, Function<T, Point> which) {
      return new Point(median(last, which, Point::x), median(last, which, Point::y));
    }

    private static <T> double median(
        Deque<T> last, Function<T, Point> which, ToDoubleFunction<Point> axis) {
      double[] places = last.stream().map(which).mapToDouble(axis).sorted().toArray();
      return (places[(places.length - 1) / 2] + places[places.length / 2]) / 2;
    }
  }
}
