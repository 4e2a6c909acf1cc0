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
 * Maps the identity strength, 0 to 1, to weights of an adapter and a LoRA. It follows a measured
 * curve of likeness against prompt adherence, so that equal steps of the setting are equal steps of
 * likeness. Immutable.
 *
 * @param referenceOnly the curve of reference images alone, from weakest to strongest
 * @param withLora the curve with the person's LoRA as well
 */
public record IdentityStrength(List<Measurement> referenceOnly, List<Measurement> withLora) {
  private static final String REFERENCE_ONLY = "reference_only";
  private static final String WITH_LORA = "with_lora";
  private static final String PROMPT_ADHERENCE = "prompt_adherence";
  private static final String IMAGES = "images";
  // Keys of files that earlier versions wrote; they are only read.
  private static final String OLD_REFERENCE_ONLY = "shown";
  private static final String OLD_WITH_LORA = "both";
  private static final String OLD_PROMPT_ADHERENCE = "following";
  private static final String OLD_IMAGES = "pictures";

  // At full weight an adapter repeats the photo and no longer follows the words (Ye et al. 2023,
  // section 4.4.2).
  private static final double REFERENCE_ONLY_SCALE = 0.8;
  // Beside a LoRA, and beside what holds faces, more takes asked words with it and is no more like
  // the person.
  private static final double WITH_LORA_SCALE = 0.4;
  // With both LoRA and face guidance.
  static final double WITH_LORA_AND_GUIDANCE_SCALE = 0.2;

  /**
   * What is taken where nothing was measured: straight from nothing to 0.8 of the adapter, or to
   * 0.4 beside the whole LoRA.
   */
  public static final IdentityStrength DEFAULT = new IdentityStrength(
      linear(new Setting(REFERENCE_ONLY_SCALE, 0, 1, 0, 1)),
      linear(new Setting(WITH_LORA_SCALE, 0, 1, 1, 1)));
  /**
   * For people whose drawn faces are held to theirs: 0.4 of the adapter, or 0.2 with
   * {@link GuidedPerson#LORA_SHARE} of the LoRA.
   */
  public static final IdentityStrength DEFAULT_WITH_GUIDANCE = new IdentityStrength(
      linear(new Setting(WITH_LORA_SCALE, 0, 1, 0, 1)),
      linear(new Setting(WITH_LORA_AND_GUIDANCE_SCALE, 0, 1, GuidedPerson.LORA_SHARE, 1)));

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
    /** All weights 0. */
    public static final Setting OFF = new Setting(0, 0, 1, 0, 0);

