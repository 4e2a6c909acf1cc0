package dev.likeness.headshots.person;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.ipadapter.IpAdapterFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * Maps the identity strength, 0 to 1, to weights of an adapter and a LoRA. Weights are interpolated
 * between points of a measured curve, so that likeness increases evenly with the identity strength.
 * Immutable.
 *
 * @param referenceOnly the curve for reference images without a LoRA. It has at least two points;
 *     the first point has {@link Setting#OFF}, and likeness increases from point to point
 * @param withLora the curve for reference images with the person's LoRA, in the same form
 */
public record IdentityStrength(List<Measurement> referenceOnly, List<Measurement> withLora) {
  private static final String FILE = "identity-strength.json";
  private static final String REFERENCE_ONLY = "reference_only";
  private static final String WITH_LORA = "with_lora";
  private static final String PROMPT_ADHERENCE = "prompt_adherence";
  private static final String IMAGES = "images";
  private static final Properties FORMER_KEYS = formerKeys();

  // At full weight an adapter copies the photo and ignores the prompt (Ye et al. 2023, section
  // 4.4.2).
  private static final double REFERENCE_ONLY_SCALE = 0.8;
  // With a LoRA, or with face guidance, a higher weight lowers prompt adherence and adds no
  // likeness.
  private static final double WITH_LORA_SCALE = 0.4;
  // The weight of the adapter together with both a LoRA and face guidance.
  static final double WITH_LORA_AND_GUIDANCE_SCALE = 0.2;

  /**
   * The default mapping if no curve was measured. Weights grow linearly with the identity strength.
   * At 1, the adapter has weight 0.8; with a LoRA, the weights are 0.4 (adapter) and 1 (LoRA).
   */
  public static final IdentityStrength DEFAULT = new IdentityStrength(
      linear(new Setting(REFERENCE_ONLY_SCALE, 0, 1, 0, 1)),
      linear(new Setting(WITH_LORA_SCALE, 0, 1, 1, 1)));
  /**
   * The default mapping with face guidance. Weights grow linearly with the identity strength. At 1,
   * the adapter has weight 0.4; with a LoRA, the weights are 0.2 (adapter) and 0.4 (LoRA).
   */
  public static final IdentityStrength DEFAULT_WITH_GUIDANCE = new IdentityStrength(
      linear(new Setting(WITH_LORA_SCALE, 0, 1, 0, 1)),
      linear(new Setting(WITH_LORA_AND_GUIDANCE_SCALE, 0, 1, GuidedPerson.LORA_SHARE, 1)));

  /**
   * Returns the mapping of a kind of adapter if no curve was measured. Weights grow linearly with
   * the identity strength. At 1, the adapter has the weight that its authors use; with a LoRA, half
   * of it. If they name none, the mapping is {@link #DEFAULT}.
   *
   * @param kind the kind of the adapter
   * @return the mapping
   */
  public static IdentityStrength of(IpAdapterFile.Kind kind) {
    if (kind.weight().isEmpty()) {
      return DEFAULT;
    }
    double weight = kind.weight().getAsDouble();
    return new IdentityStrength(
        linear(new Setting(weight, 0, 1, 0, 1)), linear(new Setting(weight / 2, 0, 1, 1, 1)));
  }

  /**
   * The weights at one identity strength.
   *
   * @param adapter weight of the IP-Adapter, 0 to 1
   * @param start share of the steps after which the adapter starts to act, 0 to 1
   * @param end share of the steps after which the adapter stops, 0 to 1
   * @param lora weight of the LoRA, 0 to 1
   * @param face strength of face guidance, 0 to 1; used only if the studio has face guidance
   */
  public record Setting(double adapter, double start, double end, double lora, double face) {
    /** The setting with all weights 0. */
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
   * A setting, and measurements of images that were generated with it.
   *
   * @param setting the weights
   * @param likeness mean cosine similarity to held-out photos, -1 to 1
   * @param promptAdherence share of the prompt's words that a captioner (a network) found in the
   *     images, 0 to 1
   * @param images the number of measured images; 0 if nothing was measured
   */
  public record Measurement(Setting setting, double likeness, double promptAdherence, int images) {}

  /**
   * Checks and copies the curves.
   *
   * @throws IllegalArgumentException if a curve has fewer than two points, does not start with
   *     {@link Setting#OFF}, or does not increase in likeness
   */
  public IdentityStrength {
    referenceOnly = List.copyOf(referenceOnly);
    withLora = List.copyOf(withLora);
    for (List<Measurement> curve : List.of(referenceOnly, withLora)) {
      if (curve.size() < 2 || !curve.get(0).setting().equals(Setting.OFF) || !isIncreasing(curve)) {
        throw new IllegalArgumentException(
            "a curve of identity strength must have two points or more, start with all weights 0"
                + " and increase in likeness; got "
                + curve);
      }
    }
  }

  /**
   * The mapping without face guidance: this one, or {@link #DEFAULT} if this one is for face
   * guidance or a point was measured with it.
   */
  IdentityStrength withoutFaceGuidance() {
    return equals(DEFAULT_WITH_GUIDANCE)
            || Stream.of(referenceOnly, withLora)
                .flatMap(List::stream)
                .anyMatch(m -> m.images() > 0 && m.setting().face() > 0)
        ? DEFAULT
        : this;
  }

  /**
   * A line from likeness 0 at {@link Setting#OFF} to an assumed likeness of 1 at {@code most}.
   *
   * @param most the weights at identity strength 1
   * @return a curve of two points
   */
  public static List<Measurement> linear(Setting most) {
    return List.of(new Measurement(Setting.OFF, 0, 1, 0), new Measurement(most, 1, 1, 0));
  }

  /**
   * Selects the curve from measured settings: the Pareto front of likeness and prompt adherence. It
   * starts with {@link Setting#OFF}. Settings with too low prompt adherence, or with a higher
   * likeness than {@code end}, are left out.
   *
   * @param measured the measurements, {@link Setting#OFF} and {@code end} among them
   * @param floor the lowest allowed prompt adherence, divided by the prompt adherence at
   *     {@link Setting#OFF}, 0 to 1
   * @param end the setting with the highest allowed likeness
   * @return the curve, sorted by likeness
   * @throws IllegalArgumentException if {@link Setting#OFF} or {@code end} was not measured, or if
   *     no setting except {@link Setting#OFF} qualifies
   */
  public static List<Measurement> curve(List<Measurement> measured, double floor, Setting end) {
    Measurement off = find(measured, Setting.OFF);
    double most = find(measured, end).likeness();
    List<Measurement> within =
        measured.stream().filter(m -> m.likeness() <= most).toList();
    List<Measurement> curve = new ArrayList<>(List.of(off));
    within.stream()
        .filter(m ->
            m.likeness() > off.likeness() && m.promptAdherence() >= floor * off.promptAdherence())
        .filter(m -> within.stream().noneMatch(other -> dominates(other, m)))
        .sorted(Comparator.comparingDouble(Measurement::likeness))
        .forEach(curve::add);
    if (curve.size() < 2) {
      throw new IllegalArgumentException(
          "no measured setting raises the likeness and keeps at least " + floor
              + " of the prompt adherence; measure more people or weaker settings");
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
   * The weights for an identity strength, interpolated along the curve with or without a LoRA.
   *
   * @param strength the identity strength, 0 to 1
   * @param hasLora true if the person's LoRA is applied too
   * @return the weights
   * @throws IllegalArgumentException if the strength is outside 0 to 1
   */
  public Setting at(double strength, boolean hasLora) {
    if (!(strength >= 0 && strength <= 1)) {
      throw new IllegalArgumentException("the identity strength must be in 0..1, got " + strength);
    }
    List<Measurement> curve = hasLora ? withLora : referenceOnly;
    double wanted =
        interpolate(curve.get(0).likeness(), curve.get(curve.size() - 1).likeness(), strength);
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
   * Reads an adapter's measured mapping from {@code identity-strength.json} beside the adapter.
   *
   * @param adapter the adapter's file
   * @return the measured mapping; if there is no such file, the mapping of the adapter's method
   *     ({@link #of}), or {@link #DEFAULT} if there is no adapter
   * @throws InvalidInputException if a file cannot be read or is not valid
   */
  public static IdentityStrength forAdapter(Path adapter) {
    Path former = adapter.resolveSibling(FORMER_KEYS.getProperty(FILE));
    Path measured = adapter.resolveSibling(FILE);
    if (ModelFile.exists(measured) || ModelFile.exists(former)) {
      return open(ModelFile.exists(measured) ? measured : former);
    }
    return ModelFile.exists(adapter) ? of(IpAdapterFile.of(adapter).kind()) : DEFAULT;
  }

  /**
   * Writes the mapping as a JSON file. The write is atomic.
   *
   * @param file the file to write; an existing file is replaced
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void save(Path file) {
    Map<String, Object> curves = new LinkedHashMap<>();
    curves.put(
        REFERENCE_ONLY, referenceOnly.stream().map(IdentityStrength::toMap).toList());
    curves.put(WITH_LORA, withLora.stream().map(IdentityStrength::toMap).toList());
    AtomicFile.write(
        file, out -> out.write(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asBytes(curves)));
  }

  /**
   * Reads a file that {@link #save} wrote, in this or an earlier version of the library.
   *
   * @param file the JSON file
   * @return the mapping
   * @throws InvalidInputException if the file cannot be read or is not valid
   */
  public static IdentityStrength open(Path file) {
    try {
      Map<String, Object> curves = JSON.std.mapFrom(ModelFile.read(file, ModelFile.LARGEST_CONFIG));
      return new IdentityStrength(read(get(curves, REFERENCE_ONLY)), read(get(curves, WITH_LORA)));
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          file + " is not readable as identity strengths; expected the curves \"" + REFERENCE_ONLY
              + "\" and \"" + WITH_LORA + "\" (" + Quoted.reason(e)
              + "); measure again, or delete the file",
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
                    number(point.get("adapter")),
                    number(point.get("start")),
                    number(point.get("end")),
                    number(point.get("lora")),
                    point.containsKey("face") ? number(point.get("face")) : 0),
                number(point.get("likeness")),
                number(get(point, PROMPT_ADHERENCE)),
                (int) number(get(point, IMAGES))))
            .toList();
  }

  private static double number(Object value) {
    return ((Number) value).doubleValue();
  }

  /** The value of a key, or of the key that earlier versions wrote in its place. */
  private static Object get(Map<?, ?> object, String key) {
    return object.containsKey(key) ? object.get(key) : object.get(FORMER_KEYS.getProperty(key));
  }

  private static Properties formerKeys() {
    try (InputStream in = IdentityStrength.class.getResourceAsStream("former-keys.properties")) {
      Properties keys = new Properties();
      keys.load(in);
      return keys;
    } catch (IOException e) {
      throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
    }
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
