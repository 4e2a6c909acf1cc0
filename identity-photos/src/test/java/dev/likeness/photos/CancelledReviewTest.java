package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.CancelledHalfway;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A review stops between two photos, detections, measures and rows of a photo. */
class CancelledReviewTest {
  private static final BufferedImage PORTRAIT = PaintedFace.portrait(400, 400, 200, 180, 140);
  private static final ReviewOptions ALONE = ReviewOptions.defaults().withThreads(1);

  private static PhotoSet photos(int count) {
    byte[] file = Encoded.jpeg(PORTRAIT, 0.9f);
    return PhotoSet.of(
        IntStream.range(0, count).mapToObj(i -> Photo.of(i + ".jpg", file)).toList());
  }

  @Test
  void reviewWithTheBuiltInTools() {
    try (ReviewTools tools = ReviewTools.builtIn()) {
      // 20 reports of the JPEG reader, a detection and ten measures.
      CancelledHalfway.stops(5 * 31, () -> PhotoReview.of(photos(5), tools, ALONE));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"jpg", "png"})
  void decodingOfAPhoto(String format) {
    byte[] file = format.equals("png") ? Encoded.as("png", PORTRAIT) : Encoded.jpeg(PORTRAIT, 0.9f);
    CancelledHalfway.stops(20, () -> new PhotoDecoder(DecodeLimits.DEFAULT).decode("ada", file));
  }

  @Test
  void detectionByCascades() {
    // Another image each time, because the faces of the last ones are remembered.
    byte[] rgb = new byte[300 * 300 * 3];
    try (CascadeDetector detector = new CascadeDetector()) {
      CancelledHalfway.stops(4, () -> {
        rgb[0]++;
        detector.detect(RgbImage.of(300, 300, rgb));
      });
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void noPhotoIsBegunAfterTheCancellation(int threads) {
    Cancellation stop = new Cancellation();
    AtomicInteger detected = new AtomicInteger();
    FaceDetector detector = new FaceDetector() {
      private final FaceDetector whole = new WholeImageDetector();

      @Override
      public List<Face> detect(RgbImage image) {
        if (detected.incrementAndGet() == 3) {
          stop.cancel();
        }
        return whole.detect(image);
      }

      @Override
      public String name() {
        return whole.name();
      }

      @Override
      public void close() {}
    };
    ReviewOptions options = ReviewOptions.defaults().withThreads(threads);
    assertThrows(
        CancelledException.class,
        () -> stop.run(() -> PhotoReview.of(photos(40), detector, options)));
    assertTrue(detected.get() <= 3 + threads, detected + " detections");
  }

  @Test
  void aReviewOutsideTheCancelledWorkGoesOn() {
    Cancellation stop = new Cancellation();
    stop.cancel();
    assertEquals(
        1, PhotoReview.of(photos(1), new WholeImageDetector(), ALONE).photos().size());
  }
}
