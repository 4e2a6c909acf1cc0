package dev.likeness.integrations.spark;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selection;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.training.TrainingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * The work for one person, read from a row: what to train and what to shoot. The options have the
 * names of the command's options.
 *
 * @param consent the person's consent
 * @param known the traits that the row gives
 * @param request the shoot
 * @param keep the number of headshots to keep; 0 to keep all
 * @param hasFaceGuidance true if the shoot uses the base's face guidance
 * @param training changes of the training settings, by option
 */
record PersonPlan(
    Consent consent,
    PersonProfile known,
    ShootRequest request,
    int keep,
    boolean hasFaceGuidance,
    Map<String, Integer> training) {
  private static final String TRAIT = "trait.";
  private static final List<String> TRAINING = List.of("train-steps", "rank", "batch-size");
  private static final Set<String> KNOWN = new TreeSet<>(List.of(
      "count",
      "keep",
      "seed",
      "steps",
      "guidance",
      "size",
      "identity-strength",
      "variant",
      "face-guidance",
      "train-steps",
      "rank",
      "batch-size"));

  /**
   * Reads a row.
   *
   * @throws InvalidInputException if an option is unknown or its value cannot be used
   */
  static PersonPlan of(PersonRow row) {
    for (String name : row.options().keySet()) {
      if (!KNOWN.contains(name) && !name.startsWith(TRAIT)) {
        throw new InvalidInputException("unknown option \"" + name + "\"; known: "
            + String.join(", ", KNOWN) + ", and " + TRAIT + "NAME");
      }
    }
    Options options = new Options(row.options());
    try {
      double guidance = options.real("guidance", Double.NaN);
      int size = options.whole("size", 0);
      ShootRequest request = new ShootRequest(
          styles(row),
          options.whole("count", 1),
          options.real("identity-strength", 1),
          options.whole("steps", ShootRequest.STEPS),
          Double.isNaN(guidance) ? OptionalDouble.empty() : OptionalDouble.of(guidance),
          size == 0 ? OptionalInt.empty() : OptionalInt.of(size),
          options.seed(),
          options.whole("variant", 0));
      int keep = options.whole("keep", 0);
      if (keep != 0) {
        Selection.requireCount(request, keep);
      }
      Map<String, Integer> training = new java.util.LinkedHashMap<>();
      TRAINING.stream()
          .filter(row.options()::containsKey)
          .forEach(name -> training.put(name, options.whole(name, 1)));
      return new PersonPlan(
          row.givenConsent(),
          profile(row),
          request,
          keep,
          options.flag("face-guidance", true),
          training);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(e.getMessage(), e);
    }
  }

  private static List<Style> styles(PersonRow row) {
    List<Style> styles = new ArrayList<>();
    row.styles().forEach(name -> styles.add(Style.named(name)));
    return styles.isEmpty() ? Style.defaults() : styles;
  }

  private static PersonProfile profile(PersonRow row) {
    PersonProfile profile = PersonProfile.UNKNOWN;
    for (Map.Entry<String, String> option : row.options().entrySet()) {
      if (option.getKey().startsWith(TRAIT)) {
        profile =
            profile.withCorrection(option.getKey().substring(TRAIT.length()), option.getValue());
      }
    }
    return profile;
  }

  /** Returns the studio with the training settings of this person. */
  HeadshotStudio studio(ExecutorModel model) {
    return model.studio(hasFaceGuidance).training(this::withOptions);
  }

  private TrainingSettings withOptions(TrainingSettings usual) {
    TrainingSettings settings = usual;
    for (Map.Entry<String, Integer> change : training.entrySet()) {
      settings = switch (change.getKey()) {
        case "train-steps" -> settings.steps(change.getValue());
        case "rank" -> settings.rank(change.getValue());
        default -> settings.batchSize(change.getValue());
      };
    }
    return settings;
  }

  /** Values of options by name. */
  private record Options(Map<String, String> values) {
    int whole(String name, int otherwise) {
      String text = values.get(name);
      try {
        return text == null ? otherwise : Integer.parseInt(text.strip());
      } catch (NumberFormatException e) {
        throw wrong(name, "a whole number", e);
      }
    }

    long seed() {
      String text = values.getOrDefault("seed", "0");
      try {
        return Long.parseLong(text.strip());
      } catch (NumberFormatException e) {
        throw wrong("seed", "a whole number", e);
      }
    }

    double real(String name, double otherwise) {
      String text = values.get(name);
      try {
        return text == null ? otherwise : Double.parseDouble(text.strip());
      } catch (NumberFormatException e) {
        throw wrong(name, "a number", e);
      }
    }

    boolean flag(String name, boolean otherwise) {
      String text = values.getOrDefault(name, Boolean.toString(otherwise)).strip();
      if (!text.equals("true") && !text.equals("false")) {
        throw wrong(name, "true or false", null);
      }
      return text.equals("true");
    }

    private InvalidInputException wrong(String name, String expected, Exception cause) {
      return new InvalidInputException(
          "the option \"" + name + "\" must be " + expected + ", got \"" + values.get(name)
              + "\"; correct or omit the option",
          cause);
    }
  }
}
