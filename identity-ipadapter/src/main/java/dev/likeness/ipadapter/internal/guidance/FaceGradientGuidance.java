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
  private static final double REACH = 6;
  /** More noise than this lets a row reach no further. */
  private static final double MOST_NOISE = 5;
  /** Every so many rows the face is looked for anew. */
  private static final int DETECTION_INTERVAL = 2;

  private final LoadedAutoencoder preview;
  private final EmbedderEnsemble eyes;
  private final FaceDetector detector;
  private final float[] person;
  private final double weight;
  private final FaceTrack track = new FaceTrack();
  private int rows;
  private FaceAlignment window;

  public FaceGradientGuidance(
      LoadedAutoencoder preview,
      EmbedderEnsemble eyes,
      FaceDetector detector,
      float[] person,
      double weight) {
    this.preview = preview;
    this.eyes = eyes;
    this.detector = detector;
    this.person = person;
    this.weight = weight;
  }

  /** The cosine to the person, from -1 to 1; null as long as no face is seen. */
  @Override
  public Tensor objective(Tensor denoised) {
    Tensor latents = denoised.cpu();
    if (window == null || rows % DETECTION_INTERVAL == 0) {
      detect(latents.detach());
    }
    int row = rows++;
    if (window == null) {
      return null;
    }
    Tensor shown = preview.decode(window.of(latents)).to(ScalarType.Float);
    return eyes.agreement(window.aligned(shown, FaceAlignment.FaceViews.of(row)), person);
  }

  @Override
  public double stepLength(double noise) {
    return weight * REACH * Math.min(noise, MOST_NOISE);
  }

  /** Where the face is by now; where none is seen, where it was. */
  private void detect(Tensor latents) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      RgbImage image = ImageTensors.toImage(ImageTensors.toUnit(preview.decode(latents)));
      List<Face> large = detector.large(image);
      List<Face> faces = large.isEmpty() ? detector.detect(image) : large;
      if (!faces.isEmpty()) {
        Face face = track.seen(faces.get(0));
        window = FaceAlignment.around(
            face, (int) latents.size(3), (int) latents.size(2), preview.vaeScaleFactor());
      }
    }
  }

  /**
   * A face that is looked for again and again while it comes into being: its eyes are where the
   * last looks agree.
   */
  static final class FaceTrack {
    private static final int DETECTIONS = 3;

    private final Deque<Face.Eyes> eyes = new ArrayDeque<>();

    /** What a look found, with the eyes in the middle of those of the last looks that found any. */
    Face seen(Face found) {
      found.eyes().ifPresent(pair -> {
        eyes.addLast(pair);
        if (eyes.size() > DETECTIONS) {
          eyes.removeFirst();
        }
      });
      Optional<Face.Eyes> steady = eyes.isEmpty()
          ? Optional.empty()
          : Optional.of(new Face.Eyes(middle(Face.Eyes::left), middle(Face.Eyes::right)));
      return new Face(found.box(), found.score(), found.pose(), steady, Optional.empty());
    }

    private Point middle(Function<Face.Eyes, Point> which) {
      return new Point(middle(which, Point::x), middle(which, Point::y));
    }

    private double middle(Function<Face.Eyes, Point> which, ToDoubleFunction<Point> axis) {
      double[] places = eyes.stream().map(which).mapToDouble(axis).sorted().toArray();
      return (places[(places.length - 1) / 2] + places[places.length / 2]) / 2;
    }
  }
}
