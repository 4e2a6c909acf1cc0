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
 * Watches a training by the likeness of headshots drawn on the way to photos that it does not see.
 *
 * @param interval steps between two looks
 * @param embedder that compares faces; it takes no part in drawing
 */
public record LikenessValidation(int interval, FaceEmbedder embedder) {
  // Of five photos one is held out, of fewer none: a training needs them all.
  private static final int HELD_OUT_INTERVAL = 5;
  private static final int PATIENCE = 4;
  private static final int IMAGES = 2;
  private static final int STEPS = 20;

  /** The places of the photos that are held out of {@code count}. */
  static List<Integer> validationIndices(int count) {
    return IntStream.range(0, count)
        .filter(i -> i % HELD_OUT_INTERVAL == HELD_OUT_INTERVAL - 1)
        .boxed()
        .toList();
  }

  /**
   * Looks at headshots in the studio style, beside {@code held}; stops when four of them in a row
   * are no better.
   */
  ValidationOptions validationOptions(
      List<AcceptedPhoto> held, double guidance, PersonRecord.SharedLight light) {
    List<float[]> known =
        held.stream().map(photo -> embedder.embed(photo.image(), photo.face())).toList();
    Style style = Style.named("studio");
    String prompt = style.prompt("%s", 0);
    ImageRequest request = ImageRequest.of(prompt)
        .negative(light.negativePrompt(style.negative(), prompt))
        .steps(STEPS)
        .guidance(guidance)
        .count(IMAGES);
    return new ValidationOptions(interval, request, scorer(known), PATIENCE);
  }

  /** The mean cosine of the images' faces to these; an image without a face counts 0. */
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
