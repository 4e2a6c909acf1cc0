package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReviewToolsTest {
  private static final RgbImage IMAGE = RgbImage.of(64, 64, new byte[64 * 64 * 3]);

  @Test
  void otherToolsDoNotCloseTheDetectorOfTheOriginal() {
    Counting detector = new Counting();
    try (ReviewTools original = ReviewTools.builtIn()) {
      ReviewTools other = original.withDetector(detector);
      assertEquals(List.of(), original.detector().detect(IMAGE));
      assertSame(detector, other.detector());
      assertSame(original.brisque().orElseThrow(), other.brisque().orElseThrow());
    }
    assertEquals(0, detector.closed, "the caller closes what the caller opened");
  }

  @Test
  void closingTheLastToolsClosesWhatTheOthersOpened() {
    ReviewTools original = ReviewTools.builtIn();
    FaceDetector cascades = original.detector();
    try (ReviewTools last = original.withDetector(new Counting()).withoutEmbedder()) {
      assertFalse(last.embedder().isPresent());
    }
    assertThrows(IllegalStateException.class, () -> cascades.detect(IMAGE));
    assertThrows(IllegalStateException.class, original::brisque);
  }

  @Test
  void toolsStayOpenIfAFileCannotBeOpened() {
    try (ReviewTools tools = ReviewTools.builtIn()) {
      assertThrows(
          InvalidInputException.class,
          () -> tools.withEmbedder(Path.of("missing", "sface.onnx"), UsePolicy.COMMERCIAL));
      assertEquals(List.of(), tools.detector().detect(IMAGE));
    }
  }

  @Test
  void aDetectorServesSeveralTools() {
    try (CascadeDetector detector = new CascadeDetector()) {
      ReviewTools.of(detector).close();
      assertEquals(List.of(), detector.detect(IMAGE));
    }
  }

  private static final class Counting implements FaceDetector {
    private int closed;

    @Override
    public List<Face> detect(RgbImage image) {
      return List.of();
    }

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public void close() {
      closed++;
    }
  }
}
