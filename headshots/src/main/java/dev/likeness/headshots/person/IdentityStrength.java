package dev.likeness.headshots.person;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What one likeness setting means for an adapter and a LoRA: a way along a measured curve of
 * likeness against the share of asked words that pictures show, so that even steps of the setting
 * are even steps of likeness. Immutable.
 *
 * @param shown the curve of somebody whom an adapter shows, from nothing to most
 * @param both the same with the person's LoRA acting too
 */
public record IdentityStrength(List<Measured> shown, List<Measured> both) {
  // At full weight an adapter repeats the photo and no longer follows the words (Ye et al. 2023,
  // section 4.4.2).
  private static final double ALONE = 0.8;
  // Beside a LoRA, and beside what holds faces, more takes asked words with it and is no more like
  // the person.
  private static final double BESIDE = 0.4;
  // Beside both of these.
  static final double BESIDE_HELD = 0.2;

  /**
   * What is taken where nothing was measured: straight from nothing to 0.8 of the adapter, or to
   * 0.4 beside the whole LoRA.
   */
  public static final IdentityStrength UNMEASURED = new IdentityStrength(
      straight(new Setting(ALONE, 0, 1, 0, 1)), straight(new Setting(BESIDE, 0, 1, 1, 1)));
  /**
   * For people whose drawn faces are held to theirs: 0.4 of the adapter, or 0.2 with
   * {@link GuidedPerson#LEARNT} of the LoRA.
   */
  public static final IdentityStrength HELD = new IdentityStrength(
      straight(new Setting(BESIDE, 0, 1, 0, 1)),
      straight(new Setting(BESIDE_HELD, 0, 1, GuidedPerson.LEARNT, 1)));

  /**
   * How strongly a person is drawn.
   *
   * @param adapter the adapter's weight
   * @param start share of the steps after which it begins to count
   * @param end share of the steps after which it no longer counts
   * @param lora the LoRA's weight
   * @param face how strongly drawn faces are held to the person's, 0 to 1, where the studio has
   *     face guidance
   */
  public record Setting(double adapter, double start, double end, double lora, double face) {
    /** Nothing of the person. */
    public static final Setting NOTHING = new Setting(0, 0, 1, 0, 0);

    private Setting towards(Setting other, double share) {
      return new Setting(
          between(adapter, other.adapter, share),
          between(start, other.start, share),
          between(end, other.end, share),
          between(lora, other.lora, share),
          between(face, other.face, share));
    }
  }

  /**
   * A setting and what was measured of pictures drawn with it.
   *
   * @param likeness mean cosine to held-out photos
   * @param following share of asked words that were read back, 0 to 1
   * @param pictures how many were measured; 0 for none
   */
  public record Measured(Setting setting, double likeness, double following, int pictures) {}

  public IdentityStrength {
    shown = List.copyOf(shown);
    both = List.copyOf(both);
    for (List<Measured> curve : List.of(shown, both)) {
      if (curve.size() < 2 || !curve.get(0).setting().equals(Setting.NOTHING) || !rises(curve)) {
        throw new IllegalArgumentException(
            "a dial's curve begins with nothing of the person and rises in likeness, given "
                + curve);
      }
    }
  }

  /**
   * What it means for somebody whose face nothing holds: a curve of held faces says nothing of
   * them.
   */
  IdentityStrength unheld() {
    return Stream.of(shown, both)
            .flatMap(List::stream)
            .anyMatch(m -> m.setting().face() > 0)
        ? UNMEASURED
        : this;
  }

  /** A straight way from nothing to {@code most}. */
  public static List<Measured> straight(Setting most) {
    return List.of(new Measured(Setting.NOTHING, 0, 1, 0), new Measured(most, 1, 1, 0));
  }

  /**
   * The curve of measured settings from nothing on: those that no other beats in likeness without
   * following less, that follow at least {@code floor} as often as those of nothing, and that are
   * no more like the person than {@code end}.
   *
   * @param end beyond which the dial is not to go
   * @throws IllegalArgumentException when nothing or the end was not measured, or no setting
   *     between them follows enough
   */
  public static List<Measured> curve(List<Measured> measured, double floor, Setting end) {
    Measured nothing = of(measured, Setting.NOTHING);
    double most = of(measured, end).likeness();
    List<Measured> within = measured.stream().filter(m -> m.likeness() <= most).toList();
    List<Measured> curve = new ArrayList<>(List.of(nothing));
    within.stream()
        .filter(
            m -> m.likeness() > nothing.likeness() && m.following() >= floor * nothing.following())
        .filter(m -> within.stream().noneMatch(other -> beats(other, m)))
        .sorted(Comparator.comparingDouble(Measured::likeness))
        .forEach(curve::add);
    if (curve.size() < 2) {
      throw new IllegalArgumentException(
          "no measured setting is more like the person than nothing and follows at least " + floor
              + " as often; measure more people or weaker settings");
    }
    return List.copyOf(curve);
  }

