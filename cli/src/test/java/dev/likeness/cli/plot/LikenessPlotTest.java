package dev.likeness.cli.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.likeness.Likeness;
import dev.likeness.photos.likeness.LikenessReport;
import dev.likeness.photos.likeness.ValidationSplit;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LikenessPlotTest {
  private static final Face FACE = new Face(
      new BoundingBox(4, 4, 24, 24), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());

  @Test
  void plotsTheScalesAndTheCurve() {
    List<AcceptedPhoto> photos =
        IntStream.range(0, 6).mapToObj(i -> photo(i * 10.0 / 6)).toList();
    Likeness alone = Likeness.of(ValidationSplit.of(photos), new OneFace(), new Hue());
    Likeness calibrated = alone.withImpostors(List.of(photo(50), photo(80)));
    LikenessReport report = calibrated.report(List.of(image(3), image(8)));

    assertEquals("1240x440 image", LikenessPlot.render(calibrated, report).toString());
    assertEquals(
        "620x440 image",
        LikenessPlot.render(alone, alone.report(List.of(image(3)))).toString());
    assertNotEquals(
        LikenessPlot.render(calibrated, report),
        LikenessPlot.render(calibrated, calibrated.report(List.of(image(70)))));
  }

  private static AcceptedPhoto photo(double degrees) {
    return AcceptedPhoto.of("photo", image(degrees), FACE);
  }

  private static RgbImage image(double degrees) {
    byte[] rgb = new byte[32 * 32 * 3];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = (byte) Math.round(250 * Math.cos(Math.toRadians(degrees)));
      rgb[i + 1] = (byte) Math.round(250 * Math.sin(Math.toRadians(degrees)));
    }
    return RgbImage.of(32, 32, rgb);
  }

  private record OneFace() implements FaceDetector {
    @Override
    public List<Face> detect(RgbImage image) {
      return List.of(FACE);
    }

    @Override
    public String name() {
      return "one";
    }

    @Override
    public void close() {}
  }

  /** An embedder of two numbers: the direction of red and green. */
  private record Hue() implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      double length = Math.hypot(image.at(5, 5, 0), image.at(5, 5, 1));
      return new float[] {(float) (image.at(5, 5, 0) / length), (float) (image.at(5, 5, 1) / length)
      };
    }

    @Override
    public String name() {
      return "hue";
    }

    @Override
    public double samePersonThreshold() {
      return 0.9;
    }

    @Override
    public void close() {}
  }
}
