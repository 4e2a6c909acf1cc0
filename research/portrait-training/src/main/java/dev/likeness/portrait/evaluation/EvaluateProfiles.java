package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.PersonTrainer;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.photos.NoUsablePhotoException;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import dev.likeness.portrait.people.Style;
import dev.likeness.portrait.training.Usage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * How often the words of a profile are those of a rendered person, slot by slot, and how sure they
 * are: the very word, and of beards and glasses also whether there are any; a colour where there is
 * hair. Whoever is between two ages or skins counts for neither.
 *
 * <p>Arguments: {@code PEOPLE} and {@code measured}, or a model folder that finds the words.
 */
public final class EvaluateProfiles {
  private static final long FIRST = 6_000_000_000L;
  private static final int PHOTOS = 5;
  /** In black and white not every colour of hair has a word. */
  private static final Shot COLOURED = Shot.headshot(new Random(1), Style.STUDIO);

  private static final Map<String, Attribute> KNOWN = Map.of(
      "sex",
      Attribute.SEX,
      "age",
      Attribute.AGE,
      "skin",
      Attribute.SKIN,
      "hair",
      Attribute.HAIR,
      "colour",
      Attribute.HAIR_COLOUR,
      "beard",
      Attribute.BEARD,
      "glasses",
      Attribute.GLASSES,
      "marks",
      Attribute.FRECKLES);

  private EvaluateProfiles() {}

  public static void main(String[] args) {
    Usage.require(args, 2, 2, "EvaluateProfiles PEOPLE measured|MODEL-FOLDER");
    int people = Integer.parseInt(args[0]);
    Map<String, List<double[]>> table = new TreeMap<>();
    try (BaseModel base =
        args[1].equals("measured") ? null : BaseModel.open(Path.of(args[1]), Compute.best())) {
      for (long seed = FIRST; seed < FIRST + people; seed++) {
        Person person = Person.random(seed);
        try {
          PhotoReview review = PhotoReview.of(PhotoSet.of(selfies(person, seed)));
          PersonProfile profile = base == null
              ? PersonProfile.fromPixels(review.accepted())
              : PersonTrainer.on(base).describe(review, Run.silent());
          profile.traits().forEach(trait -> add(table, trait, person));
        } catch (NoUsablePhotoException e) {
          System.err.println("no usable photo of " + seed);
        }
      }
    }
    table.forEach((slot, rows) -> {
      List<double[]> sure =
          rows.stream().filter(row -> row[0] >= PersonProfile.MIN_CONFIDENCE).toList();
      System.out.printf(
          Locale.ROOT,
          "%-14s %3d  right %.2f  confidence %.2f  of %d as sure as %.1f right %.2f%n",
          slot,
          rows.size(),
          mean(rows, 1),
          mean(rows, 0),
          sure.size(),
          PersonProfile.MIN_CONFIDENCE,
          mean(sure, 1));
    });
  }

  private static List<Photo> selfies(Person person, long seed) {
    Random random = new Random(seed);
    List<Photo> photos = new ArrayList<>();
    for (int i = 0; i < PHOTOS; i++) {
      photos.add(Photo.of(
          "selfie-" + i + ".png",
          Renderer.render(person, Shot.selfie(random), 256).image().toPng()));
    }
    return photos;
  }

  private static void add(
      Map<String, List<double[]>> table, PersonProfile.Trait trait, Person person) {
    Attribute attribute = KNOWN.get(trait.attribute());
    if (attribute.index(person, COLOURED) < 0) {
      return;
    }
    String known = attribute.word(person, COLOURED);
    // Words for hair have a place for its colour: "a # bob", "long # hair"; "# hair" is of no
    // certain style.
    String said = trait.attribute().equals("hair")
        ? trait.value().replace("# ", "").replaceFirst("^an? ", "")
        : trait.value();
    if (said.equals("hair")) {
      row(table, "hair, any", trait, !known.equals("bald head") && !known.equals("headscarf"));
      return;
    }
    row(table, trait.attribute(), trait, said.equals(known));
    if (trait.attribute().equals("beard") || trait.attribute().equals("glasses")) {
      row(table, trait.attribute() + ", any", trait, said.isEmpty() == known.isEmpty());
    }
  }

  private static void row(
      Map<String, List<double[]>> table, String name, PersonProfile.Trait trait, boolean right) {
    table
        .computeIfAbsent(name, slot -> new ArrayList<>())
        .add(new double[] {trait.confidence(), right ? 1 : 0});
  }

  private static double mean(List<double[]> rows, int column) {
    return rows.stream().mapToDouble(row -> row[column]).average().orElse(Double.NaN);
  }
}
