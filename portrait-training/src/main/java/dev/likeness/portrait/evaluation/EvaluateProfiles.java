package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.PersonProfile;
import dev.likeness.headshots.Trait;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.NoUsablePhoto;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import dev.likeness.portrait.people.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * How often the words of a profile are those of a rendered person, slot by slot and by confidence.
 * Arguments: how many people; {@code measured} or {@code asked}.
 */
public final class EvaluateProfiles {
  private static final long FIRST = 6_000_000_000L;
  private static final int PHOTOS = 5;

  private EvaluateProfiles() {}

  public static void main(String[] args) {
    int people = Integer.parseInt(args[0]);
    boolean asked = args[1].equals("asked");
    Map<String, List<double[]>> table = new TreeMap<>();
    try (BaseModel base = asked ? BaseModel.open(PortraitModel.files(), Compute.best()) : null) {
      for (long seed = FIRST; seed < FIRST + people; seed++) {
        Person person = Person.random(seed);
        try {
          PhotoReview review = PhotoReview.of(PhotoSet.of(selfies(person, seed)));
          PersonProfile profile = asked ? HeadshotStudio.on(base).profile(review, Progress.SILENT, new Cancellation())
              : PersonProfile.measured(review.accepted());
          for (Trait trait : profile.traits()) {
            add(table, trait, person);
          }
        } catch (NoUsablePhoto e) {
          System.err.println("no usable photo of " + seed);
        }
      }
    }
    table.forEach((slot, rows) -> System.out.printf(Locale.ROOT, "%-10s %3d  right %.2f  confidence %.2f%n", slot,
        rows.size(), mean(rows, 1), mean(rows, 0)));
  }

  private static List<Photo> selfies(Person person, long seed) {
    Random random = new Random(seed);
    List<Photo> photos = new ArrayList<>();
    for (int i = 0; i < PHOTOS; i++) {
      photos.add(Photo.of("selfie-" + i + ".png", Renderer.render(person, Shot.selfie(random), 256).picture().toPng()));
    }
    return photos;
  }

  private static void add(Map<String, List<double[]>> table, Trait trait, Person person) {
    String known = Words.of(person);
    boolean right = switch (trait.slot()) {
      case "sex" -> known.contains(" " + trait.value() + " with");
      case "age" -> known.contains(trait.value() + " ");
      case "beard" -> trait.value().isEmpty() == person.beard().name().equals("NONE");
      case "glasses" -> trait.value().isEmpty() == person.glasses().name().equals("NONE");
      case "hair" -> trait.value().equals("# hair") ? !known.contains("bald")
          : known.contains(trait.value().replace("a # ", "").replace("# ", "").replace(" #", ""));
      default -> known.contains(trait.value());
    };
    table.computeIfAbsent(trait.slot(), slot -> new ArrayList<>()).add(
        new double[] {trait.confidence(), right ? 1 : 0});
    if (trait.slot().equals("colour") || trait.slot().equals("skin")) {
      table.computeIfAbsent(trait.slot() + ":" + trait.value(), slot -> new ArrayList<>()).add(
        new double[] {trait.confidence(), right ? 1 : 0});
    }
  }

  private static double mean(List<double[]> rows, int column) {
    return rows.stream().mapToDouble(row -> row[column]).average().orElse(Double.NaN);
  }
}
