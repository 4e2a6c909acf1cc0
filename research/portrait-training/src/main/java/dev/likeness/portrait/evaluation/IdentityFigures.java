package dev.likeness.portrait.evaluation;

import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.likeness.RocCurve;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.attributes.ReadBackTally;
import dev.likeness.portrait.people.Asked;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Person;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Identity in figures: each person's trial, with what else the same images show and how different
 * they are, and what an outside embedder makes of all headshots.
 *
 * @param showing shows somebody to the model's own adapter, where it has one
 * @param reader reads back what was asked
 */
record IdentityFigures(
    IdentityTrial trial,
    Optional<Function<Person, IpAdapterPerson>> showing,
    Optional<AttributeReader> reader) {
  /**
   * Clothes, hair, light and backdrop, of which a style asks for some and what the person is called
   * for others.
   */
  static final Set<Attribute> SCENE = EnumSet.of(
      Attribute.OUTFIT,
      Attribute.OUTFIT_COLOUR,
      Attribute.PATTERN,
      Attribute.HAIR,
      Attribute.HAIR_COLOUR,
      Attribute.LIGHT,
      Attribute.LIGHT_COLOUR,
      Attribute.BACKDROP,
      Attribute.BACKDROP_COLOUR);

  private static final Set<Attribute> COLOURS = EnumSet.of(
      Attribute.HAIR_COLOUR,
      Attribute.OUTFIT_COLOUR,
      Attribute.LIGHT_COLOUR,
      Attribute.BACKDROP_COLOUR);
  private static final String SPREAD = "spread";

  /** After a person's name, that of the images of the same prompts that know nobody. */
  static final String WITHOUT = " without";

  /**
   * Tries {@code people} persons, keeping each in {@code ledger} and their headshots where
   * {@code drawings} says.
   */
  void measure(int people, String judges, Ledger ledger, Drawings drawings) {
    for (long number = IdentityTrial.FIRST; number < IdentityTrial.FIRST + people; number++) {
      String name = "person " + number;
      Person person = Person.random(number);
      ledger.part(name, judges, () -> {
        IdentityTrial.Result result = trial.of(person, 1, showing);
        drawings.keep(name, result.with().headshots());
        drawings.keep(name + WITHOUT, result.without().headshots());
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("seconds", result.seconds());
        found.put("own photos", result.spread());
        Map<String, Object> without = row(result.without(), reader);
        found.put("with LoRA", beside(row(result.with(), reader), without));
        result
            .shown()
            .ifPresent(shown -> found.put("by the adapter", beside(row(shown, reader), without)));
        found.put("without", without);
        return found;
      });
    }
  }

  /**
   * What {@code prompt} asks for and an image of {@code style} can show: no colours in black and
   * white.
   */
  static Map<Attribute, Set<String>> asked(Style style, String prompt) {
    Map<Attribute, Set<String>> asked = Asked.of(prompt);
    if (style.isMonochrome()) {
      asked.keySet().removeAll(COLOURS);
    }
    return asked;
  }

  /** What is read back of all that {@code headshots} were asked for. */
  static ReadBackTally readBack(List<Headshot> headshots, AttributeReader reader) {
    ReadBackTally tally = new ReadBackTally(reader);
    headshots.forEach(
        shot -> tally.add(asked(shot.style(), shot.request().prompt()), reader.of(shot.image())));
    return tally;
  }

  /** A row with how varied its images are for the base's own. */
  static Map<String, Object> beside(Map<String, Object> row, Map<String, Object> without) {
    if (row.containsKey(SPREAD)) {
      row.put("diversity", (double) row.get(SPREAD) / (double) without.get(SPREAD));
    }
    return row;
  }

  /** The figures of one way of drawing somebody. */
  static Map<String, Object> row(IdentityTrial.Outcome outcome, Optional<AttributeReader> reader) {
    List<Headshot> headshots = outcome.headshots();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("headshots", headshots.size());
    row.put("recognised", outcome.recognised() / (double) headshots.size());
    row.put("likeness", outcome.likeness());
    reader.ifPresent(reads -> {
      ReadBackTally tally = readBack(headshots, reads);
      row.put("scene read back", tally.share(SCENE));
      row.put("expression read back", tally.share(Attribute.EXPRESSION));
      row.put(SPREAD, Diversity.spread(headshots.stream().map(Headshot::image).toList(), reads));
    });
    return row;
  }

  /** How well {@code vectors}, a list a person, tell pairs of one person from pairs of two. */
  static Map<String, Object> separation(List<List<float[]>> vectors) {
    List<Double> same = new ArrayList<>();
    List<Double> different = new ArrayList<>();
    for (int a = 0; a < vectors.size(); a++) {
      for (int b = 0; b <= a; b++) {
        pairs(vectors.get(a), vectors.get(b), a == b, a == b ? same : different);
      }
    }
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("pairs of one", same.size());
    row.put("pairs of two", different.size());
    if (!same.isEmpty() && !different.isEmpty()) {
      row.put("AUC", RocCurve.of(same, different).auc());
    }
    return row;
  }

  private static void pairs(List<float[]> one, List<float[]> other, boolean self, List<Double> to) {
    IntStream.range(0, one.size())
        .forEach(i -> other.stream()
            .limit(self ? i : other.size())
            .forEach(vector -> to.add(FaceEmbedder.cosine(one.get(i), vector))));
  }
}
