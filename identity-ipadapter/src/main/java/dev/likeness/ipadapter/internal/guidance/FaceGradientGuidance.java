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

/** Leads one image towards a face; what {@link dev.likeness.ipadapter.FaceGuidance} does. */
public final class FaceGradientGuidance implements GradientGuidance {
  /** The move of the denoised prediction per unit of noise-to-signal ratio. */
  private static final double STEP_LENGTH = 6;
  /** More noise than this lets a row reach no further. */
  private static final double MAX_NOISE = 5;
  /** Every so many rows the face is looked for anew. */
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

  /** The cosine to the person, from -1 to 1; null as long as no face is seen. */
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

  /** Where the face is by now; where none is seen, where it was. */
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
   * A face that is looked for again and again while it comes into being: its eyes are where the
   * last detections agree.
   */
  static final class FaceTrack {
    private static final int MAX_DETECTIONS = 3;

    private final Deque<Face.Eyes> eyes = new ArrayDeque<>();

    /**
     * The last detection, with the eyes in the middle of those of the last detections that found
     * any.
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
