package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.Consent;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Shoot;
import dev.likeness.headshots.ShootRequest;
import dev.likeness.headshots.Style;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.embed.FolderEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Learns rendered people whom nothing has seen, draws them, and says how often they are recognised among 200 of the same
 * sex, age band and hair, with and without what was learnt, and how like them the pictures are.
 *
 * <p>Arguments: {@code MODEL-FOLDER PEOPLE TRAIN-STEPS [PICTURES-IN-EACH-STYLE]}.
 */
public final class EvaluateIdentity {
  private static final long FIRST = 9_100_000_000L;
  private static final int SELFIES = 10;
  private static final int HELD_OUT = 4;
  private static final int GALLERY = 200;
  private static final List<String> STYLES = List.of("studio", "office", "outdoor", "black-and-white", "corporate");

  private EvaluateIdentity() {}

  public static void main(String[] args) {
    int people = Integer.parseInt(args[1]);
    int steps = Integer.parseInt(args[2]);
    int each = args.length > 3 ? Integer.parseInt(args[3]) : 1;
    try (BaseModel base = BaseModel.open(Path.of(args[0]), Compute.best());
        FolderEmbedder embedder = FolderEmbedder.in(Path.of(args[0])).orElseThrow();
        FaceDetector detector = new CascadeDetector()) {
      HeadshotStudio studio = HeadshotStudio.on(base);
      HeadshotStudio timed = studio.training(studio.training().steps(steps));
      for (long seed = FIRST; seed < FIRST + people; seed++) {
        Person person = Person.random(seed);
        Gallery gallery = new Gallery(person, GALLERY, HELD_OUT, detector, embedder);
        long start = System.nanoTime();
        try (TrainedPerson learnt = timed.learn(PhotoReview.of(PhotoSet.of(selfies(person))), Consent.NOBODY_REAL)) {
          double seconds = (System.nanoTime() - start) / 1e9;
          System.out.printf(Locale.ROOT, "%s: learnt in %.0f s, own photos %.3f%n", person, seconds, gallery.spread());
          tell("with", gallery, shoot(timed, learnt, 1, each));
          tell("without", gallery, shoot(timed, learnt, 0, each));
        }
      }
    }
  }

  private static Shoot shoot(HeadshotStudio studio, TrainedPerson learnt, double likeness, int each) {
    return studio.shoot(learnt, ShootRequest.of(STYLES.stream().map(Style::named).toList(), each).likeness(likeness)
        .seed(100));
  }

  private static void tell(String what, Gallery gallery, Shoot shoot) {
    List<Optional<float[]>> faces = shoot.headshots().stream().map(h -> gallery.vector(h.picture())).toList();
    long found = faces.stream().filter(Optional::isPresent).count();
    long recognised = faces.stream().flatMap(Optional::stream).filter(gallery::recognises).count();
    double likeness = faces.stream().flatMap(Optional::stream).mapToDouble(gallery::likeness).average().orElse(Double.NaN);
    System.out.printf(Locale.ROOT, "  %-8s faces %d/%d, recognised %d, likeness %.3f%n", what, found, faces.size(),
        recognised, likeness);
  }

  private static List<Photo> selfies(Person person) {
    Random random = new Random(person.seed());
    List<Photo> photos = new ArrayList<>();
    IntStream.range(0, SELFIES).forEach(i -> {
      Picture picture = Renderer.render(person, Shot.selfie(random), 512).picture();
      photos.add(Photo.of("selfie-" + i + ".png", picture.toPng()));
    });
    return photos;
  }
}
