package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.photos.face.CascadeDetector;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PeopleRendersTest {
  @Test
  void aHeadFillsWhatTheEncoderSees() {
    PeopleRenders renders = new PeopleRenders(1);
    long large;
    try (CascadeDetector detector = new CascadeDetector()) {
      large = IntStream.range(0, 8).mapToObj(i -> renders.head(renders.picture(i), i)).filter(
          head -> detector.detect(head).stream().anyMatch(face -> face.box().width() > 0.4 * Architecture.SEEN)).count();
    }
    assertTrue(large >= 6, large + " of 8");
  }
}
