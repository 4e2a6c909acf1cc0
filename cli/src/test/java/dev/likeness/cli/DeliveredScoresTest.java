package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.photos.Degraded;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.portrait.PortraitModel;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The limits of {@code portrait} hold for what is delivered: images with a watermark. */
class DeliveredScoresTest {
  private static final GeneratedImage.Marking MARKING = GeneratedImage.Marking.load();

  @Test
  void theWatermarkIsNoFlawAndCompressionIsOne() {
    try (BaseModel base = BaseModel.open(PortraitModel.files());
        CascadeDetector detector = new CascadeDetector()) {
      RgbImage image = base.generate(ImageRequest.of(
                  "studio portrait photo of a woman with long black hair, grey backdrop")
              .seed(1)
              .steps(12))
          .image();
      RgbImage delivered = MARKING.markPixels(image, false);
      assertNotEquals(image, delivered);
      Face face = detector.detect(delivered).get(0);
      ScoreLimits limits = ScoreLimits.of(base);
      for (ScoreAspect aspect :
          List.of(ScoreAspect.COMPRESSION, ScoreAspect.SHARPNESS, ScoreAspect.SKIN_WAX)) {
        double value = HeadshotScores.measure(aspect, delivered, face);
        assertTrue(value <= limits.of(aspect), aspect + " " + value);
      }
      for (int quality : new int[] {40, 20, 10}) {
        RgbImage blocks = MARKING.markPixels(Degraded.compressed(image, quality), false);
        double value = HeadshotScores.measure(ScoreAspect.COMPRESSION, blocks, face);
        assertTrue(value > limits.of(ScoreAspect.COMPRESSION), quality + " " + value);
      }
    }
  }
}
