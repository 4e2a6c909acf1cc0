package dev.likeness.ipadapter.internal.guidance;

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
  /** The move of the denoised prediction per unit of noise-to-signal ratio. */
  private static final double STEP_LENGTH = 6;
  /** The noise-to-signal ratio is capped at this value. */
  private static final double MAX_NOISE = 5;
  /** Steps between two detections of the face. */
  private static final int DETECTION_INTERVAL = 2;

  private final LoadedAutoencoder autoencoder;
  private final EmbedderEnsemble embedders;
  private final FaceDetector detector;
  private final float[] person;
  private final double weight;
  private final FaceTrack track = new FaceTrack();
  private int row;
  private FaceAlignment alignment;

  public FaceGradientGuidance(
      LoadedAutoencoder preview,
      EmbedderEnsemble eyes,
      FaceDetector detector,
      float[] person,
      double weight) {
    this.autoencoder = preview;
    this.embedders = eyes;
    this.detector = detector;
    this.person = person;
    this.weight = weight;
  }

  /** Returns the cosine to the person, -1 to 1; null as long as no face was found. */
  @Override
  public Tensor objective(Tensor denoised) {
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

  @Override
  public double stepLength(double noise) {
    return weight * STEP_LENGTH * Math.min(noise, MAX_NOISE);
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
   * Tracks the face over the steps while it forms. Its eyes are the mean of the last detections.
   */
  static final class FaceTrack {
    private static final int MAX_DETECTIONS = 3;

    private final Deque<Face.Eyes> eyes = new ArrayDeque<>();

    /**
     * Returns the last detection, with the mean eye positions of the last successful detections.
     */
    Face update(Face found) {
      found.eyes().ifPresent(pair -> {
        eyes.addLast(pair);
        if (eyes.size() > MAX_DETECTIONS) {
          eyes.removeFirst();
        }
      });
      Optional<Face.Eyes> steady = eyes.isEmpty()
          ? Optional.empty()
          : Optional.of(new Face.Eyes(median(Face.Eyes::left), median(Face.Eyes::right)));
      return new Face(found.box(), found.score(), found.pose(), steady, Optional.empty());
    }

    private Point median(Function<Face.Eyes, Point> which) {
      return new Point(median(which, Point::x), median(which, Point::y));
    }

    private double median(Function<Face.Eyes, Point> which, ToDoubleFunction<Point> axis) {
      double[] places = eyes.stream().map(which).mapToDouble(axis).sorted().toArray();
      return (places[(places.length - 1) / 2] + places[places.length / 2]) / 2;
    }
  }
}
