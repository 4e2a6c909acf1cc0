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
      .withDecode(DecodeLimits.DEFAULT.withBytes(1 << 20).withPixels(1 << 20).withLongSide(256));

  @FuzzTest(maxDuration = "5m")
  void whateverTheBytesAreThereIsOneVerdict(byte[] file) {
    PhotoReview review;
    try {
      review =
          PhotoReview.of(PhotoSet.of(List.of(Photo.of("fuzz", file))), new WholePicture(), CHEAP);
    } catch (NoUsablePhotoException none) {
      review = none.review();
      assertEquals(1, none.getMessage().lines().count());
    }
    assertEquals(1, review.photos().size());
  }
}
