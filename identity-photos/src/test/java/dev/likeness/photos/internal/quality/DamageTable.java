package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Degraded;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Prints what each measure says of real portraits at each strength of its damage, and how many pass
 * its first threshold: one row for each kind of damage. Run with the test class path of the module
 * from its folder, beside the material.
 */
final class DamageTable {
  private DamageTable() {}

  public static void main(String[] arguments) {
    List<DegradationTest.Portrait> portraits = DegradationTest.real();
    for (DegradationTest.Damage damage : DegradationTest.Damage.values()) {
      for (double strength : damage.strengths) {
        print(
            damage.code,
            damage + " " + strength,
            portraits.stream()
                .mapToDouble(portrait -> damage.measure(FacePatch.of(
                    damage.apply(portrait.image(), portrait.face(), strength), portrait.face())))
                .toArray());
      }
    }
    for (int quality : new int[] {60, 40, 20, 10}) {
      print(
          ReasonCode.HEAVY_COMPRESSION,
          "saved at " + quality,
          DegradationTest.real().stream()
              .mapToDouble(p -> DegradationTest.jpegQuality(p.image(), quality))
              .toArray());
    }
    blocks("untouched", EditTraces.BlockArtifacts::strength);
    for (int quality : new int[] {60, 40, 20, 10}) {
      blocks(
          "saved at " + quality + ", then at 95",
          image -> EditTraces.BlockArtifacts.strength(
              Degraded.compressed(Degraded.compressed(image, quality), 95)));
    }
    for (int quality : new int[] {90, 60, 30, 10}) {
      print(
          ReasonCode.NEAR_DUPLICATE,
          "copy, brighter, saved at " + quality + ", 2 % cut off",
          portraits.stream().mapToDouble(portrait -> copy(portrait, quality)).toArray());
    }
  }

  private static double copy(DegradationTest.Portrait portrait, int quality) {
    RgbImage image = portrait.image();
    Face face = portrait.face();
    int cut = Math.max(1, image.width() / 50);
    RgbImage copy =
        Degraded.shifted(Degraded.compressed(Degraded.exposed(image, 1.2), quality), cut, cut);
    return DegradationTest.features(copy, face, cut).distance(PhotoFeatures.of(image, face));
  }

  private static void blocks(String what, ToDoubleFunction<RgbImage> measure) {
    print(
        ReasonCode.COMPRESSED_BEFORE,
        what,
        DegradationTest.wholeShots().stream()
            .mapToDouble(shot -> measure.applyAsDouble(shot.image()))
            .toArray());
  }

  private static void print(ReasonCode code, String what, double[] values) {
    QualityLimits.Band band = QualityLimits.DEFAULT.band(code);
    DoubleSummaryStatistics all = Arrays.stream(values).summaryStatistics();
    long passed =
        Arrays.stream(values).filter(value -> band.judge(value) != Verdict.KEEP).count();
    System.out.printf(
        Locale.ROOT,
        "| `%s` | %s | %.2f to %.2f | %d of %d |%n",
        code.id(),
        what,
        all.getMin(),
        all.getMax(),
        passed,
        values.length);
  }
}
