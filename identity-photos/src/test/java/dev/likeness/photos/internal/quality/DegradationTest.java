package dev.likeness.photos.internal.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.Degraded;
import dev.likeness.photos.Encoded;
import dev.likeness.photos.PaintedFace;
import dev.likeness.photos.Shot;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Images made worse step by step move their own measure that way, and the thresholds tell strong
 * from none.
 */
class DegradationTest {
  /** One kind of damage: how it is done, how strong is strong, which measure must notice. */
  enum Damage {
    BLUR(ReasonCode.BLURRED, new double[] {0, 0.01, 0.02, 0.04}) {
      @Override
      RgbImage apply(RgbImage picture, Face face, double strength) {
        return strength == 0
            ? picture
            : Degraded.blurred(picture, strength * face.box().width());
      }

      @Override
      double measure(FacePatch patch) {
        return FacePatch.Blur.measure(patch);
      }
    },
    DARKNESS(ReasonCode.TOO_DARK, new double[] {0, 1, 2, 3}) {
      @Override
      RgbImage apply(RgbImage picture, Face face, double strength) {
        return Degraded.exposed(picture, Math.pow(2, -strength));
      }

      @Override
      double measure(FacePatch patch) {
        return FacePatch.Exposure.highlight(patch);
      }
    },
    GLARE(ReasonCode.TOO_BRIGHT, new double[] {0, 1, 2, 3}) {
      @Override
      RgbImage apply(RgbImage picture, Face face, double strength) {
        return Degraded.exposed(picture, Math.pow(2, strength));
      }

      @Override
      double measure(FacePatch patch) {
        return FacePatch.Exposure.clippedShare(patch);
      }
    },
    SIDE_LIGHT(ReasonCode.UNEVEN_LIGHT, new double[] {0, 1, 2, 3}) {
      @Override
      RgbImage apply(RgbImage picture, Face face, double strength) {
        return Degraded.sideLit(picture, face.box(), strength);
      }

      @Override
      double measure(FacePatch patch) {
        return FacePatch.Exposure.lightDifference(patch);
      }
    },
    CLOTH(ReasonCode.FACE_COVERED, new double[] {0, 0.2, 0.3, 0.4}) {
      @Override
      RgbImage apply(RgbImage picture, Face face, double strength) {
        return Degraded.covered(picture, face.box(), strength);
      }

      @Override
      double measure(FacePatch patch) {
        return Occlusion.of(patch).faceShare();
      }
    };

    final ReasonCode code;
    final double[] strengths;

    Damage(ReasonCode code, double[] strengths) {
      this.code = code;
      this.strengths = strengths;
    }

    abstract RgbImage apply(RgbImage image, Face face, double strength);

    abstract double measure(FacePatch patch);
  }

  /** A face, and no more of its image than the measures see. */
  record Portrait(String shot, RgbImage image, Face face) {
    static Portrait of(String name, RgbImage whole, Face face) {
      BoundingBox around = face.box().expanded(0.2);
      int x = (int) Math.max(0, around.x());
      int y = (int) Math.max(0, around.y());
      int width = (int) Math.min(whole.width() - x, around.width());
      int height = (int) Math.min(whole.height() - y, around.height());
      Face moved = new Face(
          face.box().moved(-x, -y), face.score(), face.pose(), Optional.empty(), Optional.empty());
      return new Portrait(shot(name), whole.crop(x, y, width, height), moved);
    }

    // The material has some shots at several sizes and croppings.
    private static String shot(String name) {
      boolean official = name.matches(".*obama(_small|_partial_face2?|-\\d+p)?\\.jpg");
      return official ? "official" : name.matches("(ai_face|girl)\\.png") ? "girl" : name;
    }
  }

  private static List<Portrait> portraits;