  private static Measured of(List<Measured> measured, Setting setting) {
    return measured.stream()
        .filter(m -> m.setting().equals(setting))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException(setting + " was not measured; measure it too"));
  }

  /**
   * The setting of {@code dial} in 0..1 for a person whom an adapter shows, alone or beside a LoRA.
   *
   * @throws IllegalArgumentException when it lies outside
   */
  public Setting at(double dial, boolean besideLora) {
    if (!(dial >= 0 && dial <= 1)) {
      throw new IllegalArgumentException("likeness " + dial + " is outside 0..1");
    }
    List<Measured> curve = besideLora ? both : shown;
    double wanted = between(curve.get(0).likeness(), curve.get(curve.size() - 1).likeness(), dial);
    int i = 1;
    while (i < curve.size() - 1 && curve.get(i).likeness() < wanted) {
      i++;
    }
    Measured from = curve.get(i - 1);
    Measured to = curve.get(i);
    return from.setting()
        .towards(to.setting(), (wanted - from.likeness()) / (to.likeness() - from.likeness()));
  }

  /**
   * The dial that was measured of an adapter: {@code likeness-dial.json} beside its file, or
   * {@link #UNMEASURED} without.
   *
   * @throws InvalidInputException as {@link #open}
   */
  public static IdentityStrength beside(Path adapter) {
    Path measured = adapter.resolveSibling("likeness-dial.json");
    return Files.exists(measured) ? open(measured) : UNMEASURED;
  }

  /** Writes a JSON file, whole or not at all. */
  public void save(Path file) {
    Map<String, Object> curves = new LinkedHashMap<>();
    curves.put("shown", shown.stream().map(IdentityStrength::written).toList());
    curves.put("both", both.stream().map(IdentityStrength::written).toList());
    AtomicFile.write(
        file, out -> out.write(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asBytes(curves)));
  }

  /**
   * Reads a file of {@link #save}.
   *
   * @throws InvalidInputException when it is none
   */
  public static IdentityStrength open(Path file) {
    try {
      Map<String, Object> curves =
          JSON.std.mapFrom(UninterruptibleIo.read(file, Files::readAllBytes));
      return new IdentityStrength(read(curves.get("shown")), read(curves.get("both")));
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          file + " holds no likeness dial, expected the curves \"shown\" and \"both\" ("
              + e.getMessage() + "); measure it anew, or delete it",
          e);
    }
  }

  private static Map<String, Object> written(Measured m) {
    Map<String, Object> point = new LinkedHashMap<>();
    point.put("adapter", m.setting().adapter());
    point.put("start", m.setting().start());
    point.put("end", m.setting().end());
    point.put("lora", m.setting().lora());
    point.put("face", m.setting().face());
    point.put("likeness", m.likeness());
    point.put("following", m.following());
    point.put("pictures", m.pictures());
    return point;
  }

  private static List<Measured> read(Object curve) {
    return ((List<?>) curve)
        .stream()
            .map(Map.class::cast)
            .map(point -> new Measured(
                new Setting(
                    number(point, "adapter"),
                    number(point, "start"),
                    number(point, "end"),
                    number(point, "lora"),
                    point.containsKey("face") ? number(point, "face") : 0),
                number(point, "likeness"),
                number(point, "following"),
                (int) number(point, "pictures")))
            .toList();
  }

  private static double number(Map<?, ?> point, String name) {
    return ((Number) point.get(name)).doubleValue();
  }

  private static boolean beats(Measured other, Measured m) {
    return other.likeness() >= m.likeness()
        && other.following() >= m.following()
        && (other.likeness() > m.likeness() || other.following() > m.following());
  }

  private static boolean rises(List<Measured> curve) {
    for (int i = 1; i < curve.size(); i++) {
      if (!(curve.get(i).likeness() > curve.get(i - 1).likeness())) {
        return false;
      }
    }
    return true;
  }

  private static double between(double from, double to, double share) {
    return share == 1 ? to : from + share * (to - from);
  }
}
