package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.training.ValidationOptions;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Validates a training by the likeness of generated headshots to held-out photos.
 *
 * @param interval training steps between two validations, at least 1
 * @param embedder compares faces; it takes no part in generation
 */
public record LikenessValidation(int interval, FaceEmbedder embedder) {
  // Every fifth photo is held out. With fewer photos, training needs all of them.
  private static final int HELD_OUT_INTERVAL = 5;
  private static final int PATIENCE = 4;
  private static final int IMAGES = 2;
  private static final int STEPS = 20;

  /** Refuses an interval below 1. */
  public LikenessValidation {
    if (interval < 1) {
      throw new IllegalArgumentException(
          "the validation interval must be at least 1 step, got " + interval);
    }
  }

  /** The indices of the held-out photos among {@code count}. */
  static List<Integer> validationIndices(int count) {
    return IntStream.range(0, count)
        .filter(i -> i % HELD_OUT_INTERVAL == HELD_OUT_INTERVAL - 1)
        .boxed()
        .toList();
  }

  /**
   * Options that generate headshots in the studio style and compare them with the held-out photos.
   * Training stops after four validations without progress.
   */
  ValidationOptions validationOptions(
      List<AcceptedPhoto> held, double guidance, PersonRecord.SharedLight light) {
    List<float[]> known =
        held.stream().map(photo -> embedder.embed(photo.image(), photo.face())).toList();
    ImageRequest request = request(guidance, light).steps(STEPS).count(IMAGES);
    return new ValidationOptions(interval, request, scorer(known), PATIENCE);
  }

  /** A request for a headshot in the studio style, with {@code %s} in the prompt for the person. */
  static ImageRequest request(double guidance, PersonRecord.SharedLight light) {
    Style style = Style.named("studio");
    String prompt = style.prompt("%s", 0);
    String negative = light.negativePrompt(style.negative(), prompt);
    ImageRequest plain = ImageRequest.of(prompt).guidance(guidance);
    return negative.isEmpty() ? plain : plain.negative(negative);
  }

  /**
   * The mean cosine similarity of the images' faces to the known ones; 0 for an image without a
   * face.
   */
  private ValidationOptions.Scorer scorer(List<float[]> known) {
    return images -> {
      try (FaceDetector detector = new CascadeDetector()) {
        return images.stream()
            .mapToDouble(image -> likeness(image, detector, known))
            .average()
            .orElse(Double.NaN);
      }
    };
  }

  private double likeness(RgbImage image, FaceDetector detector, List<float[]> known) {
    List<Face> faces = detector.detect(image);
    if (faces.isEmpty()) {
      return 0;
    }
    float[] face = embedder.embed(image, faces.get(0));
    return known.stream()
        .mapToDouble(own -> FaceEmbedder.cosine(own, face))
        .average()
        .orElseThrow();
  }
}