  @ParameterizedTest
  @EnumSource(Damage.class)
  void moreDamageMeasuresWorse(Damage damage) {
    Portrait drawn = painted();
    QualityLimits.Band band = QualityLimits.DEFAULT.band(damage.code);
    double last = Double.NaN;
    for (double strength : damage.strengths) {
      RgbImage image = damage.apply(drawn.image(), drawn.face(), strength);
      double value = damage.measure(FacePatch.of(image, drawn.face()));
      boolean worse = band.reject() > band.warn() ? value >= last : value <= last;
      assertTrue(
          Double.isNaN(last) || worse,
          damage + " at " + strength + ": " + value + " after " + last);
      last = value;
    }
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void realPhotosAreCaughtWhenStronglyDamagedAndLeftAloneWhenNot(Damage damage) {
    List<Portrait> portraits = real();
    double strong = damage.strengths[damage.strengths.length - 1];
    // Without colour it cannot be told what covers a face.
    List<Portrait> fit = damage != Damage.CLOTH
        ? portraits
        : portraits.stream()
            .filter(portrait -> EditTraces.Colour.of(portrait.image()).chroma() > 4)
            .toList();
    long caught =
        fit.stream().filter(portrait -> flagged(damage, portrait, strong)).count();
    long wrong = fit.stream().filter(portrait -> flagged(damage, portrait, 0)).count();

    assertTrue(caught >= 0.95 * fit.size(), damage + ": caught " + caught + " of " + fit.size());
    assertTrue(
        wrong <= 0.02 * fit.size(), damage + ": wrongly flagged " + wrong + " of " + fit.size());
  }

  @Test
  void tonedImagesLoseTheirHueVariety() {
    Portrait drawn = painted();
    assertFalling(
        image -> EditTraces.Colour.of(image).hueVariety(),
        List.of(
            drawn.image(),
            Degraded.toned(drawn.image(), 0.5, true),
            Degraded.toned(drawn.image(), 0.9, true),
            Degraded.toned(drawn.image(), 1, true)));
    QualityLimits.Band filter = QualityLimits.DEFAULT.band(ReasonCode.STRONG_FILTER);
    for (Portrait portrait : real()) {
      assertTrue(filter.judge(
              EditTraces.Colour.of(Degraded.toned(portrait.image(), 1, true)).hueVariety())
          == Verdict.WARN);
    }
  }

  @Test
  void strongerCompressionIsReadFromTheFileAndCaught() {
    QualityLimits.Band band = QualityLimits.DEFAULT.band(ReasonCode.HEAVY_COMPRESSION);
    for (Portrait portrait : real()) {
      int last = 101;
      for (int quality : new int[] {95, 80, 60, 40, 20, 10}) {
        int measured = jpegQuality(portrait.image(), quality);
        assertTrue(measured < last, measured + " after " + last);
        last = measured;
        assertEquals(
            quality >= 40 ? Verdict.KEEP : quality == 20 ? Verdict.WARN : Verdict.REJECT,
            band.judge(measured));
      }
    }
  }

  @Test
  void blocksOfAnEarlierCompressionAreDetectedAfterSavingAndResizing() {
    QualityLimits.Band band = QualityLimits.DEFAULT.band(ReasonCode.COMPRESSED_BEFORE);
    for (Shot shot : wholeShots()) {
      assertEquals(
          Verdict.KEEP, band.judge(EditTraces.BlockArtifacts.strength(shot.image())), shot.name());
      double last = 0;
      for (int quality : new int[] {60, 40, 20, 10}) {
        double blocks = EditTraces.BlockArtifacts.strength(
            Degraded.compressed(Degraded.compressed(shot.image(), quality), 95));
        assertTrue(
            blocks > last, shot.name() + " at " + quality + ": " + blocks + " after " + last);
        last = blocks;
        assertTrue(
            quality > 20 || band.judge(blocks) == Verdict.WARN,
            shot.name() + " at " + quality + ": " + blocks);
      }
      RgbImage ten = Degraded.compressed(shot.image(), 10);
      RgbImage shown = Resampler.CUBIC.resize(ten, ten.width() * 4 / 3, ten.height() * 4 / 3);
      assertEquals(
          Verdict.WARN, band.judge(EditTraces.BlockArtifacts.strength(shown)), shot.name());
    }
  }

  @Test
  void noBlocksAreDetectedInNoiseAndStripes() {
    assertTrue(EditTraces.BlockArtifacts.strength(
            Degraded.noisy(PaintedFace.image(400, 300, 190, 150, 140), 8))
        < 0.5);
    byte[] stripes = new byte[400 * 300 * 3];
    for (int i = 0; i < stripes.length; i++) {
      stripes[i] = (byte) (i / 3 % 8 < 4 ? 90 : 160);
    }
    assertTrue(EditTraces.BlockArtifacts.strength(RgbImage.of(400, 300, stripes)) < 0.5);
  }

  // The whole images of the material, each once, large enough for blocks to be counted.
  static List<Shot> wholeShots() {
    Set<RgbImage> seen = new HashSet<>();
    return Stream.of("photos/people", "photos/generated")
        .flatMap(folder -> Shot.in(folder, 640).stream())
        .filter(shot -> seen.add(shot.image()))
        .filter(shot -> shot.image().height() > 250)
        .toList();
  }

  static int jpegQuality(RgbImage image, int quality) {
    byte[] file = Encoded.jpeg(image.toBufferedImage(), quality / 100f);
    return new PhotoDecoder(DecodeLimits.DEFAULT)
        .decode("a", file)
        .jpegQuality()
        .orElseThrow();
  }

  @Test
  void distanceGrowsWithTheCut() {
    RgbImage shot = PaintedFace.image(400, 400, 190, 180, 140);
    Face face = painted(shot);
    double last = 1;
    for (int cut : new int[] {60, 24, 8, 0}) {
      double distance = features(Degraded.shifted(shot, cut, cut), face, cut)
          .distance(PhotoFeatures.of(shot, face));
      assertTrue(distance <= last, distance + " after " + last);
      last = distance;
    }
    assertEquals(0, last);
  }

  @Test
  void copiesOfRealPhotosAreCaughtAndOtherPhotosAreNot() {
    QualityLimits.Band band = QualityLimits.DEFAULT.band(ReasonCode.NEAR_DUPLICATE);
    int caught = 0;
    int wrong = 0;
    List<Portrait> portraits = real();
    List<PhotoFeatures> originals = portraits.stream()
        .map(portrait -> PhotoFeatures.of(portrait.image(), portrait.face()))
        .toList();
    for (int i = 0; i < portraits.size(); i++) {
      Portrait one = portraits.get(i);
      RgbImage copy = Degraded.compressed(Degraded.exposed(one.image(), 1.2), 30);
      int cut = Math.max(1, one.image().width() / 50);
      PhotoFeatures original = originals.get(i);
      caught +=
          band.judge(original.distance(features(Degraded.shifted(copy, cut, cut), one.face(), cut)))
                  == Verdict.KEEP
              ? 0
              : 1;
      for (int j = 0; j < i; j++) {
        Portrait other = portraits.get(j);
        boolean sameShot = one.shot().equals(other.shot());
        double distance = original.distance(originals.get(j));
        wrong += !sameShot && band.judge(distance) != Verdict.KEEP ? 1 : 0;
      }
    }
    assertTrue(caught >= 0.95 * portraits.size(), "caught " + caught + " of " + portraits.size());
    assertEquals(0, wrong);
  }

  static PhotoFeatures features(RgbImage image, Face face, int cut) {
    return PhotoFeatures.of(
        image,
        new Face(face.box().moved(-cut, -cut), 1, face.pose(), face.eyes(), face.landmarks()));
  }

  private static void assertFalling(ToDoubleFunction<RgbImage> measure, List<RgbImage> images) {
    double last = Double.POSITIVE_INFINITY;
    for (RgbImage image : images) {
      double value = measure.applyAsDouble(image);
      assertTrue(value < last, value + " after " + last);
      last = value;
    }
  }

  private static boolean flagged(Damage damage, Portrait portrait, double strength) {
    RgbImage image = damage.apply(portrait.image(), portrait.face(), strength);
    double value = damage.measure(FacePatch.of(image, portrait.face()));
    return QualityLimits.DEFAULT.band(damage.code).judge(value) != Verdict.KEEP;
  }

  private static Portrait painted() {
    RgbImage image = Degraded.noisy(PaintedFace.image(300, 300, 150, 140, 120), 4);
    return Portrait.of("drawn", image, painted(image));
  }

  private static Face painted(RgbImage image) {
    try (CascadeDetector detector = new CascadeDetector()) {
      return detector.detect(image).get(0);
    }
  }

  // Every face of the material that is large enough to be judged, each photo once.
  static List<Portrait> real() {
    if (portraits == null) {
      portraits = detected();
    }
    return portraits;
  }

  private static List<Portrait> detected() {
    List<Portrait> found = new ArrayList<>();
    Set<RgbImage> seen = new HashSet<>();
    try (CascadeDetector detector = new CascadeDetector()) {
      for (String folder : List.of("photos/people", "photos/generated")) {
        for (Shot shot : Shot.in(folder, 640)) {
          List<Face> faces = seen.add(shot.image()) ? detector.detect(shot.image()) : List.of();
          faces.stream()
              .findFirst()
              .filter(face -> face.box().width() > 60)
              .ifPresent(face -> found.add(Portrait.of(shot.name(), shot.image(), face)));
        }
      }
    }
    return found;
  }
}
