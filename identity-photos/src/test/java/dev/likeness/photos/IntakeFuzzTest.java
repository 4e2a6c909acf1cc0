package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.likeness.photos.decode.DecodeLimits;
import java.util.List;

/**
 * Any bytes at all end in a verdict. Runs on the seeds in its folder of resources;
 * {@code JAZZER_FUZZ=1 mvn -pl identity-photos test -Dtest=IntakeFuzzTest -Djazzer.hooks=true} lets
 * Jazzer make more of them.
 */
class IntakeFuzzTest {
  private static final ReviewOptions CHEAP = ReviewOptions.defaults()
      .withThreads(1)
      .withDecodeLimits(
          DecodeLimits.DEFAULT.withMaxBytes(1 << 20).withMaxPixels(1 << 20).withMaxLongSide(256));

  @FuzzTest(maxDuration = "5m")
  void anyBytesGetOneVerdict(byte[] file) {
    PhotoReview review;
    try {
      review = PhotoReview.of(
          PhotoSet.of(List.of(Photo.of("fuzz", file))), new WholeImageDetector(), CHEAP);
    } catch (NoUsablePhotoException none) {
      review = none.review().orElseThrow();
      assertEquals(1, none.getMessage().lines().count());
    }
    assertEquals(1, review.photos().size());
  }
}