    private Setting interpolate(Setting other, double share) {
      return new Setting(
          IdentityStrength.interpolate(adapter, other.adapter, share),
          IdentityStrength.interpolate(start, other.start, share),
          IdentityStrength.interpolate(end, other.end, share),
          IdentityStrength.interpolate(lora, other.lora, share),
          IdentityStrength.interpolate(face, other.face, share));
    }
  }

  /**
   * A setting and what was measured of images drawn with it.
   *
   * @param likeness mean cosine to held-out photos
   * @param promptAdherence share of asked words that were read back, 0 to 1
   * @param images how many were measured; 0 for none
   */
  public record Measurement(Setting setting, double likeness, double promptAdherence, int images) {}

  public IdentityStrength {
    referenceOnly = List.copyOf(referenceOnly);
    withLora = List.copyOf(withLora);
    for (List<Measurement> curve : List.of(referenceOnly, withLora)) {
      if (curve.size() < 2 || !curve.get(0).setting().equals(Setting.OFF) || !isIncreasing(curve)) {
        throw new IllegalArgumentException(
            "a dial's curve begins with nothing of the person and rises in likeness, given "
                + curve);
      }
    }
  }

  /**
   * The mapping without face guidance: a curve that was measured with face guidance does not apply.
   */
  IdentityStrength withoutFaceGuidance() {
    return Stream.of(referenceOnly, withLora)
            .flatMap(List::stream)
            .anyMatch(m -> m.setting().face() > 0)
        ? DEFAULT
        : this;
  }

  /** A straight way from nothing to {@code most}. */
  public static List<Measurement> linear(Setting most) {
    return List.of(new Measurement(Setting.OFF, 0, 1, 0), new Measurement(most, 1, 1, 0));
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
  public static List<Measurement> curve(List<Measurement> measured, double floor, Setting end) {
    Measurement nothing = find(measured, Setting.OFF);
    double most = find(measured, end).likeness();
    List<Measurement> within =
        measured.stream().filter(m -> m.likeness() <= most).toList();
    List<Measurement> curve = new ArrayList<>(List.of(nothing));
    within.stream()
        .filter(m -> m.likeness() > nothing.likeness()
            && m.promptAdherence() >= floor * nothing.promptAdherence())
        .filter(m -> within.stream().noneMatch(other -> dominates(other, m)))
        .sorted(Comparator.comparingDouble(Measurement::likeness))
        .forEach(curve::add);
    if (curve.size() < 2) {
      throw new IllegalArgumentException(
          "no measured setting is more like the person than nothing and follows at least " + floor
              + " as often; measure more people or weaker settings");
    }
    return List.copyOf(curve);
  }

  private static Measurement find(List<Measurement> measured, Setting setting) {
    return measured.stream()
        .filter(m -> m.setting().equals(setting))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException(setting + " was not measured; measure it too"));
  }

  /**
   * The weights for an identity strength in 0..1, of reference images alone or with a LoRA.
   *
   * @throws IllegalArgumentException when it lies outside
   */
  public Setting at(double dial, boolean besideLora) {
    if (!(dial >= 0 && dial <= 1)) {
      throw new IllegalArgumentException("likeness " + dial + " is outside 0..1");
    }
    List<Measurement> curve = besideLora ? withLora : referenceOnly;
    double wanted =
        interpolate(curve.get(0).likeness(), curve.get(curve.size() - 1).likeness(), dial);
    int i = 1;
    while (i < curve.size() - 1 && curve.get(i).likeness() < wanted) {
      i++;
    }
    Measurement from = curve.get(i - 1);
    Measurement to = curve.get(i);
    return from.setting()
        .interpolate(to.setting(), (wanted - from.likeness()) / (to.likeness() - from.likeness()));
  }

  /**
   * The dial that was measured of an adapter: {@code likeness-dial.json} beside its file, or
   * {@link #DEFAULT} without.
   *
   * @throws InvalidInputException as {@link #open}
   */
  public static IdentityStrength forAdapter(Path adapter) {
    Path measured = adapter.resolveSibling("likeness-dial.json");
    return Files.exists(measured) ? open(measured) : DEFAULT;
  }

  /** Writes a JSON file, whole or not at all. */
  public void save(Path file) {
    Map<String, Object> curves = new LinkedHashMap<>();
    curves.put(
        REFERENCE_ONLY, referenceOnly.stream().map(IdentityStrength::toMap).toList());
    curves.put(WITH_LORA, withLora.stream().map(IdentityStrength::toMap).toList());
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
      return new IdentityStrength(
          read(get(curves, REFERENCE_ONLY, OLD_REFERENCE_ONLY)),
          read(get(curves, WITH_LORA, OLD_WITH_LORA)));
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          file + " is no likeness dial; expected the curves \"" + REFERENCE_ONLY + "\" and \""
              + WITH_LORA + "\" (" + e.getMessage() + "); measure it again, or delete it",
          e);
    }
  }

  private static Map<String, Object> toMap(Measurement m) {
    Map<String, Object> point = new LinkedHashMap<>();
    point.put("adapter", m.setting().adapter());
    point.put("start", m.setting().start());
    point.put("end", m.setting().end());
    point.put("lora", m.setting().lora());
    point.put("face", m.setting().face());
    point.put("likeness", m.likeness());
    point.put(PROMPT_ADHERENCE, m.promptAdherence());
    point.put(IMAGES, m.images());
    return point;
  }

  private static List<Measurement> read(Object curve) {
    return ((List<?>) curve)
        .stream()
            .map(Map.class::cast)
            .map(point -> new Measurement(
                new Setting(
                    number(point, "adapter"),
                    number(point, "start"),
                    number(point, "end"),
                    number(point, "lora"),
                    point.containsKey("face") ? number(point, "face") : 0),
                number(point, "likeness"),
                number(get(point, PROMPT_ADHERENCE, OLD_PROMPT_ADHERENCE)),
                (int) number(get(point, IMAGES, OLD_IMAGES))))
            .toList();
  }

  private static double number(Map<?, ?> point, String name) {
    return number(point.get(name));
  }

  private static double number(Object value) {
    return ((Number) value).doubleValue();
  }

  private static Object get(Map<?, ?> object, String key, String oldKey) {
    return object.containsKey(key) ? object.get(key) : object.get(oldKey);
  }

  private static boolean dominates(Measurement other, Measurement m) {
    return other.likeness() >= m.likeness()
        && other.promptAdherence() >= m.promptAdherence()
        && (other.likeness() > m.likeness() || other.promptAdherence() > m.promptAdherence());
  }

  private static boolean isIncreasing(List<Measurement> curve) {
    for (int i = 1; i < curve.size(); i++) {
      if (!(curve.get(i).likeness() > curve.get(i - 1).likeness())) {
        return false;
      }
    }
    return true;
  }

  private static double interpolate(double from, double to, double share) {
    return share == 1 ? to : from + share * (to - from);
  }
}
